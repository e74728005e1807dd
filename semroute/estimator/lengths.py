"""What requests of a topic cost, and how that goes by their length."""

from dataclasses import dataclass

import numpy as np

from semroute.estimator.blending import Integers, Numbers, shrunk_means
from semroute.vectors import sums_by_cluster

PSEUDO_ROWS = 20.0
"""Rows of the whole log's mean that count in every cluster's."""


@dataclass(frozen=True)
class ClusterCosts:
    """Shrunk means of each cluster, and the cost of length.

    `costs_usd` (n_clusters, n_models) are per request, `n_chars` (n_clusters,) its characters,
    `usd_per_char` (n_models,) the cost of one character more. Costs in dollars that are a sum of a
    topic's own and so much a character are hit exactly, as both means are shrunk alike.
    """

    costs_usd: Numbers
    n_chars: Numbers
    usd_per_char: Numbers


def cluster_costs(
    costs_usd: Numbers, n_chars: Integers, cluster_ids: Integers, n_clusters: int
) -> ClusterCosts:
    """Learn costs of requests, (n, n_models), from their lengths and nearest clusters, (n,)."""
    lengths = n_chars.astype(np.float64)[:, None]
    return ClusterCosts(
        costs_usd=shrunk_means(costs_usd, cluster_ids, n_clusters, PSEUDO_ROWS),
        n_chars=shrunk_means(lengths, cluster_ids, n_clusters, PSEUDO_ROWS)[:, 0],
        usd_per_char=_slopes(costs_usd, lengths, cluster_ids, n_clusters),
    )


def _slopes(
    costs_usd: Numbers, lengths: Numbers, cluster_ids: Integers, n_clusters: int
) -> Numbers:
    """Regress cost on length within clusters, so that no topic's long answers count as length.

    A slope is shrunk by the share of its square that is expected to be noise: of costs that length
    does not explain next to nothing is left, of prices a token all. None is below 0.
    """
    from_mean = _within(lengths, cluster_ids, n_clusters)[:, 0]
    spread, n_free = float(from_mean @ from_mean), len(lengths) - len(np.unique(cluster_ids)) - 1
    if spread <= 0 or n_free < 1:
        return np.zeros(costs_usd.shape[1])
    centred = _within(costs_usd, cluster_ids, n_clusters)
    slopes: Numbers = from_mean @ centred / spread
    rest = ((centred - from_mean[:, None] * slopes) ** 2).sum(axis=0) / n_free / spread
    squares = slopes**2
    certain = 1 - np.divide(rest, squares, out=np.ones_like(rest), where=squares > 0)
    return np.asarray(np.maximum(slopes, 0) * np.maximum(certain, 0))


def _within(values: Numbers, cluster_ids: Integers, n_clusters: int) -> Numbers:
    """Return how far each row is from its cluster's mean."""
    sizes = np.maximum(np.bincount(cluster_ids, minlength=n_clusters), 1)[:, None]
    means = sums_by_cluster(values, cluster_ids, n_clusters) / sizes
    found: Numbers = values - means[cluster_ids]
    return found
