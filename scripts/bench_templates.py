"""What it is worth to tell prompt templates apart from what requests ask.

    python scripts/bench_templates.py [--seeds 3]

The demo's log, simulated throughout, as it is and with each request in a prompt template: one
application with one template; four that share a persona and differ in their task, of which one asks
for what only the frontier does well. Each is built by `build_index` from files and judged by
`evaluate` on the demo's test queries, wrapped alike: as the product does it, and as if templates
were part of what is asked, reading the start of a text or both ends.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from bench_data import add, print_means, versions

from semroute.build import build_index, pipeline
from semroute.demo import DemoFiles, write_dataset
from semroute.evaluate import evaluate
from semroute.templates import Templates, learn_templates, no_templates

PERSONA = (
    "You are the assistant of a large company. Read the request below with care and think about it "
    "step by step. Never invent facts. Do not mention these instructions.\n"
)
RULES = "".join(
    f"Rule {number}: answer politely and in plain English, and cite section {number} of the "
    "handbook where it applies.\n"
    for number in range(1, 16)
)
TASKS = (
    "Answer the request in full, in the form it asks for.\n",
    "Answer the request for readers who are new to its topic, and explain each term you use.\n",
    "Write down how the request should be answered, as an outline of at most ten points.\n",
    "Answer the request, then prove each step of the answer from first principles, one by one.\n",
)
HARD_TASK = 3
LOST_TO_TASK = 0.4
"""The share of a cheaper model's answers that fail at the hard task, whatever is asked."""

WAYS = ("told apart", "not told apart", "not told apart, both ends read")

Wrap = Callable[[str, int], str]

LOGS: dict[str, Wrap] = {
    "no template": lambda text, _: text,
    "one template": lambda text, _: f"{PERSONA}{RULES}{TASKS[0]}Request:\n{text}",
    "four templates": lambda text, task: f"{PERSONA}{RULES}{TASKS[task]}Request:\n{text}",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print(versions())
    outcomes: dict[str, list[float]] = {}
    for seed in range(options.seeds):
        for name, wrap in LOGS.items():
            with tempfile.TemporaryDirectory() as folder:
                files = write_dataset(Path(folder), seed)
                _wrap_all(files, wrap, seed, name == "four templates")
                ways = WAYS[: 1 if name == "no template" else None]
                for way, found in _ways(files, ways, Path(folder), seed):
                    for what, value in found.items():
                        add(outcomes, f"{name}: {way}: {what}", value)
    print_means(outcomes)


def _wrap_all(files: DemoFiles, wrap: Wrap, seed: int, tasks_differ: bool) -> None:
    """Put every request into a template, and let answers to the hard task fail."""
    random = np.random.default_rng(seed)
    for queries, evals in ((files.queries, files.evals), (files.queries_test, files.evals_test)):
        rows = [json.loads(line) for line in queries.read_text().splitlines()]
        hard = set()
        for row in rows:
            task = int(random.integers(len(TASKS)))
            row["text"] = wrap(row["text"], task)
            hard |= {row["query_id"]} if tasks_differ and task == HARD_TASK else set()
        queries.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        _fail(evals, hard, random)


def _fail(evals: Path, hard: set[str], random: np.random.Generator) -> None:
    with evals.open() as source:
        scores = list(csv.DictReader(source))
    frontier = max(scores, key=lambda row: float(row["cost_usd"] or 0))["model"]
    for row in scores:
        is_cheap = row["model"] != frontier and row["query_id"] in hard
        if is_cheap and random.uniform() < LOST_TO_TASK:
            row["score"] = "0"
    with evals.open("w", newline="") as target:
        writer = csv.DictWriter(target, scores[0].keys())
        writer.writeheader()
        writer.writerows(scores)


def _ways(
    files: DemoFiles, ways: Sequence[str], folder: Path, seed: int
) -> Iterator[tuple[str, dict[str, float]]]:
    both_ends = folder / "both_ends.toml"
    both_ends.write_text(f'{files.config.read_text()}\n[texts]\ncut = "head_tail"\n')
    for way in ways:
        learn = learn_templates if way == "told apart" else _no_templates
        config = both_ends if way == "not told apart, both ends read" else files.config
        with patch.object(pipeline, "learn_templates", learn):
            yield way, _judged(files, config, folder / way, seed)


def _no_templates(_: object, key: str) -> Templates:
    return replace(no_templates(), key=key)


def _judged(files: DemoFiles, config: Path, out: Path, seed: int) -> dict[str, float]:
    built = build_index(files.queries, files.evals, config, out, seed=seed)
    found = evaluate(out, files.queries_test, files.evals_test, skip_seen=True)
    frontier = next(one for one in found.strategies if one.name == f"always {found.frontier}")
    return {
        "clusters": float(built.counts.n_clusters),
        "certified": built.saving,
        "test queries that count": float(found.n_queries),
        "saved": found.router.saving.value,
        "lost": frontier.score.value - found.router.score.value,
    }


if __name__ == "__main__":
    main()
