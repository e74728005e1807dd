"""The routing policy: which model answers a text, given what is expected of each.

One function decides for single requests, for the certificate, for evaluation and for analysts'
previews: what is certified is what is served. A policy is any frozen class with the method of
`Policy`; the contract tests find it by that method.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from semroute.decision import Reason

LabelReason = Literal["matched", "insufficient_evidence"]

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST_PAIRS = 5
"""Queries of the nearest cluster scored with both a model and the frontier, for it to be chosen."""

NO_OVERRIDE = -1

EQUAL_COSTS = 1e-9
"""Costs that differ by a smaller share are equal: blending equal prices may round them apart."""

REASONS: tuple[Reason, ...] = ("matched", "insufficient_evidence", "override", "ood", "too_long")
_MATCHED, _INSUFFICIENT, _OVERRIDE, _OOD, _TOO_LONG = range(5)

CHARACTERS_PER_TOKEN = 2
"""Assumed when a request is compared with a context window; few, to be careful."""


@dataclass(frozen=True)
class Traffic:
    """Texts as a policy sees them; n rows, models in the order of the config.

    `cluster_ids` (n,) and `similarities` (n,) are those of the nearest cluster; `losses` and
    `costs_usd` (n, n_models) are expected, losses NaN where nothing is known; `n_chars` (n,) is the
    length of the whole request.
    """

    cluster_ids: Integers
    similarities: NDArray[np.floating]
    losses: Numbers
    costs_usd: Numbers
    n_chars: Integers


@dataclass(frozen=True)
class Choices:
    """The model's column for each text, and why: an index into `REASONS`; both (n,)."""

    columns: Integers
    reasons: Integers


class Policy(Protocol):
    """Chooses a model for every text; the frontier wherever the evidence does not carry."""

    def choose(self, traffic: Traffic) -> Choices:
        """Return one choice per row; each is independent of the other rows."""
        ...


@dataclass(frozen=True)
class RoutingPolicy:
    """The cheapest model whose expected loss is at most `tolerance`.

    1. A text less similar than `ood_threshold` to its nearest cluster goes to the frontier.
    2. An analyst's label of the nearest cluster wins.
    3. Else the cheapest model that is cheaper than the frontier, is expected to lose at most
       `tolerance`, and was measured on the nearest cluster. Of equally cheap ones the one expected
       to lose less. None: the frontier.
    4. A request that may not fit the chosen model's context window goes to the frontier.

    `frontier` is a column; `tolerance` None trusts no estimate; `measured` is bool (n_clusters,
    n_models); `overrides` int64 (n_clusters,), columns or `NO_OVERRIDE`; `windows` (n_models,) in
    tokens, infinite where unlimited.
    """

    frontier: int
    tolerance: float | None
    measured: NDArray[np.bool_]
    overrides: Integers
    ood_threshold: float
    windows: Numbers

    def choose(self, traffic: Traffic) -> Choices:
        """Return one choice per row; each is independent of the other rows."""
        columns = self._cheapest(traffic)
        reasons = np.where(columns == self.frontier, _INSUFFICIENT, _MATCHED)
        if self._has_overrides:
            chosen = self.overrides[traffic.cluster_ids]
            columns = np.where(chosen == NO_OVERRIDE, columns, chosen)
            reasons = np.where(chosen == NO_OVERRIDE, reasons, _OVERRIDE)
        if self._has_windows:
            too_long = traffic.n_chars / CHARACTERS_PER_TOKEN > self.windows[columns]
            columns = np.where(too_long, self.frontier, columns)
            reasons = np.where(too_long, _TOO_LONG, reasons)
        known = traffic.similarities >= self.ood_threshold  # False for NaN
        columns = np.where(known, columns, self.frontier)
        reasons = np.where(known, reasons, _OOD)
        return Choices(columns.astype(np.int64), reasons.astype(np.int64))

    @cached_property
    def _has_overrides(self) -> bool:
        return bool((self.overrides != NO_OVERRIDE).any())

    @cached_property
    def _has_windows(self) -> bool:
        return bool(np.isfinite(self.windows).any())

    def _cheapest(self, traffic: Traffic) -> Integers:
        if self.tolerance is None:
            return np.full(len(traffic.losses), self.frontier)
        costs = traffic.costs_usd
        eligible = (
            self.measured.take(traffic.cluster_ids, axis=0)
            & (traffic.losses <= self.tolerance)
            & (costs < costs[:, self.frontier, None] * (1 - EQUAL_COSTS))
        )
        prices = np.where(eligible, costs, self._else_the_frontier)
        least = np.minimum.reduce(prices, axis=1, keepdims=True)
        is_best = prices <= least * (1 + EQUAL_COSTS)
        return np.asarray(np.where(is_best, traffic.losses, np.inf).argmin(axis=1))

    @cached_property
    def _else_the_frontier(self) -> Numbers:
        """Prices of what is not eligible: all too high, the frontier's least so."""
        prices = np.full(len(self.windows), np.inf)
        prices[self.frontier] = np.finfo(np.float64).max / 2
        return prices
