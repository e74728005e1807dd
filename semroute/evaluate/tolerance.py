"""From estimated losses to choices: the cheapest model within a tolerance, and all tolerances."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semroute.decision import RouteDecision
from semroute.evaluate.frozen import FrozenSet, Numbers
from semroute.evaluate.paired import chosen_shares

Columns = NDArray[np.int64]

MOST_TOLERANCES = 60
FOLLOWS_THE_EVIDENCE = frozenset({"matched", "insufficient_evidence"})


@dataclass(frozen=True)
class LossTable:
    """What a router expects of each model on each query, shape (n, n_models).

    `expected_loss` is NaN where it expects nothing: such a model is never chosen. `cost_usd` orders
    the models of a row. `fixed` (n,) is the column of a choice no tolerance moves, -1 for none.
    """

    expected_loss: Numbers
    cost_usd: Numbers
    fixed: Columns

    def choose(self, tolerance: float, frontier: int) -> Columns:
        """Choose for each query the cheapest model that loses at most `tolerance`, shape (n,)."""
        with np.errstate(invalid="ignore"):
            allowed = self.expected_loss <= tolerance
        allowed[:, frontier] = True
        cheapest = np.where(allowed, self.cost_usd, np.inf).argmin(axis=1)
        return np.where(self.fixed >= 0, self.fixed, cheapest)

    def weigh(self, price: float, frontier: int) -> Columns:
        """Choose for each query the least expected loss plus `price` times cost, shape (n,)."""
        losses = np.where(np.isfinite(self.expected_loss), self.expected_loss, np.inf)
        losses[:, frontier] = 0.0
        best = (losses + price * self.cost_usd).argmin(axis=1)
        return np.where(self.fixed >= 0, self.fixed, best)


def loss_table(decisions: Sequence[RouteDecision], frozen: FrozenSet) -> LossTable:
    """Read off what decisions expect of every model.

    Queries that fall back, and those an analyst's label decides, stay where they went.
    """
    shape = len(decisions), len(frozen.models)
    losses, costs = np.full(shape, np.nan), np.broadcast_to(frozen.costs_usd.mean(axis=0), shape)
    costs, fixed = costs.copy(), np.full(len(decisions), -1)
    columns = {model: column for column, model in enumerate(frozen.models)}
    for row, decision in enumerate(decisions):
        if decision.reason not in FOLLOWS_THE_EVIDENCE:
            fixed[row] = columns[decision.model]
        for candidate in decision.candidates:
            column = columns[candidate.model]
            if candidate.expected_loss is not None:
                losses[row, column] = candidate.expected_loss
            if candidate.expected_cost_usd is not None:
                costs[row, column] = candidate.expected_cost_usd
    return LossTable(losses, costs, fixed)


def tolerances(table: LossTable, most: int = MOST_TOLERANCES) -> Numbers:
    """Return tolerances from "always frontier" to "always cheapest" that tell choices apart."""
    found = np.unique(table.expected_loss[np.isfinite(table.expected_loss)])
    if len(found) > most:
        found = np.unique(np.quantile(found, np.linspace(0, 1, most)))
    return np.concatenate([[-np.inf], found])


def at_cost(ladder: Sequence[Columns], frozen: FrozenSet, cost_usd: float) -> Numbers:
    """Mix the two neighbouring choices of a ladder so that they cost what is asked for.

    Args:
        ladder: choices of shape (n,) each.
        frozen: the set they are for.
        cost_usd: mean cost per request to spend.

    Returns:
        Shares of shape (n, n_models); the nearest choice if none costs less, or none more.
    """
    rows = np.arange(len(frozen.texts))
    spent = np.array([frozen.costs_usd[rows, columns].mean() for columns in ladder])
    dearer, cheaper = np.flatnonzero(spent >= cost_usd), np.flatnonzero(spent <= cost_usd)
    n_models = len(frozen.models)
    if not dearer.size or not cheaper.size:
        return chosen_shares(ladder[int(np.abs(spent - cost_usd).argmin())], n_models)
    above, below = dearer[spent[dearer].argmin()], cheaper[spent[cheaper].argmax()]
    gap = spent[above] - spent[below]
    upper = (cost_usd - spent[below]) / gap if gap > 0 else 1.0
    shares = [chosen_shares(ladder[i], n_models) for i in (above, below)]
    return np.asarray(upper * shares[0] + (1 - upper) * shares[1])
