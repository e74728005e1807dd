"""A build that takes a fraction of a second: topics of made-up words, and the tiny encoder."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from semroute.artifact.contents import IndexContents
from semroute.artifact.serving import cleaned_text
from semroute.build import BuildSummary, build_index
from semroute.decision import RouteDecision
from semroute.router import SemanticRouter
from semroute.split import in_fit
from semroute.texts import query_text, request_chars, told_apart
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


def write_priced_files(folder: Path, **settings: int) -> SmallFiles:
    """Write the same log, priced by length, with a small window for the small model."""
    files = write_small_files(folder, **settings)
    window = "usd_per_million_input_tokens = 1\nusd_per_million_output_tokens = 0\n"
    config = files.config.read_text().replace(
        "usd_per_request = 0.02", window.replace("= 1", "= 10", 1)
    )
    config = config.replace("usd_per_request = 0.001", f"{window}context_window = 5000")
    files.config.write_text(config.replace("max_loss = 0.05", "max_loss = 0.2"))
    scores = [line.rsplit(",", 1)[0] for line in files.evals.read_text().splitlines()]
    files.evals.write_text("\n".join(scores) + "\n")
    return files


def rows_of(files: SmallFiles) -> list[dict[str, Any]]:
    """Return the rows of the query log."""
    return [json.loads(line) for line in files.queries.read_text().splitlines()]


def write_rows(files: SmallFiles, rows: list[dict[str, Any]]) -> None:
    """Write the query log anew."""
    files.queries.write_text("".join(json.dumps(row) + "\n" for row in rows))


def held_out_rows(rows: list[dict[str, Any]], contents: IndexContents) -> list[dict[str, Any]]:
    """Return the rows a build holds out, by what is looked up of a request and what is beside."""
    clean = partial(cleaned_text, contents)
    requests = [row.get("messages") or row["text"] for row in rows]
    texts = [clean(query_text(request)).text for request in requests]
    told = told_apart(texts, list(map(request_chars, requests)))
    sides = zip(rows, in_fit(told, contents.manifest.seed), strict=True)
    return [row for row, is_fit in sides if not is_fit]


def routed(
    rows: list[dict[str, Any]], index: Path, version: str | None = None
) -> list[RouteDecision]:
    """Route what the rows hold with the index."""
    router = SemanticRouter.load(index, encoder=TinyEncoder(), version=version)
    return router.route_batch([row.get("messages") or row["text"] for row in rows])
