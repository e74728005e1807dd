"""From estimated losses to choices at every tolerance, by the policy that serves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from semroute.decision import RouteDecision
from semroute.evaluate.frozen import FrozenSet, Numbers
from semroute.evaluate.paired import chosen_shares
from semroute.ood import SimilarityThreshold
from semroute.policy import (
    CHARACTERS_PER_TOKEN,
    MOST_USUAL_COSTS,
    NO_OVERRIDE,
    REASONS,
    RoutingPolicy,
    Traffic,
)
from semroute.texts import request_chars

Columns = NDArray[np.int64]

MOST_TOLERANCES = 60
_ROUNDING = 1e-12
_FOLLOWS_THE_EVIDENCE = REASONS.index("insufficient_evidence")


@dataclass(frozen=True)
class Expectations:
    """A policy, and what it sees of the queries of a frozen set.

    `traffic` holds the queries of `rows` only, out of `n`: the others have no nearest cluster
    (blank text, a failing encoder) and go to the frontier.
    """

    policy: RoutingPolicy
    traffic: Traffic
    rows: NDArray[np.int64]
    n: int

    def choose(self, tolerance: float | None) -> Columns:
        """Choose for each query as the policy does at another tolerance, shape (n,)."""
        decided = replace(self.policy, tolerance=tolerance).choose(self.traffic)
        return self._spread(decided.columns)

    def weigh(self, price: float) -> Columns:
        """Choose for each query the least expected loss plus `price` times cost, shape (n,).

        What no tolerance moves stays where the policy sends it.
        """
        losses = np.where(self._eligible(), self.traffic.losses, np.inf)
        losses[:, self.policy.frontier] = 0.0
        best = (losses + price * self.traffic.costs_usd).argmin(axis=1)
        fixed = self._fixed()
        return self._spread(np.where(fixed >= 0, fixed, best))

    def gain_of_frontier(self, cheap: int) -> Numbers:
        """Return what the frontier is expected to gain over a cheap model, shape (n,).

        Infinite where the frontier answers in any case, minus infinity where it never does.
        """
        fixed = self._fixed()
        gain = np.where(self._eligible()[:, cheap], self.traffic.losses[:, cheap], np.inf)
        decided = np.where(fixed == self.policy.frontier, np.inf, -np.inf)
        whole = np.full(self.n, np.inf)
        whole[self.rows] = np.where(fixed >= 0, decided, gain)
        return whole

    def _eligible(self) -> NDArray[np.bool_]:
        """Say which models were measured where a text lies and can read it, (n_rows, n_models)."""
        fits = self.traffic.n_chars[:, None] / CHARACTERS_PER_TOKEN <= self.policy.windows
        measured = self.policy.measured[self.traffic.cluster_ids]
        return measured & fits & np.isfinite(self.traffic.losses)

    def _fixed(self) -> Columns:
        """Return the columns of choices that no tolerance moves, -1 for the others."""
        decided = replace(self.policy, tolerance=None).choose(self.traffic)
        return np.where(decided.reasons == _FOLLOWS_THE_EVIDENCE, -1, decided.columns)

    def _spread(self, columns: Columns) -> Columns:
        whole = np.full(self.n, self.policy.frontier)
        whole[self.rows] = columns
        return whole


def expectations(
    policy: RoutingPolicy, decisions: Sequence[RouteDecision], frozen: FrozenSet
) -> Expectations:
    """Read off decisions what the policy that took them was told, to the last bit."""
    rows = [row for row, decision in enumerate(decisions) if decision.cluster_id is not None]
    located = [decisions[row] for row in rows]
    found = [{one.model: one for one in decision.candidates} for decision in located]
    losses = [[by_name[name].expected_loss for name in frozen.models] for by_name in found]
    costs = [[by_name[name].expected_cost_usd for name in frozen.models] for by_name in found]
    shape = len(rows), len(frozen.models)
    traffic = Traffic(
        cluster_ids=np.array([decision.cluster_id for decision in located], dtype=np.int64),
        similarities=np.array([_similarity(decision) for decision in located], dtype=np.float32),
        losses=np.array(losses, dtype=np.float64).reshape(shape),
        costs_usd=np.array(costs, dtype=np.float64).reshape(shape),
        n_chars=np.array([request_chars(frozen.requests[row]) for row in rows], dtype=np.int64),
    )
    return Expectations(policy, traffic, np.array(rows, dtype=np.int64), len(decisions))


def _similarity(decision: RouteDecision) -> float | None:
    """Return the similarity that decides; new words make a text unknown however similar it is."""
    return -1.0 if decision.reason == "ood" else decision.similarity


def estimated(losses: Numbers, frozen: FrozenSet) -> Expectations:
    """Let the policy choose by other estimates, shape (n, n_models), NaN where unknown.

    Nothing else decides: no cluster, no analyst, no threshold. Costs go by prices and length.
    """
    n, n_models = losses.shape
    costs = frozen.expected_costs_usd
    usual_cost_usd = float(costs[:, frozen.frontier_column].mean())
    policy = RoutingPolicy(
        frontier=frozen.frontier_column,
        tolerance=None,
        measured=np.ones((1, n_models), dtype=bool),
        overrides=np.array([NO_OVERRIDE]),
        ood_rule=SimilarityThreshold(-np.inf),
        windows=np.full(n_models, np.inf),
        usual_cost_usd=usual_cost_usd,
        most_cost_usd=MOST_USUAL_COSTS * usual_cost_usd,
    )
    nowhere = np.zeros(n, dtype=np.int64)
    return Expectations(
        policy, Traffic(nowhere, np.ones(n), losses, costs, nowhere), np.arange(n), n
    )


def tolerances(expected: Expectations, most: int = MOST_TOLERANCES) -> Numbers:
    """Return tolerances from "always frontier" to "only where nothing cheaper may answer".

    They are those from which a model beats the frontier on a query, and the policy's own.
    """
    losses = expected.traffic.losses
    of_a_whole = replace(expected.policy, tolerance=1.0).accepted_losses(expected.traffic.costs_usd)
    enough = np.where(losses > 0, losses / of_a_whole * (1 + _ROUNDING), losses)
    found = np.unique(enough[np.isfinite(of_a_whole) & np.isfinite(losses)])
    if len(found) > most:
        found = np.quantile(found, np.linspace(0, 1, most))
    own = expected.policy.tolerance
    return np.unique([-np.inf, *found, *([] if own is None else [own])])


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
