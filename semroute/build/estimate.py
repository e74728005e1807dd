"""Learning the estimator from the `fit` queries, and what it says of those held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import Calibration
from semroute.build.embed import EmbeddedLog
from semroute.clustering.threads import one_thread
from semroute.clusters import Grouping
from semroute.config import Config
from semroute.estimator import FitRows, LossEstimator, fit_estimator
from semroute.estimator.fitting import MOST_NEIGHBOURS
from semroute.features import text_features
from semroute.index import CentroidIndex, Neighbours
from semroute.split import inner_folds, shuffled_ids


@dataclass(frozen=True)
class LearnedLog:
    """The estimator, and the nearest clusters and text features of every query of the log."""

    estimator: LossEstimator
    near: Neighbours
    features: NDArray[np.float64]


def learn(
    log: EmbeddedLog, fit: NDArray[np.bool_], grouping: Grouping, config: Config, seed: int
) -> LearnedLog:
    """Fit the estimator on the `fit` rows of the log.

    Clusters are looked up as they are when serving, so that nothing differs by a rounded bit.
    """
    near = CentroidIndex(grouping.centroids).search(log.vectors, MOST_NEIGHBOURS)
    features = text_features(log.texts, log.n_chars.tolist())
    frontier = config.frontier_column
    losses = log.scores[:, [frontier]] - log.scores
    losses[:, frontier] = 0.0
    rows = FitRows(
        cluster_ids=near.cluster_ids,
        similarities=near.similarities,
        vectors=log.vectors,
        hidden=log.hidden,
        features=features,
        losses=losses,
        costs_usd=log.costs_usd,
        n_chars=log.n_chars,
        folds=inner_folds(log.told_apart, seed),
        frontier_scores=log.scores[:, frontier],
    )
    with one_thread():
        estimator = fit_estimator(
            rows.some(np.flatnonzero(fit)),
            len(grouping.centroids),
            config.model_names,
            config.frontier,
            seed,
        )
    return LearnedLog(estimator, near, features)


def calibration(
    log: EmbeddedLog,
    held_out: NDArray[np.bool_],
    learned: LearnedLog,
    is_unknown: NDArray[np.bool_],
    hash_key: str,
) -> Calibration:
    """Put together what certifying needs of the held-out queries.

    `is_unknown` says which queries of the log the frontier gets wherever they lie; `hash_key` gives
    the order in which texts are numbered, and judged.
    """
    cluster_ids = learned.near.cluster_ids[held_out]
    similarities = learned.near.similarities[held_out]
    rows = np.concatenate([log.vectors[held_out], log.hidden[held_out]], axis=1)
    features, n_chars = learned.features[held_out], log.n_chars[held_out]
    found = learned.estimator.estimate(cluster_ids, similarities, rows, features, n_chars)
    requests = [log.told_apart[row] for row in np.flatnonzero(held_out)]
    return Calibration(
        vectors=log.vectors[held_out],
        scores=log.scores[held_out],
        costs_usd=log.costs_usd[held_out],
        cluster_ids=cluster_ids[:, 0],
        similarities=np.where(is_unknown[held_out], np.float32(-1), similarities[:, 0]),
        expected_losses=found.losses,
        expected_costs_usd=found.costs_usd,
        n_chars=n_chars,
        text_ids=shuffled_ids(requests, hash_key),
        models=learned.estimator.models,
    )
