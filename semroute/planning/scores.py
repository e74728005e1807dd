"""Which scores to buy next: query and model pairs that tighten the policy most.

Half of a budget goes to the queries a build holds out for its certificate, drawn at random so that
they stay like the traffic: the frontier and the models that may answer them, because a row without
these tells nothing, or counts as the worst case where most lack them. The other half goes to the
queries a build fits on, where a few scores may change a label: large clusters whose expected loss
is near the tolerance.

Source of the second half: the knowledge gradient of Frazier, Powell and Dayanik, "A
knowledge-gradient policy for sequential information collection" (SIAM Journal on Control and
Optimization 47, 2008).
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from semroute.certificate import Certificate
from semroute.evidence import estimate_loss, measure

Numbers = NDArray[np.float64]

CALIBRATION_SHARE = 0.5
PAIRS_AT_ONCE = 5
MOST_TOLERATED = 2
"""Times the tolerance in force: a model that may lose less than that may come to answer."""

LOSS_VARIANCE = 0.2
"""Of one paired loss, to foresee what more of them will tell; scores of 0 and 1 have about that."""

UNKNOWN_LOSS, UNKNOWN_ERROR = 0.1, 0.3
"""What is assumed of a model never scored beside the frontier."""

Purpose = Literal["certificate", "label"]


@dataclass(frozen=True)
class ScoredLog:
    """A query log with the scores there are so far, row by row.

    `cluster_ids` (n,) are the nearest clusters of `n_clusters`; `fit` (n,) the rows a build fits
    on; `scores` and `costs_usd` (n, n_models), NaN where unknown in `scores`, never in `costs_usd`;
    `expected_losses` the same shape, of the index, NaN where it knows nothing. `labelled`
    (n_clusters,) is the column of the model an analyst chose for a cluster, -1 where none did.
    """

    cluster_ids: NDArray[np.int64]
    n_clusters: int
    fit: NDArray[np.bool_]
    scores: Numbers
    costs_usd: Numbers
    expected_losses: Numbers
    labelled: NDArray[np.int64]
    models: tuple[str, ...]
    frontier: str

    @property
    def frontier_column(self) -> int:
        """The column of the frontier model."""
        return self.models.index(self.frontier)


@dataclass(frozen=True)
class PlannedScore:
    """A score worth buying: a row and a column of the log, and what for.

    `value` is the part of all traffic's mean score that a label may stop to waste, 0 for a score
    that serves the certificate.
    """

    row: int
    column: int
    purpose: Purpose
    value: float


@dataclass(frozen=True)
class Portion:
    """What the scores up to a hundred are expected to buy; the first, of none, is what there is.

    `n_pairs` counts held-out queries scored with the frontier and another model, by the share of
    the models that are scored among those that a policy may choose for the query; `bound_width`
    is about how far the certificate then has to stay above the mean loss it sees; `label_value`
    adds up `value` of all scores so far.
    """

    n_scores: int
    n_pairs: int
    bound_width: float | None
    label_value: float


def plan_scores(
    log: ScoredLog,
    budget: int,
    *,
    tolerance: float,
    confidence: float,
    accepted: Numbers | float = 0.0,
    seed: int = 0,
) -> tuple[PlannedScore, ...]:
    """Choose up to `budget` missing scores, the most useful first.

    Args:
        log: the query log.
        budget: how many scores may be bought.
        tolerance: the mean loss at which a label changes.
        confidence: of the bounds.
        accepted: the expected loss that the policy in force accepts of each model on each query,
            (n, n_models), or one for all.
        seed: of the order in which held-out queries are taken.
    """
    outlook = _outlook(log, tolerance, confidence)
    wanted = may_answer(log, tolerance=tolerance, confidence=confidence, accepted=accepted)
    rng = np.random.default_rng(seed)
    certificate, label = _for_certificate(log, wanted, rng), _for_labels(log, outlook, rng)
    planned: list[PlannedScore] = []
    n_certificate = 0
    taken: set[tuple[int, int]] = set()
    while len(planned) < budget:
        wants_certificate = n_certificate <= CALIBRATION_SHARE * len(planned)
        first, second = (certificate, label) if wants_certificate else (label, certificate)
        group = next(first, None) or next(second, None)
        if group is None:
            break
        new = [one for one in group if (one.row, one.column) not in taken]
        taken |= {(one.row, one.column) for one in new}
        n_certificate += sum(one.purpose == "certificate" for one in new)
        planned += new
    return tuple(planned[:budget])


@dataclass(frozen=True)
class _Outlook:
    """What is expected of each cluster and model, (n_clusters, n_models).

    `mean` and `error` are of the loss, `saving` the share of the frontier's cost, `share` (n,) of
    the traffic; `answers` whether a policy may come to choose the model.
    """

    mean: Numbers
    error: Numbers
    saving: Numbers
    share: Numbers
    answers: NDArray[np.bool_]
    tolerance: float


def _outlook(log: ScoredLog, tolerance: float, confidence: float) -> _Outlook:
    from scipy.stats import norm

    fitted = measure(
        log.scores[log.fit],
        log.costs_usd[log.fit],
        log.cluster_ids[log.fit],
        log.n_clusters,
        log.models,
        log.frontier,
    )
    estimate = estimate_loss(fitted, confidence)
    quantile = max(float(norm.ppf(confidence)), 0.1)
    bounded = np.isfinite(estimate.upper_bound)
    mean = np.where(bounded, estimate.expected_loss, UNKNOWN_LOSS)
    error = np.where(bounded, (estimate.upper_bound - mean) / quantile, UNKNOWN_ERROR)
    costs = log.costs_usd.mean(axis=0)
    per_cluster = np.where(np.isfinite(fitted.mean_cost_usd), fitted.mean_cost_usd, costs)
    dearest = per_cluster[:, [log.frontier_column]]
    saving = np.clip(dearest - per_cluster, 0, None) / np.maximum(dearest, 1e-12)
    size = np.bincount(log.cluster_ids, minlength=log.n_clusters)
    # Without any evidence of a model its place among the others is unknown: it may answer anywhere.
    is_unknown = ~bounded.any(axis=0) & (saving > 0)
    chance = norm.cdf((tolerance - mean) / np.maximum(error, 1e-9))
    answers = (
        ((mean - error <= MOST_TOLERATED * tolerance) & (saving > 0))
        | is_unknown
        | np.eye(len(log.models), dtype=bool)[(saving * chance).argmax(axis=1)]
    )
    # What an analyst chose answers, whatever more scores would say.
    chosen = np.arange(len(log.models)) == log.labelled[:, None]
    answers = np.where(log.labelled[:, None] >= 0, chosen, answers)
    return _Outlook(
        mean=mean,
        error=error,
        saving=saving,
        share=size / max(size.sum(), 1),
        answers=answers | (np.arange(len(log.models)) == log.frontier_column),
        tolerance=tolerance,
    )


def may_answer(
    log: ScoredLog, *, tolerance: float, confidence: float, accepted: Numbers | float = 0.0
) -> NDArray[np.bool_]:
    """Say which models a policy may choose for each query, (n, n_models).

    They are those that may answer its cluster, and those the index expects to do well on the text
    itself: where its estimates send a request counts, whatever the rest of the cluster is like.
    The arguments are those of `plan_scores`.
    """
    outlook = _outlook(log, tolerance, confidence)
    most_expected = np.maximum(MOST_TOLERATED * tolerance, accepted)
    is_free = log.labelled[log.cluster_ids, None] < 0
    saves = is_free & (outlook.saving[log.cluster_ids] > 0)
    return outlook.answers[log.cluster_ids] | (saves & (log.expected_losses <= most_expected))


def _for_certificate(
    log: ScoredLog, wanted: NDArray[np.bool_], rng: np.random.Generator
) -> Iterator[list[PlannedScore]]:
    """Complete held-out queries at random, those with any score first: half a row is the worst.

    Those the frontier answers are taken too: without them the rest would not be like the traffic.
    """
    rows = rng.permutation(np.flatnonzero(~log.fit))
    begun = np.isfinite(log.scores[rows]).any(axis=1)
    for row in (*rows[begun], *rows[~begun]):
        missing = np.flatnonzero(wanted[row] & np.isnan(log.scores[row])).tolist()
        if missing:
            yield [PlannedScore(int(row), column, "certificate", 0.0) for column in missing]


def _for_labels(
    log: ScoredLog, outlook: _Outlook, rng: np.random.Generator
) -> Iterator[list[PlannedScore]]:
    """Give out pairs of scores a few at a time, always where they are worth most a score."""
    queues: dict[tuple[int, int], NDArray[np.int64]] = {}
    is_free = log.labelled[:, None] < 0
    lacks = np.isnan(log.scores)
    for cluster, column in np.argwhere(is_free & (outlook.saving > 0)).tolist():
        is_pair_open = lacks[:, column] | lacks[:, log.frontier_column]
        rows = np.flatnonzero(log.fit & (log.cluster_ids == cluster) & is_pair_open)
        queues[cluster, column] = _cheapest_first(log, column, rng.permutation(rows))
    errors = outlook.error.copy()
    waiting: list[tuple[float, int, int]] = [
        (-_value(outlook, errors, *cell), *cell) for cell in queues
    ]
    heapq.heapify(waiting)
    while waiting:
        value, cluster, column = heapq.heappop(waiting)
        pair = [column, log.frontier_column]
        # The frontier's score may have been bought since, for another model.
        queue = queues[cluster, column]
        queue = queue[lacks[queue][:, pair].any(axis=1)]
        rows, queues[cluster, column] = queue[:PAIRS_AT_ONCE], queue[PAIRS_AT_ONCE:]
        if not len(rows) or value >= 0:
            continue
        new = [(int(row), one) for row in rows for one in pair if lacks[row, one]]
        lacks[rows[:, None], pair] = False
        yield [PlannedScore(*cell, "label", -value / len(new)) for cell in new]
        n_before = LOSS_VARIANCE / max(errors[cluster, column], 1e-6) ** 2
        errors[cluster, column] = math.sqrt(LOSS_VARIANCE / (n_before + len(rows)))
        heapq.heappush(waiting, (-_value(outlook, errors, cluster, column), cluster, column))


def _cheapest_first(log: ScoredLog, column: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put queries first that lack one score of the pair instead of two."""
    n_lacking = np.isnan(log.scores[rows][:, [column, log.frontier_column]]).sum(axis=1)
    return rows[np.argsort(n_lacking, kind="stable")]


def _value(outlook: _Outlook, errors: Numbers, cluster: int, column: int) -> float:
    """Return the knowledge gradient of a few more pairs, weighed by traffic and saving.

    With distance d of the expected loss to the tolerance, and standard deviation s of how far new
    pairs will move it, the label improves by s * phi(d / s) - |d| * Phi(-|d| / s) on average.
    """
    from scipy.special import ndtr

    error = max(float(errors[cluster, column]), 1e-6)
    n_before = LOSS_VARIANCE / error**2
    moved = error * math.sqrt(PAIRS_AT_ONCE / (n_before + PAIRS_AT_ONCE))
    away = abs(outlook.tolerance - float(outlook.mean[cluster, column])) / moved
    density = math.exp(-(away**2) / 2) / math.sqrt(2 * math.pi)
    gradient = moved * (density - away * float(ndtr(-away)))
    return float(outlook.share[cluster] * outlook.saving[cluster, column]) * gradient


def loss_variance(certificate: Certificate | None) -> float:
    """Return the variance of a request's loss that a certificate's bound shows.

    A policy that leaves everything to the frontier shows none: then `LOSS_VARIANCE` is assumed.
    """
    if certificate is None or certificate.upper_bound <= certificate.mean_loss:
        return LOSS_VARIANCE
    if certificate.tolerance is None or not certificate.n_queries:
        return LOSS_VARIANCE
    margin = certificate.upper_bound - certificate.mean_loss
    return margin**2 * certificate.n_queries / (2 * -math.log(1 - certificate.confidence))


def portions(
    log: ScoredLog,
    planned: Sequence[PlannedScore],
    wanted: NDArray[np.bool_],
    confidence: float,
    variance: float = LOSS_VARIANCE,
    size: int = 100,
) -> tuple[Portion, ...]:
    """Say what there is, and what every `size` scores of a plan are expected to buy.

    The first portion is of no scores: the margin before any is bought. `wanted` is what
    `may_answer` says, `variance` that of the losses the certificate will see.
    """
    known, frontier = np.isfinite(log.scores), log.frontier_column
    cheap = (np.arange(len(log.models)) != frontier) & wanted & ~log.fit[:, None]
    weights = cheap / np.maximum(cheap.sum(axis=1, keepdims=True), 1)

    def portion(n_scores: int) -> Portion:
        # Rounded first: thirds of a query add up to a little less than one.
        n_pairs = int(round(float((weights * known * known[:, [frontier]]).sum()), 6))
        width = math.sqrt(2 * -math.log(1 - confidence) * variance / n_pairs) if n_pairs else None
        return Portion(n_scores, n_pairs, width, sum(one.value for one in planned[:n_scores]))

    found = [portion(0)]
    for start in range(0, len(planned), size):
        part = planned[start : start + size]
        known[[one.row for one in part], [one.column for one in part]] = True
        found.append(portion(start + len(part)))
    return tuple(found)
