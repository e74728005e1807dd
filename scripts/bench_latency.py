"""Latency of one text at a time: the encoder that serves, the bare session, the plain way.

    python scripts/bench_latency.py [--data ../shared/data] [--rounds 30] [--threads 1 2]

All ways answer the same few texts in turn, in an order drawn anew each round, so that whatever else
the machine does slows them alike; ratios are worth more than milliseconds. The bare session is what
ONNX Runtime takes for the token ids alone, the floor; the plain way `SentenceTransformer.encode`.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from semroute.encoders import (
    CompiledEncoder,
    SentenceTransformerEncoder,
    SentenceTransformerSettings,
    StaticEncoder,
)
from semroute.encoders.compiled import INPUT, OUTPUT, open_session
from semroute.encoders.distil import distil
from semroute.encoders.export import CompiledModel, NotCompiled, compile_encoder
from semroute.encoders.files import MODEL, TOKENIZER, open_tokenizer
from semroute.texts import clean

LENGTHS = {"short": (6, 11), "medium": (50, 70), "long": (250, 256)}
"""Tokens of a text, from and to, with the two that mark its ends."""

LIBRARIES = ("onnxruntime", "tokenizers", "torch", "sentence-transformers")
PLAIN = "plain way"
FLOOR = "bare session"
N_TEXTS = 50
N_SAMPLE = 256
BLOCK = 10

Way = Callable[[str], object]


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one way at one length."""

    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        return cls(*(float(ms) for ms in np.percentile(seconds, [50, 95, 99]) * 1000))


def measure(ways: dict[str, Way], texts: Sequence[str], n_rounds: int) -> dict[str, Latency]:
    """Time each way on blocks of the same texts; the first of a block only warms the caches."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    order = np.random.default_rng(0)
    for i in range(n_rounds):
        block = order.choice(np.array(texts, dtype=object), size=BLOCK, replace=False)
        for name in order.permutation(list(ways)):
            for text in block:
                start = time.perf_counter()
                ways[name](text)
                seconds[name].append(time.perf_counter() - start)
            del seconds[name][i * (BLOCK - 1)]
    return {name: Latency.of(taken) for name, taken in seconds.items()}


def read_texts(data: Path) -> list[str]:
    """Read the texts of the shared data sets, in an order of their own that is always the same."""
    texts = [
        clean(json.loads(line)["text"]).text
        for path in sorted(data.glob("*/queries.jsonl"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    order = np.random.default_rng(0).permutation(len(texts))
    return [texts[i] for i in order if texts[i]]


def by_length(texts: Sequence[str], model: CompiledModel) -> Iterator[tuple[str, list[str]]]:
    """Yield `N_TEXTS` texts of each length."""
    tokenizer = open_tokenizer(model.files[TOKENIZER], model.identity.max_tokens)
    counts = np.array([len(tokenizer.encode(text).ids) for text in texts])
    for name, (fewest, most) in LENGTHS.items():
        rows = np.flatnonzero((counts >= fewest) & (counts <= most))[:N_TEXTS]
        yield f"{name}, {counts[rows].mean():.0f} tokens", [texts[row] for row in rows]


def plain(encoder: SentenceTransformerEncoder, threads: int) -> Way:
    """Call the library; torch keeps its number of threads for the whole process."""
    import torch

    def encode(text: str) -> object:
        torch.set_num_threads(threads)
        return encoder.model.encode([text], show_progress_bar=False)

    return encode


def bare(model: CompiledModel, threads: int, texts: Sequence[str]) -> Way:
    """Run the session on token ids made beforehand."""
    session = open_session(model.files[MODEL], threads)
    tokenizer = open_tokenizer(model.files[TOKENIZER], model.identity.max_tokens)
    ids = {text: np.array([tokenizer.encode(text).ids], dtype=np.int64) for text in texts}
    return lambda text: session.run([OUTPUT], {INPUT: ids[text]})


def encoder_way(encoder: CompiledEncoder | StaticEncoder) -> Way:
    return lambda text: encoder.encode([text])


def print_table(title: str, found: dict[str, Latency]) -> None:
    """Print ratios of the median first; they bear comparison where milliseconds do not."""
    print(f"\n### {title} (load average {os.getloadavg()[0]:.1f})\n")
    print(f"| way | times the {FLOOR} | {PLAIN} takes | p50 ms | p95 ms | p99 ms |")
    print("|---|---|---|---|---|---|")
    for name, latency in found.items():
        over_floor = latency.p50_ms / found[FLOOR].p50_ms
        under_plain = found[PLAIN].p50_ms / latency.p50_ms
        print(
            f"| {name} | {over_floor:.2f} | {under_plain:.1f} times as long "
            f"| {latency.p50_ms:.3f} | {latency.p95_ms:.3f} | {latency.p99_ms:.3f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-static", action="store_true", help="distilling takes a while")
    options = parser.parse_args()
    texts = read_texts(options.data)
    original = SentenceTransformerEncoder(SentenceTransformerSettings(), local_only=True)
    models: dict[str, CompiledModel] = {}
    for precision in ("int8", "fp32"):
        made = compile_encoder(original, precision, texts[:N_SAMPLE])
        if isinstance(made, NotCompiled):
            raise SystemExit(f"{precision}: {made.reason}")
        models[precision] = made
        print(f"{precision}: {made.parity} {made.departure or ''}")
    static = None if options.no_static else StaticEncoder(distil(original, 256))
    print(f"{platform.machine()}, {os.cpu_count()} processors")
    print(", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    for threads in options.threads:
        for length, chosen in by_length(texts[N_SAMPLE:], models["int8"]):
            ways: dict[str, Way] = {
                PLAIN: plain(original, threads),
                FLOOR: bare(models["int8"], threads, chosen),
                "int8": encoder_way(CompiledEncoder(models["int8"].files, threads=threads)),
                "fp32": encoder_way(CompiledEncoder(models["fp32"].files, threads=threads)),
            }
            if static is not None:
                ways["static"] = encoder_way(static)
            found = measure(ways, chosen, options.rounds)
            print_table(f"{length}, threads: {threads}", found)


if __name__ == "__main__":
    main()
