"""Two models and the queries to certify them by, in arrays."""

import numpy as np

from semroute.certify import CalibrationRows
from semroute.ood import SimilarityThreshold
from semroute.policy import NO_OVERRIDE, RoutingPolicy, Traffic

MODELS = ("large", "small")


def two_model_policy(**changes: object) -> RoutingPolicy:
    """A policy of two clusters, for which `small` saves as much as pays for the tolerance."""
    values: dict[str, object] = {
        "frontier": 0,
        "tolerance": None,
        "measured": np.ones((2, 2), dtype=bool),
        "overrides": np.full(2, NO_OVERRIDE),
        "ood_rule": SimilarityThreshold(0.5),
        "windows": np.full(2, np.inf),
        "usual_cost_usd": 0.019,  # what `small` saves: its limit is the tolerance itself
    }
    return RoutingPolicy(**{**values, **changes})  # type: ignore[arg-type]  # mixed values


def two_model_rows(expected: np.ndarray, large: np.ndarray, small: np.ndarray) -> CalibrationRows:
    """Queries of cluster 0: what `small` is expected to lose, and the scores of both models."""
    n = len(expected)
    traffic = Traffic(
        cluster_ids=np.zeros(n, dtype=np.int64),
        similarities=np.ones(n),
        losses=np.stack([np.zeros(n), expected], axis=1),
        costs_usd=np.tile([0.02, 0.001], (n, 1)),
        n_chars=np.full(n, 10),
    )
    scores = np.stack([large, small], axis=1).astype(np.float64)
    shuffled = np.argsort(np.random.default_rng(0).permutation(n))
    return CalibrationRows(traffic, scores, np.full((n, 2), np.nan), shuffled)
