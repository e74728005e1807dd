"""How long a decision takes, beside the bare session and the plain way; and what serving costs.

    python scripts/bench_latency.py [--data ../shared/data] [--threads 1 2] [--installed-size]
                                    [--encoder MODEL]

All ways answer the same few texts in turn, in an order drawn anew each round, so that whatever else
the machine does slows them alike; ratios are worth more than milliseconds. The bare session is what
ONNX Runtime takes for the token ids alone, the floor; the plain way `SentenceTransformer.encode`
and a FAISS search over the same centroids. Prints a section of Markdown for docs/benchmarks.md.
`--quick` runs a tenth of the rounds, to see that everything works.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from bench_data import table
from bench_process import (
    cold_starts,
    installed_mb,
    plain_resident_mb,
    resident_mb,
    throughput,
    varied,
)
from bench_ways import (
    FLOOR,
    PLAIN,
    Way,
    Ways,
    build_indexes,
    by_length,
    model_folder,
    open_original,
    read_texts,
    window_of,
)

from semroute import SemanticRouter
from semroute.artifact.loading import load_index
from semroute.encoders.cores import available_cores
from semroute.router.routing import N_CACHED

LIBRARIES = (
    "numpy",
    "faiss-cpu",
    "onnxruntime",
    "tokenizers",
    "torch",
    "sentence-transformers",
    "semantic-router",
)
ROUNDS = {"short": 100, "medium": 60, "long": 15}
BLOCK = 10
N_CALLS = 10_000


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
    for _ in range(n_rounds):
        size = min(BLOCK, len(texts))
        block = order.choice(np.array(texts, dtype=object), size=size, replace=False)
        for name in order.permutation(list(ways)):
            ways[name](block[-1])
            for text in block:
                start = time.perf_counter()
                ways[name](text)
                seconds[name].append(time.perf_counter() - start)
    return {name: Latency.of(taken) for name, taken in seconds.items()}


def print_latency(title: str, found: dict[str, Latency]) -> None:
    """Print ratios of the median first; they bear comparison where milliseconds do not."""
    heading = (f"times the {FLOOR}", f"times faster than the {PLAIN}", "p99 / p50")
    print(f"\n**{title}** (load average {os.getloadavg()[0]:.1f})\n")
    rows = [
        (
            name,
            f"{latency.p50_ms / found[FLOOR].p50_ms:.2f}",
            f"{found[PLAIN].p50_ms / latency.p50_ms:.1f}",
            f"{latency.p99_ms / latency.p50_ms:.1f}",
            f"{latency.p50_ms:.3f}",
            f"{latency.p95_ms:.3f}",
            f"{latency.p99_ms:.3f}",
        )
        for name, latency in found.items()
    ]
    table(("way", *heading, "p50 ms", "p95 ms", "p99 ms"), rows)


def print_latencies(
    indexes: Mapping[str, Path], texts: Sequence[str], threads: Sequence[int], share: float
) -> None:
    window = window_of(load_index(indexes["int8"], samples=False))
    lengths = list(by_length(texts, window))
    original, router = open_original(), SemanticRouter.load(indexes["int8"])
    for n_threads in threads:
        ways = Ways(indexes, original, n_threads).open([t for _, chosen in lengths for t in chosen])
        for title, chosen in lengths:
            n_rounds = max(2, int(share * ROUNDS[title.split(",")[0]]))
            print_latency(f"{title}, threads: {n_threads}", measure(ways, chosen, n_rounds))
            known = [text for text in chosen if router.route(text).reason != "ood"]
            if len(known) < len(chosen):
                print(f"\n{len(known)} of the {len(chosen)} texts are known to the index:")
                found = measure(ways, known, n_rounds)
                print_latency(f"{title}, known to the index, threads: {n_threads}", found)


def print_costs(indexes: Mapping[str, Path], texts: Sequence[str], share: float) -> None:
    """Print what a process that serves takes, beside one that goes the plain way."""
    contents = load_index(indexes["int8"], samples=False)
    starts = cold_starts(dict(indexes), model_folder(), contents.centroids, max(1, int(5 * share)))
    print("\n**Cold start**: from starting Python to the first decision\n")
    rows = [
        (name, f"{seconds / starts[PLAIN]:.3f}", f"{seconds:.2f}")
        for name, seconds in starts.items()
    ]
    table(("way", f"times the {PLAIN}", "s"), rows)

    n_calls = int(N_CALLS * share)
    asked = varied(texts, n_calls)
    print(f"\n**Resident memory** over {n_calls:,} calls with texts that differ\n")
    kept = [("int8", 0), ("int8", N_CACHED), ("static", 0)]
    found = [resident_mb(indexes[name], asked, n) for name, n in kept]
    rows = [
        (f"`route()`, {name}, n_cached={n}", f"{loaded:.0f}", f"{after:.0f}", f"{growth:.2f}")
        for (name, n), (loaded, after, growth) in zip(kept, found, strict=True)
    ]
    rows.append((f"{PLAIN}, 200 calls", "", f"{plain_resident_mb(model_folder(), asked):.0f}", ""))
    table(("way", "MB loaded", "MB at the end", "kB a call, second half"), rows)


def print_throughput(indexes: Mapping[str, Path], texts: Sequence[str], share: float) -> None:
    window = window_of(load_index(indexes["int8"], samples=False))
    medium = dict(by_length(texts, window))
    chosen = next(found for title, found in medium.items() if title.startswith("medium"))
    names = ("int8", "static")
    rates = {name: throughput(indexes[name], chosen, 4 * share) for name in names}
    print("\n**Throughput** on medium texts, texts a second\n")
    table(
        ("asked by", *names),
        [(way, *(f"{rates[n][way]:.0f}" for n in names)) for way in rates["int8"]],
    )


def print_versions() -> None:
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"{day}, {platform.machine()}, {available_cores()} processors, ", end="")
    print(f"Python {platform.python_version()}, {', '.join(map(named_version, LIBRARIES))}.")


def named_version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--installed-size", action="store_true", help="install the wheel anew")
    parser.add_argument("--encoder", help="time another model too, by name or folder")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    options = parser.parse_args()
    if not options.data.exists():
        raise SystemExit(f"{options.data} is not here: nothing to measure")
    texts, share = read_texts(options.data), 0.1 if options.quick else 1.0
    print("## Latency\n")
    print_versions()
    with tempfile.TemporaryDirectory() as folder:
        indexes = build_indexes(options.data, Path(folder), options.encoder)
        print_costs(indexes, texts, share)
        print_throughput(indexes, texts, share)
        print_latencies(indexes, texts, options.threads, share)
    if options.installed_size:
        print(f"\nInstalled by `pip install semroute`: {installed_mb():.0f} MB.")


if __name__ == "__main__":
    main()
