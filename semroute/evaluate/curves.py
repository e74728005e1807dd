"""Quality against frontier calls, for one cheap model and the frontier.

Sources: APGR and CPT from Ong et al., "RouteLLM: Learning to Route LLMs with Preference Data"
(arXiv:2406.18665). Queries are sent to the frontier in the order of the router's estimate of what
the frontier would gain; queries with equal estimates move together, so their order cannot matter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class QualityCurve:
    """Points from "always cheap" (share 0) to "always frontier" (share 1), straight in between.

    `frontier_share` and `mean_score` are float64 arrays of one length, ascending in share.
    """

    frontier_share: Numbers
    mean_score: Numbers

    @property
    def weak(self) -> float:
        """Mean score of the cheap model."""
        return float(self.mean_score[0])

    @property
    def strong(self) -> float:
        """Mean score of the frontier model."""
        return float(self.mean_score[-1])


def quality_curve(gain: Numbers, cheap_score: Numbers, frontier_score: Numbers) -> QualityCurve:
    """Trace mean score against the share of calls sent to the frontier.

    Args:
        gain: shape (n,), n >= 1, the router's estimate of what the frontier would gain on each
            query; infinite where it would be used in any case.
        cheap_score: shape (n,), in [0, 1].
        frontier_score: shape (n,), in [0, 1].

    >>> curve = quality_curve(np.array([2.0, 1.0]), np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    >>> curve.mean_score.tolist()
    [0.5, 1.0, 1.0]
    """
    order = np.argsort(-gain, kind="stable")
    gained = np.concatenate([[0.0], np.cumsum((frontier_score - cheap_score)[order])])
    n, sorted_gain = len(gain), gain[order]
    ends = np.flatnonzero(sorted_gain[1:] != sorted_gain[:-1]) + 1
    steps = np.concatenate([[0], ends, [n]])
    return QualityCurve(steps / n, cheap_score.mean() + gained[steps] / n)


def apgr(curve: QualityCurve) -> float:
    """Return the average performance gap recovered: 0.5 is random, 1 is the ideal."""
    area = float(np.trapezoid(curve.mean_score, curve.frontier_share))
    return (area - curve.weak) / (curve.strong - curve.weak)


def share_needed(curve: QualityCurve, score: float) -> float:
    """Return the smallest share of frontier calls with at least `score`; 1 if none has."""
    reached = np.flatnonzero(curve.mean_score >= score - 1e-12)
    if not reached.size:
        return 1.0
    first = int(reached[0])
    if first == 0:
        return 0.0
    below, above = curve.mean_score[first - 1], curve.mean_score[first]
    left, right = curve.frontier_share[first - 1], curve.frontier_share[first]
    return float(left + (right - left) * (score - below) / (above - below))


def call_performance_threshold(curve: QualityCurve, recovered: float) -> float:
    """Return CPT: the share of frontier calls that recovers `recovered` (0 to 1) of the gap."""
    return share_needed(curve, curve.weak + recovered * (curve.strong - curve.weak))


def saved_at(
    curve: QualityCurve, kept: float, cheap_cost_usd: float, frontier_cost_usd: float
) -> float:
    """Return the share of the frontier's cost saved while keeping `kept` of its mean score."""
    share = share_needed(curve, kept * curve.strong)
    cost = share * frontier_cost_usd + (1 - share) * cheap_cost_usd
    return 1 - cost / frontier_cost_usd
