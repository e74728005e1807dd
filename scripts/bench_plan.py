"""Planned against random scoring: how many scores reach a certified saving.

    python scripts/bench_plan.py [--data ../shared/data] [--seeds 5] [--first-seed 0]
                                 [--vectors folder]

Scores of a data set are hidden and bought back step by step, by `plan_scores` or at random. After
each step clusters' losses are estimated from the fit split and the policy is certified on the
calibration split, by the project's own code; the saving is the certified policy's, on all queries
of the calibration split. The last line pairs the plan with whole queries by seed, on the mean over
the steps. At random, `whole queries` buys a query's scores of all models, `random
pairs` of the frontier and one other model, `random cells` single scores. 5% of the queries start
with all their scores.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from semroute.certify import CalibrationRows, certify
from semroute.clustering.spherical import SphericalKMeans
from semroute.config import Config, read_config
from semroute.encoders import open_encoder
from semroute.evals import read_evals
from semroute.evidence import estimate_loss, measure
from semroute.ood import SimilarityThreshold
from semroute.planning import ScoredLog, plan_scores
from semroute.policy import FEWEST_PAIRS, NO_OVERRIDE, RoutingPolicy, Traffic
from semroute.queries import read_queries
from semroute.split import in_fit
from semroute.templates import no_templates
from semroute.vectors import unit_rows

STARTING_SHARE = 0.05
STEPS = 10
N_CLUSTERS = {"routellm": 100, "routerbench": 30}
MAX_LOSS = {"routellm": 0.04, "routerbench": 0.08}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted(N_CLUSTERS))
    parser.add_argument("--vectors", type=Path, help="keep embeddings here between runs")
    options = parser.parse_args()
    for name in N_CLUSTERS:
        if options.only in (None, name):
            seeds = range(options.first_seed, options.first_seed + options.seeds)
            measure_set(options.data / name, seeds, options.vectors)


def measure_set(folder: Path, seeds: range, kept: Path | None) -> None:
    config = read_config(folder / "semroute.toml")
    log = read_queries(folder / "queries.jsonl")
    evals = read_evals(folder / "evals.csv", log.query_ids, config.model_names)
    texts = [config.texts.clean(text, no_templates()).text for text in log.texts]
    vectors = _vectors(folder.name, texts, config, kept)
    prices = np.array([[m.cost_usd(len(text)) for m in config.models] for text in texts])
    costs = np.where(np.isnan(evals.costs_usd), prices, evals.costs_usd)
    curves: dict[str, list[list[float]]] = {}
    for seed in seeds:
        whole = _clustered(texts, vectors, evals.scores, costs, config, seed, folder.name)
        for way in ("planned", "whole queries", "random pairs", "random cells"):
            curves.setdefault(way, []).append(_bought(whole, way, seed, folder.name))
    n_missing = int(np.isfinite(evals.scores).sum() * (1 - STARTING_SHARE))
    step = n_missing // (2 * STEPS)
    print(f"\n## {folder.name}, max_loss {MAX_LOSS[folder.name]}, {len(seeds)} seeds")
    print("| scores bought | " + " | ".join(curves) + " |\n|" + "---|" * (1 + len(curves)))
    for number in range(STEPS + 1):
        cells = [
            f"{np.mean([c[number] for c in one]):.1%} ± {np.std([c[number] for c in one]):.1%}"
            for one in curves.values()
        ]
        print(f"| {number * step:,} | " + " | ".join(cells) + " |", flush=True)
    better = np.subtract(curves["planned"], curves["whole queries"])[:, 1:].mean(axis=1)
    error = better.std(ddof=1) / len(better) ** 0.5 if len(better) > 1 else np.nan
    print(f"planned less whole queries: {better.mean():.1%}, standard error {error:.1%}")


def _vectors(name: str, texts: list[str], config: Config, kept: Path | None) -> np.ndarray:
    path = kept and kept / f"{name}-plan.npy"
    if path and path.exists():
        return np.load(path)
    encoder = open_encoder(config.encoder)
    order = np.argsort([len(text) for text in texts])
    rows = np.empty((len(texts), encoder.identity.dimension), dtype=np.float32)
    rows[order] = encoder.encode([texts[row] for row in order])[:, : rows.shape[1]]
    if path:
        kept.mkdir(parents=True, exist_ok=True)
        np.save(path, rows)
    return rows


def _clustered(
    texts: list[str],
    vectors: np.ndarray,
    scores: np.ndarray,
    costs: np.ndarray,
    config: Config,
    seed: int,
    name: str,
) -> ScoredLog:
    fit = in_fit(texts, seed)
    labels = SphericalKMeans(n_clusters=N_CLUSTERS[name]).cluster(vectors[fit], seed)
    n_clusters = int(labels.max()) + 1
    centroids = unit_rows(
        np.stack([vectors[fit][labels == k].mean(axis=0) for k in range(n_clusters)])
    )
    ids = (vectors @ centroids.T).argmax(axis=1)
    names = config.model_names
    unknown = np.full_like(scores, np.nan)
    free = np.full(n_clusters, -1)
    return ScoredLog(ids, n_clusters, fit, scores, costs, unknown, free, names, config.frontier)


def _bought(whole: ScoredLog, way: str, seed: int, name: str) -> list[float]:
    """Return the certified saving after each step of buying."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(size=len(whole.scores)) < STARTING_SHARE
    scores = np.where(start[:, None], whole.scores, np.nan)
    step = int(np.isfinite(whole.scores).sum() * (1 - STARTING_SHARE)) // (2 * STEPS)
    curve = [_certified(whole, scores, name)]
    for number in range(STEPS):
        cells = _next(whole, scores, way, step, name, rng, number)
        scores[tuple(np.array(cells).T)] = whole.scores[tuple(np.array(cells).T)]
        curve.append(_certified(whole, scores, name))
    return curve


def _next(
    whole: ScoredLog,
    scores: np.ndarray,
    way: str,
    step: int,
    name: str,
    rng: np.random.Generator,
    number: int,
) -> list[tuple[int, int]]:
    missing = np.isnan(scores) & np.isfinite(whole.scores)
    if way == "planned":
        # More than a step: what the data set itself lacks cannot be bought.
        log = replace(whole, scores=scores)
        plan = plan_scores(log, 2 * step, tolerance=MAX_LOSS[name], confidence=0.95, seed=number)
        return [(one.row, one.column) for one in plan if missing[one.row, one.column]][:step]
    if way == "random cells":
        cells = np.argwhere(missing)
        return [tuple(cell) for cell in rng.permutation(cells)[:step]]
    cells = []
    for row in rng.permutation(np.flatnonzero(missing.any(axis=1))):
        others = [m for m in np.flatnonzero(missing[row]) if m != whole.frontier_column]
        n_others = 1 if way == "random pairs" else len(others)
        wanted = [*rng.permutation(np.array(others, int))[:n_others], whole.frontier_column]
        cells += [(row, m) for m in wanted if missing[row, m]]
        if len(cells) >= step:
            break
    return cells[:step]


def _shuffled(n: int) -> np.ndarray:
    """Give queries numbers by which the certificate judges them in an arbitrary order."""
    return np.random.default_rng(0).permutation(n)


def _certified(whole: ScoredLog, scores: np.ndarray, name: str) -> float:
    fit, n_models = whole.fit, len(whole.models)
    evidence = measure(
        scores[fit],
        whole.costs_usd[fit],
        whole.cluster_ids[fit],
        whole.n_clusters,
        whole.models,
        whole.frontier,
    )
    estimate = estimate_loss(evidence, 0.95)
    policy = RoutingPolicy(
        frontier=whole.frontier_column,
        tolerance=None,
        measured=evidence.n_paired >= FEWEST_PAIRS,
        overrides=np.full(whole.n_clusters, NO_OVERRIDE),
        ood_rule=SimilarityThreshold(-2.0),
        windows=np.full(n_models, np.inf),
        usual_cost_usd=float(whole.costs_usd[fit, whole.frontier_column].mean()),
    )
    ids = whole.cluster_ids[~fit]
    traffic = Traffic(
        ids,
        np.ones(len(ids)),
        estimate.expected_loss[ids],
        evidence.mean_cost_usd[ids],
        np.ones(len(ids), dtype=np.int64),
    )
    rows = CalibrationRows(traffic, scores[~fit], whole.costs_usd[~fit], _shuffled(len(ids)))
    return certify(policy, whole.models, rows, MAX_LOSS[name], 0.95).saving


if __name__ == "__main__":
    main()
