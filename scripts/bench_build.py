"""How fast an index is built: the embedding step, and how each step grows with the log.

    python scripts/bench_build.py [--data ../shared/data] [--n 600] [--sizes 1000 10000 100000]

Embedding: the compiled encoder on all cores and on one, and `SentenceTransformer.encode` with
batches of 64, on blocks of the same texts in turn, in an order drawn anew for each block, so that
whatever else the machine does slows them alike. A block is as long as a run of a build, or a
quarter of the texts if these are few.

Growth: whole builds of generated logs with the static encoder and default clustering, each in a
process of its own, which imports and compiles all it needs as a user's would.
"""

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from semroute.build import BuildSummary, build_index
from semroute.build.saved_vectors import TEXTS_PER_FILE
from semroute.demo.dataset import write_dataset
from semroute.encoders import (
    CompiledEncoder,
    SentenceTransformerEncoder,
    SentenceTransformerSettings,
)
from semroute.encoders.cores import available_cores
from semroute.encoders.export import NotCompiled, compile_encoder
from semroute.texts import clean

LIBRARIES = ("onnxruntime", "tokenizers", "torch", "sentence-transformers", "umap-learn", "hdbscan")
PLAIN = "SentenceTransformer.encode, batches of 64"
N_SAMPLE = 256
N_WARM = 64

Way = Callable[[Sequence[str]], object]


@dataclass
class Taken:
    """Seconds of one way: of the clock, and of all processors."""

    seconds: float = 0.0
    processor_seconds: float = 0.0


@dataclass(frozen=True)
class Build:
    """A finished build and the seconds it took, of which the steps explain all but the rest."""

    summary: BuildSummary
    seconds: float


def routellm_texts(data: Path) -> list[str]:
    """Read the distinct texts, in an order of their own that is always the same."""
    lines = (data / "routellm" / "queries.jsonl").read_text(encoding="utf-8").split("\n")
    texts = sorted({clean(json.loads(line)["text"]).text for line in lines if line} - {""})
    return [texts[i] for i in np.random.default_rng(0).permutation(len(texts))]


def ways(texts: Sequence[str]) -> dict[str, Way]:
    """Open the encoders; torch takes as many threads as it likes, which is all cores."""
    settings = SentenceTransformerSettings()
    original = SentenceTransformerEncoder(settings, threads=None, local_only=True)
    made = compile_encoder(original, "int8", texts[:N_SAMPLE])
    if isinstance(made, NotCompiled):
        raise SystemExit(made.reason)
    n_cores = available_cores()
    return {
        f"compiled, int8, {n_cores} at a time": CompiledEncoder(
            made.files, n_workers=n_cores
        ).encode,
        "compiled, int8, one at a time": CompiledEncoder(made.files).encode,
        PLAIN: lambda block: original.model.encode(
            list(block), batch_size=64, show_progress_bar=False
        ),
    }


def embedding_times(found: dict[str, Way], texts: Sequence[str], n_block: int) -> dict[str, Taken]:
    """Embed all texts in every way, block by block."""
    times = {name: Taken() for name in found}
    for encode in found.values():
        encode(texts[:N_WARM])
    order = np.random.default_rng(0)
    for start in range(0, len(texts), n_block):
        block = texts[start : start + n_block]
        for name in order.permutation(list(found)):
            clock, processor = time.perf_counter(), time.process_time()
            found[name](block)
            times[name].seconds += time.perf_counter() - clock
            times[name].processor_seconds += time.process_time() - processor
    return times


def print_embedding(times: dict[str, Taken], n_texts: int) -> None:
    print(f"\n### Embedding {n_texts:,} texts of routellm ({_load()})\n")
    print("| way | times as fast as the plain way | texts/s | s | processor s |")
    print("|---|---|---|---|---|")
    for name, taken in times.items():
        ratio = times[PLAIN].seconds / taken.seconds
        rate = n_texts / taken.seconds
        print(
            f"| {name} | {ratio:.1f} | {rate:.0f} | {taken.seconds:.1f} "
            f"| {taken.processor_seconds:.1f} |"
        )


def time_embedding(data: Path, n_texts: int | None) -> None:
    texts = routellm_texts(data)
    encoders = ways(texts)
    asked = texts[:n_texts]
    n_block = min(TEXTS_PER_FILE, max(N_WARM, len(asked) // 4))
    print_embedding(embedding_times(encoders, asked, n_block), len(asked))


def build(n_queries: int) -> Build:
    """Write a log and build it with the static encoder; every other setting is the default."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_dataset(Path(folder, "demo"), n_queries=n_queries)
        models, _, _ = files.config.read_text(encoding="utf-8").partition("[encoder]")
        files.config.write_text(f'{models}[encoder]\nkind = "static"\n', encoding="utf-8")
        start = time.perf_counter()
        summary = build_index(files.queries, files.evals, files.config, Path(folder, "index"))
        return Build(summary, time.perf_counter() - start)


def build_alone(n_queries: int) -> Build:
    """Build in a new process: its peak memory is its own."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as processes:
        return processes.submit(build, n_queries).result()


def print_growth(builds: Sequence[Build]) -> None:
    print(f"\n### Building generated logs, static encoder, seconds by step ({_load()})\n")
    print("|", " | ".join(["step", *(f"{b.summary.counts.n_queries:,}" for b in builds)]), "|")
    print("|---" * (len(builds) + 1) + "|")
    steps = [{step.name: step.seconds for step in b.summary.steps} for b in builds]
    for name in steps[0]:
        _print_row(name, [f"{seconds[name]:.1f}" for seconds in steps])
    rest = [b.seconds - sum(s.values()) for b, s in zip(builds, steps, strict=True)]
    _print_row("between steps", [f"{seconds:.1f}" for seconds in rest])
    _print_row("**whole build**", [f"**{b.seconds:.1f}**" for b in builds])
    peaks = [max(step.peak_memory_mb for step in b.summary.steps) for b in builds]
    _print_row("peak memory, MB", [f"{peak:,.0f}" for peak in peaks])
    _print_row("clusters", [f"{b.summary.counts.n_clusters:,}" for b in builds])


def _print_row(name: str, cells: Sequence[str]) -> None:
    print("|", " | ".join([name, *cells]), "|")


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, help="embed this many texts, not all; 0 for none")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    options = parser.parse_args()
    print(f"{platform.machine()}, {available_cores()} processors, {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    if options.n != 0:
        time_embedding(options.data, options.n)
    if options.sizes:
        print_growth([build_alone(n_queries) for n_queries in options.sizes])


if __name__ == "__main__":
    main()
