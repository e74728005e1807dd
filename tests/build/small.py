"""A build that takes a fraction of a second: topics of made-up words, and the tiny encoder."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semroute.build import BuildSummary, build_index
from tests.tiny import TinyEncoder

CONFIG = """
frontier = "large"
[[models]]
name = "large"
usd_per_request = 0.02
[[models]]
name = "small"
usd_per_request = 0.001
[quality]
max_loss = 0.05
[clustering]
kind = "kmeans"
n_clusters = 4
n_restarts = 1
"""


@dataclass(frozen=True)
class SmallFiles:
    """Input files of four topics; the small model fails on topic 0 and is perfect elsewhere."""

    queries: Path
    evals: Path
    config: Path


def write_small_files(folder: Path, *, n_queries: int = 800, seed: int = 0) -> SmallFiles:
    """Write a log whose topics are told apart by their words."""
    generator = np.random.default_rng(seed)
    queries, evals = [], ["query_id,model,score,cost_usd"]
    for number in range(n_queries):
        topic = number % 4
        words = [f"topic{topic}{letter}" for letter in generator.permutation(list("abcdefg"))[:5]]
        text = f"{' '.join(words)} detail{number}"
        queries.append(json.dumps({"query_id": f"q{number:05}", "text": text, "topic": topic}))
        evals.append(f"q{number:05},large,1.0,0.02")
        evals.append(f"q{number:05},small,{0.0 if topic == 0 else 1.0},")
    files = SmallFiles(folder / "queries.jsonl", folder / "evals.csv", folder / "semroute.toml")
    files.queries.write_text("\n".join(queries) + "\n")
    files.evals.write_text("\n".join(evals) + "\n")
    files.config.write_text(CONFIG)
    return files


def build_small(files: SmallFiles, out: Path, seed: int = 0) -> BuildSummary:
    """Build with the tiny encoder."""
    return build_index(
        files.queries, files.evals, files.config, out, seed=seed, encoder=TinyEncoder()
    )
