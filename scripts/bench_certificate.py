"""How often a certificate is broken, and what it costs, on the shared routellm data.

    python scripts/bench_certificate.py [--data ../shared/data] [--fits 25] [--splits 20]
                                        [--encoder MODEL]

Each fit clusters a random half of the queries and learns the estimator there. The other half is
then split many times into calibration and test queries: the policy certified on the first is
judged on the second. Hindsight is the tolerance of the same family that saves most while keeping
the promise on the test queries themselves. "All unseen" judges on calibration and test queries
together: what is left of the noise of a test of finite size. The splits of one fit share its
unseen queries, so the standard error is that of the means of the fits.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench_data import DataSet, encoded, serving_encoder, split_rows, table, versions

from semroute.certify import TOLERANCES, CalibrationRows, certify
from semroute.clusters import group
from semroute.encoders.contract import Encoder
from semroute.estimator import FitRows, fit_estimator
from semroute.estimator.fitting import MOST_NEIGHBOURS
from semroute.features import text_features
from semroute.index import CentroidIndex
from semroute.known_losses import policy_losses
from semroute.ood import SimilarityThreshold
from semroute.policy import NO_OVERRIDE, RoutingPolicy, Traffic
from semroute.split import shuffled_ids
from semroute.vectors import Vectors

MAX_LOSSES = (0.01, 0.02, 0.04)
CONFIDENCE = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--fits", type=int, default=25)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--encoder", help="another sentence-transformers model, by name or folder")
    options = parser.parse_args()
    source = DataSet(options.data / "routellm")
    print(versions())
    encoder = serving_encoder(source.folder, options.encoder)
    measure(source, encoder, options.fits, options.splits)


def measure(source: DataSet, encoder: Encoder, n_fits: int, n_splits: int) -> None:
    everything = np.arange(len(source.rows))
    rows = encoded(source, encoder, everything)
    vectors, hidden = np.split(rows, [encoder.identity.dimension], axis=1)
    vectors = np.ascontiguousarray(vectors)
    means: dict[str, list[float]] = {}
    for fit in range(n_fits):
        outcomes: dict[str, list[float]] = {}
        traffic, policy, rest = _fitted(source, vectors, hidden, fit)
        for split in range(n_splits):
            held, test = split_rows(len(rest), 0.5, split)
            _judge(source, traffic, policy, rest, held, test, outcomes)
        for name, values in outcomes.items():
            means.setdefault(name, []).append(float(np.mean(values)))
        print(f"fit {fit + 1} of {n_fits}", flush=True)
    rows = [
        (name, f"{np.mean(of_fits):.4f}", f"{np.std(of_fits, ddof=1) / len(of_fits) ** 0.5:.4f}")
        for name, of_fits in means.items()
    ]
    table(("what", "mean", "standard error, by fit"), rows)


def _fitted(
    source: DataSet, vectors: Vectors, hidden: Vectors, seed: int
) -> tuple[Traffic, RoutingPolicy, np.ndarray]:
    """Learn on one half; return what the estimator says of the other, and its rows."""
    names, n = source.config.model_names, len(vectors)
    frontier = names.index(source.config.frontier)
    train, rest = split_rows(n, 0.5, 100 + seed)
    labels = source.config.clustering.cluster(vectors[train], seed)
    grouping = group(vectors, train, labels, [row["query_id"] for row in source.rows])
    n_clusters = len(grouping.centroids)
    near = CentroidIndex(grouping.centroids).search(vectors, MOST_NEIGHBOURS)
    features = text_features(source.texts(np.arange(n)))
    losses = source.evals.scores[:, [frontier]] - source.evals.scores
    losses[:, frontier] = 0.0
    costs = np.tile([source.config.price(name).cost_usd(0) for name in names], (n, 1))
    everything = FitRows(
        cluster_ids=near.cluster_ids,
        similarities=near.similarities,
        vectors=vectors,
        hidden=hidden,
        features=features,
        losses=losses,
        costs_usd=costs,
        n_chars=np.zeros(n, dtype=np.int64),
        folds=np.random.default_rng(seed).permutation(n) % 4,
        frontier_scores=source.evals.scores[:, frontier],
    )
    estimator = fit_estimator(
        everything.some(train), n_clusters, names, source.config.frontier, seed
    )
    asked = everything.some(rest)
    wide = np.concatenate([asked.vectors, asked.hidden], axis=1)
    at = asked.cluster_ids, asked.similarities, wide, asked.features, asked.n_chars
    found = estimator.estimate(*at)
    traffic = Traffic(
        asked.cluster_ids[:, 0],
        asked.similarities[:, 0],
        found.losses,
        found.costs_usd,
        asked.n_chars,
    )
    policy = RoutingPolicy(
        frontier=frontier,
        tolerance=None,
        measured=np.ones((n_clusters, len(names)), dtype=bool),
        overrides=np.full(n_clusters, NO_OVERRIDE),
        ood_rule=SimilarityThreshold.calibrate(traffic.similarities, 0.02),
        windows=np.full(len(names), np.inf),
        usual_cost_usd=float(costs[0, frontier]),
    )
    return traffic, policy, rest


def _judge(
    source: DataSet,
    traffic: Traffic,
    policy: RoutingPolicy,
    rest: np.ndarray,
    held: np.ndarray,
    test: np.ndarray,
    outcomes: dict[str, list[float]],
) -> None:
    scores = source.evals.scores[rest]
    unknown = np.full_like(scores, np.nan)
    text_ids = shuffled_ids(source.texts(rest[held]), "bench")
    rows = CalibrationRows(_some(traffic, held), scores[held], unknown[held], text_ids)
    family = [_outcome(replace(policy, tolerance=t), traffic, scores, test) for t in TOLERANCES]
    for max_loss in MAX_LOSSES:
        found = certify(policy, source.config.model_names, rows, max_loss, CONFIDENCE)
        certified = replace(policy, tolerance=found.tolerance)
        loss, saved = _outcome(certified, traffic, scores, test)
        unseen, _ = _outcome(certified, traffic, scores, np.arange(len(rest)))
        best = max([0.0, *(gain for lost, gain in family if lost <= max_loss)])
        for name, value in (
            ("broken on test", loss > max_loss),
            ("broken on all unseen", unseen > max_loss),
            ("saved", saved),
            ("saved in hindsight", best),
        ):
            outcomes.setdefault(f"{max_loss:g}: {name}", []).append(float(value))


def _some(traffic: Traffic, rows: np.ndarray) -> Traffic:
    return Traffic(*(part[rows] for part in vars(traffic).values()))


def _outcome(
    policy: RoutingPolicy, traffic: Traffic, scores: np.ndarray, rows: np.ndarray
) -> tuple[float, float]:
    """Return mean loss and share of cost saved on some rows."""
    asked = _some(traffic, rows)
    choices = policy.choose(asked)
    losses, _ = policy_losses(choices.columns, scores[rows], policy.frontier)
    costs = asked.costs_usd
    spent = costs[np.arange(len(rows)), choices.columns].mean()
    return float(losses.mean()), float(1 - spent / costs[:, policy.frontier].mean())


if __name__ == "__main__":
    main()
