"""The routing policy: which model answers a text, given what is expected of each.

One policy decides for single requests, for the certificate, for evaluation and for analysts'
previews: what is certified is what is served. A policy is any frozen class with the methods of
`Policy`; the contract tests find it by them, and hold one text to the choice of a table's row.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from semroute.decision import Reason
from semroute.ood import OODRule

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

LEAST_TOLERANCE = 1e-9
"""For saving a usual request: of models expected to lose the same the cheaper is always better."""

MOST_USUAL_COSTS = 3.0
"""A request that costs more than so many usual ones counts as so many when loss is traded for cost.

Of the longest requests the encoder sees least: no saving pays for whatever they may lose
(decision 7).
"""

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

    def rows(self, rows: Integers) -> "Traffic":
        """Return some of the texts."""
        return Traffic(*(part[rows] for part in vars(self).values()))


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

    def knows(self, similarity: float) -> bool:
        """Say whether a text this similar to its nearest cluster is known; else it is `ood`."""
        ...

    def choose_one(
        self,
        cluster_id: int,
        similarity: float,
        losses: Sequence[float],
        costs_usd: Sequence[float],
        n_chars: int,
    ) -> tuple[int, Reason]:
        """Return the same for one text, its column and reason; what serves calls this."""
        ...


@dataclass(frozen=True)
class RoutingPolicy:
    """The model that trades score for cost best, at the price `tolerance`.

    1. A text that `ood_rule` does not know, by its similarity to the nearest cluster, goes to the
       frontier.
    2. An analyst's label of the nearest cluster wins.
    3. Else the model of largest price * expected saving - expected loss, among the models that are
       cheaper than the frontier and were measured on the nearest cluster; the frontier if that is
       below 0 for all of them. The price is such that saving `usual_cost_usd`, what the frontier
       costs on a usual request, pays for `tolerance`: a model that saves half of that may be
       expected to lose half of `tolerance`. A request that costs the frontier more than
       `most_cost_usd` counts as one of that cost. A tolerance below 0 asks for a gain of as much.
    4. A request that may not fit the context window of the model of 3 goes to the best of those it
       fits; one that may not fit the analyst's model goes to the frontier.

    Without `most_cost_usd` no rule saves more for the same expected loss (decision 4). A larger
    tolerance never chooses a dearer model, nor, above 0, one that is expected to lose less.

    `frontier` is a column; `tolerance` None trusts no estimate; `measured` is bool (n_clusters,
    n_models); `overrides` int64 (n_clusters,), columns or `NO_OVERRIDE`; `windows` (n_models,) in
    tokens, infinite where unlimited. `usual_cost_usd` 0: no saving pays for a loss.
    `most_cost_usd` is infinite where the frontier's cost goes by topic only. Without
    `passes_on_too_long` the frontier gets all that may not fit, as before format 7.
    """

    frontier: int
    tolerance: float | None
    measured: NDArray[np.bool_]
    overrides: Integers
    ood_rule: OODRule
    windows: Numbers
    usual_cost_usd: float
    most_cost_usd: float = math.inf
    passes_on_too_long: bool = True

    def choose(self, traffic: Traffic) -> Choices:
        """Return one choice per row; each is independent of the other rows."""
        columns = self._best(traffic)
        reasons = np.where(columns == self.frontier, _INSUFFICIENT, _MATCHED)
        if self._has_overrides:
            chosen = self.overrides[traffic.cluster_ids]
            columns = np.where(chosen == NO_OVERRIDE, columns, chosen)
            reasons = np.where(chosen == NO_OVERRIDE, reasons, _OVERRIDE)
        if self._has_windows:
            columns, reasons = self._within_windows(traffic, columns, reasons)
        unknown = self.ood_rule.is_unknown(traffic.similarities)
        columns = np.where(unknown, self.frontier, columns)
        reasons = np.where(unknown, _OOD, reasons)
        return Choices(columns.astype(np.int64), reasons.astype(np.int64))

    def without(self, columns: Sequence[int]) -> "RoutingPolicy":
        """Return the policy that never chooses these models, unless an analyst did."""
        measured = self.measured.copy()
        measured[:, list(columns)] = False
        return replace(self, measured=measured)

    def knows(self, similarity: float) -> bool:
        """Say whether `ood_rule` knows a text this similar to its nearest cluster."""
        return not self.ood_rule.is_unknown_one(similarity)

    def choose_one(
        self,
        cluster_id: int,
        similarity: float,
        losses: Sequence[float],
        costs_usd: Sequence[float],
        n_chars: int,
    ) -> tuple[int, Reason]:
        """Choose as `choose` does, without numpy: on one text its calls take most of the time."""
        if self.ood_rule.is_unknown_one(similarity):
            return self.frontier, "ood"
        reason: Reason = "override"
        column = self._overrides_listed[cluster_id]
        if column == NO_OVERRIDE:
            column = self._best_one(self._measured_listed[cluster_id], losses, costs_usd)
            reason = "insufficient_evidence" if column == self.frontier else "matched"
        if n_chars / CHARACTERS_PER_TOKEN <= self._windows_listed[column]:
            return column, reason
        if reason == "matched" and self.passes_on_too_long:
            fitting = self._fitting(self._measured_listed[cluster_id], n_chars)
            column = self._best_one(fitting, losses, costs_usd)
            if column != self.frontier:
                return column, "matched"
        return self.frontier, "too_long"

    def _fitting(self, columns: Sequence[int], n_chars: int) -> list[int]:
        """Return those of the models whose context window a request of this length fits."""
        n_tokens = n_chars / CHARACTERS_PER_TOKEN
        return [column for column in columns if n_tokens <= self._windows_listed[column]]

    def _best_one(
        self, measured: Sequence[int], losses: Sequence[float], costs_usd: Sequence[float]
    ) -> int:
        best, most = self.frontier, -math.inf
        if self.tolerance is None:
            return best
        of_frontier = costs_usd[self.frontier]
        price = self._price_one(of_frontier)
        for column in measured:
            saved = of_frontier - costs_usd[column]
            gain = price * saved - losses[column]
            if gain >= self._least_gain and gain > most and saved > EQUAL_COSTS * of_frontier:
                best, most = column, gain
        return best

    @cached_property
    def _overrides_listed(self) -> list[int]:
        return list(self.overrides.tolist())

    @cached_property
    def _windows_listed(self) -> list[float]:
        return list(self.windows.tolist())

    @cached_property
    def _measured_listed(self) -> list[list[int]]:
        return [np.flatnonzero(row).tolist() for row in self.measured]

    @cached_property
    def _has_overrides(self) -> bool:
        return bool((self.overrides != NO_OVERRIDE).any())

    @cached_property
    def _has_windows(self) -> bool:
        return bool(np.isfinite(self.windows).any())

    def accepted_losses(self, costs_usd: Numbers) -> Numbers:
        """Return the expected loss up to which each model beats the frontier, (n, n_models).

        `costs_usd` are expected, of the same shape. NaN for a model that is never chosen.
        """
        of_frontier = costs_usd[:, self.frontier, None]
        saved = of_frontier - costs_usd
        possible = (saved > EQUAL_COSTS * of_frontier) & (self.tolerance is not None)
        return np.where(possible, self._prices(of_frontier) * saved - self._least_gain, np.nan)

    def accepted_one(self, cluster_id: int, costs_usd: Sequence[float]) -> list[float | None]:
        """Return the same for a text of one cluster, without numpy.

        None instead of NaN, and for a model that was not measured there.
        """
        accepted: list[float | None] = [None] * len(costs_usd)
        if self.tolerance is None:
            return accepted
        of_frontier = costs_usd[self.frontier]
        price, least_gain = self._price_one(of_frontier), self._least_gain
        least_saved = EQUAL_COSTS * of_frontier
        for column in self._measured_listed[cluster_id]:
            saved = of_frontier - costs_usd[column]
            if saved > least_saved:
                accepted[column] = price * saved - least_gain
        return accepted

    def _within_windows(
        self, traffic: Traffic, columns: Integers, reasons: Integers
    ) -> tuple[Integers, Integers]:
        """Give requests that may not fit their model to another one."""
        fits = traffic.n_chars[:, None] / CHARACTERS_PER_TOKEN <= self.windows
        too_long = ~np.take_along_axis(fits, columns[:, None], axis=1)[:, 0]
        passed_on = np.flatnonzero(too_long & (reasons == _MATCHED) & self.passes_on_too_long)
        columns = np.where(too_long, self.frontier, columns)
        if len(passed_on):
            fitting = replace(traffic, losses=np.where(fits, traffic.losses, np.nan))
            columns[passed_on] = self._best(fitting.rows(passed_on))
        return columns, np.where(too_long & (columns == self.frontier), _TOO_LONG, reasons)

    def _best(self, traffic: Traffic) -> Integers:
        if self.tolerance is None:
            return np.full(len(traffic.losses), self.frontier)
        of_frontier = traffic.costs_usd[:, self.frontier, None]
        saved = of_frontier - traffic.costs_usd
        gains = self._prices(of_frontier) * saved - traffic.losses
        eligible = (
            self.measured.take(traffic.cluster_ids, axis=0)
            & (gains >= self._least_gain)
            & (saved > EQUAL_COSTS * of_frontier)
        )
        return np.asarray(np.where(eligible, gains, self._else_the_frontier).argmax(axis=1))

    def _prices(self, of_frontier: Numbers) -> Numbers:
        """Return the expected loss that pays for a dollar saved on requests of these costs."""
        counted = np.minimum(of_frontier, self.most_cost_usd)
        whole = np.ones_like(of_frontier)
        return self._price * np.divide(counted, of_frontier, out=whole, where=of_frontier > 0)

    def _price_one(self, of_frontier: float) -> float:
        """Return the same for one request."""
        if of_frontier <= self.most_cost_usd:
            return self._price
        return self._price * (self.most_cost_usd / of_frontier)

    @cached_property
    def _price(self) -> float:
        """Expected loss that pays for a dollar saved on a usual request."""
        tolerated = max(self.tolerance or 0.0, LEAST_TOLERANCE)
        return tolerated / self.usual_cost_usd if self.usual_cost_usd else 0.0

    @cached_property
    def _least_gain(self) -> float:
        return max(-(self.tolerance or 0.0), 0.0)

    @cached_property
    def _else_the_frontier(self) -> Numbers:
        """Gains of what is not eligible: all too low, the frontier's least so."""
        gains = np.full(len(self.windows), -np.inf)
        gains[self.frontier] = np.finfo(np.float64).min / 2
        return gains
