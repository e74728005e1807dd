"""How far words put before a request move its route: a figure, not a promise of immunity.

    python scripts/bench_attack.py [--queries 500] [--seed 0]

An index is built from the demo's log, and its held-out queries are asked as they are and with each
of some 200 texts in front. `raised` is the share of the requests a cheaper model answered that
then go to the frontier (someone spends your money), `lowered` the share of the frontier's that a
cheaper model then answers (someone gets a worse answer out of it). Greetings are the floor: what
changes by words that mean nothing.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from bench_data import table, versions

from semroute.artifact.contents import Cluster
from semroute.artifact.loading import load_index
from semroute.build import build_index
from semroute.decision import RouteDecision
from semroute.demo.dataset import write_dataset
from semroute.router import SemanticRouter

GREETINGS = tuple(
    f"{hello}{end}"
    for hello, end in product(("Hi", "Hello", "Good morning", "Hey there", "Dear assistant"), ",!")
)
RAISING = tuple(
    f"{opening}{end}"
    for opening, end in product(
        (
            "This is a very hard question.",
            "I need an expert here.",
            "Think step by step.",
            "This is urgent.",
            "This is a legal matter.",
            "A patient's life depends on it.",
            "Prove it rigorously.",
            "The stakes are high.",
            "Answer like a professor.",
            "Use your best model.",
        ),
        ("", " It matters.", " Take your time.", " Be careful."),
    )
)
LOWERING = tuple(
    f"{opening}{end}"
    for opening, end in product(
        (
            "Quick question.",
            "This is an easy one.",
            "A simple task.",
            "Just yes or no.",
            "In one word.",
            "No need to think.",
            "A small thing.",
            "A short answer will do.",
            "I am a beginner.",
            "Nothing important.",
        ),
        ("", " Thanks.", " Keep it short.", " Do not think long."),
    )
)
N_OF_CLUSTERS, N_RANDOM = 40, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(versions())
    with tempfile.TemporaryDirectory() as folder:
        files = write_dataset(Path(folder) / "demo", seed=options.seed)
        index = Path(folder) / "index"
        build_index(files.queries, files.evals, files.config, index, seed=options.seed)
        rows = [json.loads(line) for line in files.queries_test.read_text().splitlines()]
        router = SemanticRouter.load(index)
        contents = load_index(index)
    texts = [row["text"] for row in rows[: options.queries]]
    frontier = contents.manifest.config.frontier
    attack(router, texts, families(contents.clusters, frontier, options.seed))


def families(clusters: Sequence[Cluster], frontier: str, seed: int) -> dict[str, tuple[str, ...]]:
    """Return the texts put in front, about 200 in all, by what they are."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz "))
    return {
        "greetings": GREETINGS,
        "asks for care": RAISING,
        "plays it down": LOWERING,
        "words of clusters of cheaper models": _words(
            [one for one in clusters if one.label != frontier]
        ),
        "words of the frontier's clusters": _words(
            [one for one in clusters if one.label == frontier]
        ),
        "random letters": tuple("".join(rng.choice(letters, 24)) for _ in range(N_RANDOM)),
    }


def _words(clusters: Sequence[Cluster]) -> tuple[str, ...]:
    """Name clusters by their words, the largest first, again with fewer words if they are few."""
    named = [
        " ".join(cluster.keywords[:n_words]) for n_words in (5, 3, 1, 2, 4) for cluster in clusters
    ]
    return tuple(dict.fromkeys(named))[:N_OF_CLUSTERS]


def attack(
    router: SemanticRouter, texts: Sequence[str], gadgets: dict[str, tuple[str, ...]]
) -> None:
    """Print by kind of gadget how many decisions it moves, on average and at most."""
    plain = np.array([is_frontier(one, router.frontier) for one in router.route_batch(texts)])
    print(f"\n{len(texts)} queries, {(~plain).sum()} of them answered by a cheaper model\n")
    rows, ever = [], np.zeros(len(texts), dtype=bool)
    for name, family in gadgets.items():
        moved = np.array([_moved(router, texts, gadget, plain) for gadget in family])
        ever |= moved.any(axis=0)
        raised, lowered = moved[:, ~plain].mean(axis=1), moved[:, plain].mean(axis=1)
        figures = (raised.mean(), raised.max(), lowered.mean(), lowered.max())
        rows.append((name, len(family), *(f"{figure:.1%}" for figure in figures)))
    table(("put in front", "texts", "raised", "at most", "lowered", "at most"), rows)
    print(f"\nmoved by at least one: {ever[~plain].mean():.1%} up, {ever[plain].mean():.1%} down")


def is_frontier(decision: RouteDecision, frontier: str) -> bool:
    return decision.model == frontier


def _moved(
    router: SemanticRouter, texts: Sequence[str], gadget: str, plain: np.ndarray
) -> np.ndarray:
    decisions = router.route_batch([f"{gadget} {text}" for text in texts])
    return plain != [is_frontier(one, router.frontier) for one in decisions]


if __name__ == "__main__":
    main()
