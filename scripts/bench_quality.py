"""Routing quality, OOD detection and build cost on the shared data sets.

    python scripts/bench_quality.py [--data ../shared/data] [--seeds 5] [--first-seed 0]
                                    [--only routellm] [--encoder MODEL]

Each split is built by `build_index` from files, as a user would, and judged through
`SemanticRouter.route_batch` on queries the build has not seen. Baselines run on the same vectors in
the same run. Embeddings are computed once per text by the encoder that serves, then reused.
`--encoder` takes the name or folder of another sentence-transformers model than the default.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bench_baselines import (
    N_NEIGHBOURS,
    cheapest_within,
    feature_gain,
    knn_gain,
    knn_policy,
    knn_traffic,
)
from bench_data import (
    DataSet,
    add,
    print_means,
    serving_encoder,
    split_rows,
    table,
    versions,
)
from bench_ood import clinc150
from bench_peers import (
    WEIGHTS,
    avengers_pro,
    matrix_factorization_gain,
    similarity_weighted_gain,
    switching_gain,
    utterances_gain,
    vllm_kmeans,
)

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.serving import routing_policy
from semroute.decision import RouteDecision
from semroute.encoders.contract import Encoder
from semroute.evaluate.curves import (
    Numbers,
    QualityCurve,
    apgr,
    call_performance_threshold,
    quality_curve,
    saved_at,
)
from semroute.policy import Traffic
from semroute.router import SemanticRouter

TOLERANCES = np.arange(-0.5, 1.0, 0.005)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", choices=("routellm", "routerbench", "holes", "clinc150", "build"))
    parser.add_argument(
        "--encoder",
        help="another model, by name or folder; not for the part `build`",
    )
    options = parser.parse_args()
    if not options.data.exists():
        raise SystemExit(f"{options.data} is not here: nothing to measure")
    print(versions())
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    parts: dict[str, Callable[[Path, range, Any], None]] = {
        "build": build_cost,
        "routellm": routellm,
        "routerbench": routerbench,
        "holes": holes,
        "clinc150": clinc150,
    }
    for name, part in parts.items():
        if options.only in (None, name):
            encoder = (
                None
                if name == "build"
                else serving_encoder(options.data / "routellm", options.encoder)
            )
            print(f"\n## {name}", flush=True)
            part(options.data, seeds, encoder)


def build_cost(data: Path, _seeds: range, encoder: None) -> None:
    """Time and memory of one build of all routellm queries, by step."""
    with tempfile.TemporaryDirectory() as folder:
        source = DataSet(data / "routellm")
        summary = source.build(np.arange(len(source.rows)), Path(folder) / "index", 0, encoder)
    table(
        ("step", "seconds", "peak memory, MB"),
        [(s.name, f"{s.seconds:.1f}", f"{s.peak_memory_mb:.0f}") for s in summary.steps],
    )


def routellm(data: Path, seeds: range, encoder: Encoder) -> None:
    """70/30 splits by query: APGR per source, and what the published labels do."""
    source = DataSet(data / "routellm")
    outcomes: dict[str, list[float]] = {}
    for seed in seeds:
        _routellm_split(source, seed, encoder, outcomes)
    print_means(outcomes)


def _routellm_split(
    source: DataSet, seed: int, encoder: Encoder, outcomes: dict[str, list[float]]
) -> None:
    train, test = split_rows(len(source.rows), 0.7, seed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "index"
        source.build(train, out, seed, encoder)
        router = SemanticRouter.load(out, encoder=encoder)
        decisions = router.route_batch(source.texts(test))
    frontier, cheap = source.config.model_names
    gains = {
        "semroute": np.array([gain_of(decision, cheap) for decision in decisions]),
        f"kNN {N_NEIGHBOURS}": knn_gain(source, encoder, train, test),
        "text features alone": feature_gain(source, train, test),
        "RouteLLM, similarity-weighted": similarity_weighted_gain(source, encoder, train, test),
        "RouteLLM, matrix factorization": matrix_factorization_gain(source, encoder, train, test),
        "semantic-router, utterances": utterances_gain(source, encoder, train, test),
    }
    column = source.config.model_names.index(frontier)
    for name, choose in _peers(source, encoder, train, test).items():
        gains[name] = switching_gain(choose, column, len(test))
    prices = [source.config.price(m).cost_usd(0) for m in (cheap, frontier)]
    for method, gain in gains.items():
        for name, curve in source_curves(source, test, gain).items():
            add(outcomes, f"{name}: APGR, {method}", apgr(curve))
            for kept in (0.95, 0.99):
                add(
                    outcomes,
                    f"{name}: saved at {kept:.0%}, {method}",
                    saved_at(curve, kept, *prices),
                )
            for part in (0.5, 0.8):
                share = call_performance_threshold(curve, part)
                add(outcomes, f"{name}: CPT({part:.0%}), {method}", share)
    _add_routing(outcomes, source, decisions, test)


def source_curves(source: DataSet, test: np.ndarray, gains: Numbers) -> dict[str, QualityCurve]:
    """Trace, for each source of queries, the quality of sending the largest gains to GPT-4."""
    frontier, cheap = (source.config.model_names.index(n) for n in source.config.model_names)
    scores, sources = source.evals.scores[test], source.column("source")[test]
    return {
        name: quality_curve(
            gains[sources == name],
            scores[sources == name, cheap],
            scores[sources == name, frontier],
        )
        for name in ("mmlu", "gsm8k")
    }


def gain_of(decision: RouteDecision, cheap: str) -> float:
    """Return what the frontier is expected to gain; infinity for text that is unknown."""
    losses = {c.model: c.expected_loss for c in decision.candidates}
    return np.inf if losses[cheap] is None else float(losses[cheap])


def _add_routing(
    outcomes: dict[str, list[float]],
    source: DataSet,
    decisions: Sequence[RouteDecision],
    test: np.ndarray,
) -> None:
    """Add shares, score and cost of the labels, beside always-frontier and always-cheapest."""
    names = source.config.model_names
    chosen = np.array([names.index(decision.model) for decision in decisions])
    prices = np.array([source.config.price(name).cost_usd(0) for name in names])
    measured = source.evals.costs_usd[test]
    costs = np.where(np.isnan(measured), prices, measured)
    scores = source.evals.scores[test]
    cheapest = int(np.argmin(prices))
    for k, name in enumerate(names):
        add(outcomes, f"share routed to {name}", float((chosen == k).mean()))
    policies = {
        "router": chosen,
        "always frontier": np.full(len(test), names.index(source.config.frontier)),
        "always cheapest": np.full(len(test), cheapest),
    }
    for name, columns in policies.items():
        rows = np.arange(len(test))
        add(outcomes, f"{name}: mean score", float(np.nanmean(scores[rows, columns])))
        add(outcomes, f"{name}: cost per 1,000 requests", float(1e3 * costs[rows, columns].mean()))


def routerbench(data: Path, seeds: range, encoder: Encoder) -> None:
    """Eleven models with holes: what the certified policy does, and the sweep of the tolerance."""
    source = DataSet(data / "routerbench")
    holes = np.isnan(source.evals.scores).mean()
    outcomes: dict[str, list[float]] = {"holes in the scores": [float(holes)]}
    for seed in seeds:
        train, test = split_rows(len(source.rows), 0.7, seed)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "index"
            summary = source.build(train, out, seed, encoder)
            contents = load_index(out)
        router = SemanticRouter(contents, encoder)
        decisions = router.route_batch(source.texts(test))
        add(outcomes, "clusters", summary.counts.n_clusters)
        _add_routing(outcomes, source, decisions, test)
        for name, choose in _rules(source, encoder, contents, decisions, train, test).items():
            _add_sweep(outcomes, name, map(choose, TOLERANCES), source, test)
        for name, choose in _peers(source, encoder, train, test).items():
            _add_sweep(outcomes, name, map(choose, WEIGHTS), source, test)
    print_means(outcomes)


def _rules(
    source: DataSet,
    encoder: Encoder,
    contents: IndexContents,
    decisions: Sequence[RouteDecision],
    train: np.ndarray,
    test: np.ndarray,
) -> dict[str, Callable[[float], np.ndarray]]:
    """Return what chooses models for the test rows at a tolerance, by name."""
    served, traffic = routing_policy(contents), _traffic(contents, decisions)
    near, nearer = (
        knn_traffic(source, encoder, train, test, costs_of_neighbours=local)
        for local in (False, True)
    )
    knn = knn_policy(source, train)
    name = f"kNN {N_NEIGHBOURS}"
    return {
        "semroute": lambda t: replace(served, tolerance=t).choose(traffic).columns,
        name: lambda t: replace(knn, tolerance=t).choose(near).columns,
        f"{name}, costs of neighbours": lambda t: replace(knn, tolerance=t).choose(nearer).columns,
        f"{name}, cheapest within": lambda t: cheapest_within(t, near, knn.frontier),
        f"{name}, cheapest within, costs of neighbours": lambda t: cheapest_within(
            t, nearer, knn.frontier
        ),
    }


def _peers(
    source: DataSet, encoder: Encoder, train: np.ndarray, test: np.ndarray
) -> dict[str, Callable[[float], np.ndarray]]:
    peers = (avengers_pro, vllm_kmeans)
    return {k: v for peer in peers for k, v in peer(source, encoder, train, test).items()}


def _traffic(contents: IndexContents, decisions: Sequence[RouteDecision]) -> Traffic:
    """Collect what the router expected of every model; what is unknown goes to the frontier."""
    names = contents.manifest.config.model_names
    found = [{c.model: c for c in decision.candidates} for decision in decisions]
    losses = [[by_name[n].expected_loss for n in names] for by_name in found]
    costs = [[by_name[n].expected_cost_usd for n in names] for by_name in found]
    return Traffic(
        cluster_ids=np.array([d.cluster_id or 0 for d in decisions]),
        similarities=np.array([-1.0 if d.reason == "ood" else d.similarity for d in decisions]),
        losses=np.array(losses, dtype=np.float64),
        costs_usd=np.array(costs, dtype=np.float64),
        n_chars=np.zeros(len(decisions), dtype=np.int64),
    )


def _add_sweep(
    outcomes: dict[str, list[float]],
    name: str,
    choices: Iterable[np.ndarray],
    source: DataSet,
    test: np.ndarray,
) -> None:
    """Add what the cheapest choices save that keep 95% and 99% of the frontier's score."""
    scores, costs = source.evals.scores[test], source.evals.costs_usd[test]
    rows, frontier = np.arange(len(test)), source.config.frontier_column
    strong, dear = np.nanmean(scores[:, frontier]), np.nanmean(costs[:, frontier])
    saved = {0.95: 0.0, 0.99: 0.0}
    for columns in choices:
        score, cost = np.nanmean(scores[rows, columns]), np.nanmean(costs[rows, columns])
        for kept, most in saved.items():
            if score >= kept * strong:
                saved[kept] = max(most, 1 - cost / dear)
    for kept, share in saved.items():
        add(outcomes, f"saved at {kept:.0%}, {name}", share)


def holes(data: Path, seeds: range, encoder: Encoder) -> None:
    """Remove 30% of one cheap model's scores at random: how far its share of traffic moves."""
    source = DataSet(data / "routerbench")
    outcomes: dict[str, list[float]] = {}
    for seed in seeds:
        train, test = split_rows(len(source.rows), 0.7, seed)
        whole = _shares(source, train, test, seed, encoder, None)
        cheap = [name for name in whole["certified"] if name != source.config.frontier]
        busiest = sorted(cheap, key=lambda name: -whole["at tolerance 0.05"][name])[:3]
        for name in busiest:
            holed = _shares(source, train, test, seed, encoder, name)
            for kind, shares in whole.items():
                moved = 100 * (holed[kind][name] - shares[name])
                add(outcomes, f"{kind}: points of traffic gained", moved)
                add(outcomes, f"{kind}: points of traffic moved", abs(moved))
    print_means(outcomes)


def _shares(
    source: DataSet,
    train: np.ndarray,
    test: np.ndarray,
    seed: int,
    encoder: Encoder,
    holed: str | None,
) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "index"
        source.build(train, out, seed, encoder, holed)
        contents = load_index(out)
    decisions = SemanticRouter(contents, encoder).route_batch(source.texts(test))
    policy, traffic = routing_policy(contents), _traffic(contents, decisions)
    found = {}
    for kind, rule in (
        ("certified", policy),
        ("at tolerance 0.05", replace(policy, tolerance=0.05)),
    ):
        columns = rule.choose(traffic).columns
        shares = np.bincount(columns, minlength=len(source.config.models)) / len(test)
        found[kind] = dict(zip(source.config.model_names, shares.tolist(), strict=True))
    return found


if __name__ == "__main__":
    main()
