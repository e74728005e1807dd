"""Label policies: which model answers a cluster. One frozen class per policy.

A policy is any class with the method of `LabelPolicy`. To add one, write its class here; the
contract tests find it by that method.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from semroute.evidence import Evidence, LossEstimate

LabelReason = Literal["matched", "insufficient_evidence"]


@dataclass(frozen=True)
class Label:
    """The model of a cluster, and whether evidence chose it or the want of evidence."""

    model: str
    reason: LabelReason


class LabelPolicy(Protocol):
    """Chooses a label for every cluster; the frontier wherever the evidence does not carry."""

    def label(self, evidence: Evidence, estimate: LossEstimate) -> tuple[Label, ...]:
        """Return one label per cluster, in order."""
        ...


@dataclass(frozen=True)
class BoundedLoss:
    """The cheapest model whose upper confidence bound on the loss is within `max_loss`.

    Fewer than `fewest_pairs` queries of the cluster scored with both the model and the frontier are
    no evidence for it, whatever the other clusters say. Of equally cheap models the one with the
    smaller expected loss wins. Models that cost as much as the frontier are never chosen.
    """

    max_loss: float
    fewest_pairs: int = 5

    def label(self, evidence: Evidence, estimate: LossEstimate) -> tuple[Label, ...]:
        """Return one label per cluster, in order."""
        return tuple(self._label(evidence, estimate, row) for row in range(len(evidence.size)))

    def _label(self, evidence: Evidence, estimate: LossEstimate, row: int) -> Label:
        costs = evidence.mean_cost_usd[row]
        defended = (
            (estimate.upper_bound[row] <= self.max_loss)
            & (evidence.n_paired[row] >= self.fewest_pairs)
            & (costs < costs[evidence.frontier_column])
        )
        if not defended.any():
            return Label(evidence.frontier, "insufficient_evidence")
        columns = np.flatnonzero(defended)
        best = min(columns, key=lambda c: (costs[c], estimate.expected_loss[row, c]))
        return Label(evidence.models[best], "matched")
