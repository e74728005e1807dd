"""Whether what a model loses has changed over the time of the log.

A provider changes a model, an owner its prompt: the scores from before then say what is true no
more, and in the mean with those from after they hide it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEWEST_SHARES = (0.5, 0.25, 0.1)
"""Of a model's scored queries, set against those from before."""

FEWEST_SCORED = 30
"""On either side; fewer say too little."""

FEWEST_LOSSES = 5
"""Queries with a loss or a gain that the smaller side may be expected to have, likewise."""

LEVEL = 0.01
"""Of finding a change in any model where there is none."""


@dataclass(frozen=True)
class Drift:
    """A model whose loss against the frontier has changed; of the frontier itself, its score.

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
    change. Where nothing has changed, any of a cluster's queries might as well be the newer ones:
    the variance is that of drawing them (Mantel, "Chi-square tests with one degree of freedom;
    extensions of the Mantel-Haenszel procedure", Journal of the American Statistical Association
    58, 1963), and as losses are rare the skewness counts too (Cornish and Fisher, 1938). As many
    tests are made, each is at its part of `LEVEL` (Bonferroni).

    Args:
        losses: against the frontier, (n, n_models), NaN where unknown; of the frontier itself its
            scores below zero.
        cluster_ids: of the nearest clusters, (n,).
        asked_at: seconds since 1970, (n,); NaN where unknown.
        models: their names.
    """
    from scipy.stats import norm

    # A model that never loses anything cannot have changed.
    columns = np.flatnonzero(np.nan_to_num(losses).any(axis=0)).tolist()
    if not columns:
        return ()
    bar = float(norm.isf(LEVEL / 2 / (len(columns) * len(NEWEST_SHARES))))
    found = []
    for column in columns:
        rows = np.flatnonzero(np.isfinite(losses[:, column]) & np.isfinite(asked_at))
        drifts = [
            compared
            for share in NEWEST_SHARES
            if (compared := _drift(losses[rows, column], cluster_ids[rows], asked_at[rows], share))
        ]
        strongest = max(drifts, key=lambda one: abs(one.deviations), default=None)
        if strongest and abs(strongest.deviations) > bar:
            found.append(strongest.of(models[column]))
    return tuple(found)


class _Found(NamedTuple):
    """A change, and how many standard deviations of a normal one it lies from none."""

    since: float
    n_newer: int
    n_older: int
    change: float
    standard_error: float
    deviations: float

    def of(self, model: str) -> Drift:
        moment = datetime.fromtimestamp(self.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        sizes = (self.n_newer, self.n_older)
        return Drift(model, moment, *sizes, self.change, self.standard_error)


def _drift(
    losses: NDArray[np.float64],
    cluster_ids: NDArray[np.int64],
    asked_at: NDArray[np.float64],
    share: float,
) -> _Found | None:
    """Compare the newest queries with the others; None if there is too little to compare."""
    later = asked_at[asked_at > asked_at.min()] if len(asked_at) else asked_at
    if not len(later):
        return None
    # Of queries of one moment, such as a day, all are newer or none.
    since = max(float(np.quantile(asked_at, 1 - share, method="higher")), float(later.min()))
    is_new = asked_at >= since
    n_newer, n_older = int(is_new.sum()), int((~is_new).sum())
    n_fewer = min(n_newer, n_older)
    n_losses_expected = n_fewer * np.count_nonzero(losses) / len(losses)
    if n_fewer < FEWEST_SCORED or n_losses_expected < FEWEST_LOSSES:
        return None
    compared = _compared(losses, cluster_ids, is_new.astype(np.float64))
    return None if compared is None else _Found(since, n_newer, n_older, *compared)


def _compared(
    losses: NDArray[np.float64], cluster_ids: NDArray[np.int64], is_new: NDArray[np.float64]
) -> tuple[float, float, float] | None:
    """Return the change within clusters, its standard error, and how far it is from chance."""
    _, places = np.unique(cluster_ids, return_inverse=True)
    n, n_new = np.bincount(places), np.bincount(places, is_new)
    from_mean = losses - (np.bincount(places, losses) / n)[places]
    squares, cubes = (np.bincount(places, from_mean**power) for power in (2, 3))
    # Moments of the sum of `n_new` losses drawn from the `n` of a cluster, without replacement.
    drawn = n_new * (n - n_new) / n
    weight, variance = float(drawn.sum()), float((drawn * squares / np.maximum(n - 1, 1)).sum())
    if not weight or not variance > 0:
        return None
    third = drawn * (n - 2 * n_new) * cubes / np.maximum((n - 1) * (n - 2), 1)
    total, skewness = float(is_new @ from_mean), float(third.sum()) / variance**1.5
    deviations = total / math.sqrt(variance)
    corrected = deviations - skewness * (deviations**2 - 1) / 6
    return total / weight, math.sqrt(variance) / weight, corrected
