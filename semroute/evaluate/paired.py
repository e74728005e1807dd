"""What a way of choosing models scores and costs, with intervals, where scores have holes.

Every mean score is the frontier's mean less a mean paired loss: the frontier's score minus the
chosen model's, on queries that have both. The loss is averaged within the queries a strategy sends
to one model and then weighed by how many those are, so that a model with few scores neither gains
nor loses by its holes. Where nothing a strategy sends to a model has both scores, the model's mean
loss on the whole set stands in; where that is unknown too, so is the strategy's score.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from semroute.evaluate.frozen import FrozenSet, Numbers, taken

CONFIDENCE = 0.95
MOST_RESAMPLES = 1000
FEWEST_RESAMPLES = 200
MOST_WEIGHTS = 20_000_000
"""Resamples times queries that are held in memory at once: 160 MB."""


@dataclass(frozen=True)
class Interval:
    """An estimate and its two-sided 95% bootstrap interval (percentiles)."""

    value: float
    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """Whether the data cannot tell it from 0."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Draws:
    """A strategy's figures on the set itself (the first) and on every resample, shape (n_draws,).

    `score` and `loss` are NaN if the models it chooses were never scored beside the frontier.
    """

    score: Numbers
    loss: Numbers
    cost_usd: Numbers
    saving: Numbers
    frontier_share: Numbers


def interval(draws: Numbers) -> Interval | None:
    """Summarise draws, the first of which is the estimate; None where it is unknown."""
    if not np.isfinite(draws[0]):
        return None
    return known_interval(draws)


def score_interval(draws: Numbers) -> Interval | None:
    """Summarise mean scores; with holes in the scores a draw may leave 0 to 1 and is cut."""
    return interval(np.clip(draws, 0.0, 1.0))


def known_interval(draws: Numbers) -> Interval:
    """Summarise draws whose first is known."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws[np.isfinite(draws)], (tail, 1 - tail))
    return Interval(float(draws[0]), float(low), float(high))


@dataclass(frozen=True)
class PairedBootstrap:
    """A frozen set and the resamples all strategies are judged on.

    `weights` has shape (n_draws, n): how often each query was drawn, once each in row 0.
    """

    frozen: FrozenSet
    weights: Numbers

    @property
    def n_resamples(self) -> int:
        """How many resamples there are, the set itself not counted."""
        return len(self.weights) - 1

    @cached_property
    def _known(self) -> NDArray[np.bool_]:
        return np.isfinite(self.frozen.losses)

    @cached_property
    def _loss(self) -> Numbers:
        return np.where(self._known, self.frozen.losses, 0.0)

    @cached_property
    def _size(self) -> Numbers:
        return np.asarray(self.weights.sum(axis=1))

    @cached_property
    def frontier_score(self) -> Numbers:
        """The frontier's mean score in each draw."""
        scores = self.frozen.scores[:, self.frozen.frontier_column]
        known = np.isfinite(scores)
        return _ratio(self.weights @ np.where(known, scores, 0.0), self.weights @ known)

    @cached_property
    def frontier_cost_usd(self) -> Numbers:
        """The frontier's mean cost per request in each draw."""
        costs = self.frozen.costs_usd[:, self.frozen.frontier_column]
        return _ratio(self.weights @ costs, self._size)

    @cached_property
    def _overall_loss(self) -> Numbers:
        return _ratio(self.weights @ self._loss, self.weights @ self._known)

    def draws(self, shares: Numbers) -> Draws:
        """Judge a strategy.

        Args:
            shares: shape (n, n_models), each row summing to 1: how often the strategy answers the
                query with each model; `chosen_shares` makes them of plain choices.
        """
        used = np.flatnonzero(shares.any(axis=0))
        part = shares[:, used]
        spent = (part * self.frozen.costs_usd[:, used]).sum(axis=1)
        to_frontier = shares[:, self.frozen.frontier_column]
        sums = self.weights @ np.column_stack(
            [part, part * self._known[:, used], part * self._loss[:, used], spent, to_frontier]
        )
        sent, known, total = np.split(sums[:, :-2], 3, axis=1)
        lost = _ratio(total, known)
        lost = np.where(known > 0, lost, self._overall_loss[:, used])
        loss = _ratio(np.where(sent > 0, sent * lost, 0.0).sum(axis=1), self._size)
        cost = _ratio(sums[:, -2], self._size)
        return Draws(
            score=self.frontier_score - loss,
            loss=loss,
            cost_usd=cost,
            saving=self._saving(cost),
            frontier_share=_ratio(sums[:, -1], self._size),
        )

    def _saving(self, cost: Numbers) -> Numbers:
        """Return the saved share of the frontier's cost; nothing is saved of nothing."""
        whole = self.frontier_cost_usd
        with np.errstate(invalid="ignore", divide="ignore"):
            saved = np.where(whole == 0, 0.0, 1 - cost / whole)
        return np.where(np.abs(saved) < 1e-12, 0.0, saved)

    def part(self, rows: NDArray[np.int64]) -> "PairedBootstrap":
        """Return the same resamples as seen by some of the queries."""
        return PairedBootstrap(taken(self.frozen, rows), self.weights[:, rows])

    def first(self, n_resamples: int) -> "PairedBootstrap":
        """Return the set with fewer resamples, for what is dear to work out."""
        return PairedBootstrap(self.frozen, self.weights[: n_resamples + 1])

    def n_unscored(self, shares: Numbers) -> int:
        """Count queries that may go to a model without a score beside the frontier's."""
        return int((~self._known & (shares > 0)).any(axis=1).sum())


def resample(frozen: FrozenSet, seed: int = 0) -> PairedBootstrap:
    """Draw the resamples: queries with replacement, near duplicates together.

    A cluster bootstrap: Davison and Hinkley, "Bootstrap Methods and their Application", 1997,
    section 3.8. There are `MOST_RESAMPLES`, fewer for a large set (never under `FEWEST_RESAMPLES`).
    """
    rng = np.random.default_rng(seed)
    n_resamples = int(np.clip(MOST_WEIGHTS // len(frozen.texts), FEWEST_RESAMPLES, MOST_RESAMPLES))
    n_groups = int(frozen.groups.max()) + 1
    drawn = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_resamples)
    weights = np.concatenate([np.ones((1, n_groups)), drawn])
    return PairedBootstrap(frozen, np.ascontiguousarray(weights[:, frozen.groups]))


def chosen_shares(columns: NDArray[np.int64], n_models: int) -> Numbers:
    """Turn one model per query, shape (n,), into shares of shape (n, n_models)."""
    return np.asarray(np.eye(n_models)[columns])


def _ratio(top: Numbers, bottom: NDArray[np.float64] | NDArray[np.bool_]) -> Numbers:
    """Divide; NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)
