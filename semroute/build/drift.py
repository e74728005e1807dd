"""Whether what a model loses has changed over the time of the log.

A provider changes a model, an owner its prompt: the scores from before then say what is true no
more, and in the mean with those from after they hide it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

NEWEST_SHARES = (0.5, 0.25, 0.1)
"""Of a model's scored queries, set against those from before."""

FEWEST_SCORED = 30
"""On either side; fewer say too little."""

LEVEL = 0.01
"""Of finding a change in any model where there is none."""


@dataclass(frozen=True)
class Drift:
    """A model whose loss against the frontier has changed.

    `change` is how much more it loses on the `n_newer` scored queries since `since` (UTC, ISO 8601)
    than on the `n_older` from before, topic by topic, with its `standard_error`. Below 0 it loses
    less.
    """

    model: str
    since: str
    n_newer: int
    n_older: int
    change: float
    standard_error: float


def find_drifts(
    losses: NDArray[np.float64],
    cluster_ids: NDArray[np.int64],
    asked_at: NDArray[np.float64],
    models: Sequence[str],
) -> tuple[Drift, ...]:
    """Find the models whose loss has changed.

    Within each cluster newer queries are set against older ones, so that other topics are no
    change: a regression with one constant per cluster, and standard errors that do not ask for
    equal variances (White, "A heteroskedasticity-consistent covariance matrix estimator and a
    direct test for heteroskedasticity", Econometrica 48, 1980). As many tests are made, each is at
    its part of `LEVEL` (Bonferroni).

    Args:
        losses: against the frontier, (n, n_models), NaN where unknown.
        cluster_ids: of the nearest clusters, (n,).
        asked_at: seconds since 1970, (n,); NaN where unknown.
        models: their names.
    """
    from scipy.stats import norm

    # A model that never loses anything, as the frontier itself, cannot have changed.
    columns = np.flatnonzero(np.nan_to_num(losses).any(axis=0)).tolist()
    if not columns:
        return ()
    bar = float(norm.isf(LEVEL / 2 / (len(columns) * len(NEWEST_SHARES))))
    found = []
    for column in columns:
        rows = np.flatnonzero(np.isfinite(losses[:, column]) & np.isfinite(asked_at))
        drifts = [
            drift
            for share in NEWEST_SHARES
            if (drift := _drift(losses[rows, column], cluster_ids[rows], asked_at[rows], share))
        ]
        strongest = max(drifts, key=_deviations, default=None)
        if strongest and _deviations(strongest) > bar:
            found.append(replace(strongest, model=models[column]))
    return tuple(found)


def _deviations(drift: Drift) -> float:
    return abs(drift.change) / drift.standard_error


def _drift(
    losses: NDArray[np.float64],
    cluster_ids: NDArray[np.int64],
    asked_at: NDArray[np.float64],
    share: float,
) -> Drift | None:
    """Compare the newest queries with the others; None if there is nothing to compare."""
    if not len(losses):
        return None
    since = float(np.quantile(asked_at, 1 - share, method="higher"))
    is_new = asked_at >= since
    n_newer, n_older = int(is_new.sum()), int((~is_new).sum())
    if min(n_newer, n_older) < FEWEST_SCORED:
        return None
    newness, loss = (_within(cluster_ids, values) for values in (is_new.astype(float), losses))
    weight = float(newness @ newness)
    if not weight:
        return None
    change = float(newness @ loss) / weight
    error = float(np.linalg.norm(newness * (loss - change * newness))) / weight
    if not error:
        return None
    moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Drift("", moment, n_newer, n_older, change, error)


def _within(cluster_ids: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the mean of its cluster from each value."""
    _, places = np.unique(cluster_ids, return_inverse=True)
    return values - (np.bincount(places, values) / np.bincount(places))[places]
