"""Bounds of the mean of bounded losses, by betting: finite samples, no normal approximation.

Capital that starts at 1 is multiplied by 1 - bet * (loss - bound) for each loss. If the mean is at
least `bound` the game is fair at best, and the capital reaches 1 / (1 - confidence) with
probability at most 1 - confidence (Ville's inequality), whatever the losses in [-1, 1] and however
bets are chosen by the losses before.

Sources: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal
of the Royal Statistical Society B 86 (2024), scaled to [-1, 1]; Voráček and Orabona, "STaR-Bets:
Sequential Target-Recalculating Bets for Tighter Confidence Intervals" (arXiv:2505.22422), for bets
that look at the target and the losses left.
"""

import math

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

LARGEST_BET = 0.75
"""Of what a bet may be at most, so that no single loss ruins the capital."""

N_BOUNDS = 401
"""How finely an upper bound is told."""


def upper_bound(losses: Numbers, confidence: float, largest: float = 1.0) -> float:
    """Return a one-sided upper confidence bound of the mean of independent losses in [-1, 1].

    Of `N_BOUNDS` evenly spaced means from 0 to `largest`, walked downwards, the last that the
    losses rule out before the first they do not; 1 if they do not rule out `largest`. A mean below
    0, a gain, is reported as 0.

    >>> upper_bound(np.zeros(1000), 0.95) < 0.01
    True
    """
    bounds = np.linspace(largest, 0.0, N_BOUNDS)
    ruled_out = rule_out(np.repeat(losses[:, None], N_BOUNDS, axis=1), bounds, confidence)
    n_in_a_row = N_BOUNDS if ruled_out.all() else int(np.argmin(ruled_out))
    return float(bounds[n_in_a_row - 1]) if n_in_a_row else 1.0


def growth_of_largest_bet(bound: float) -> float:
    """Return what the logarithm of the capital gains by a loss of 0 at the largest bet allowed."""
    return math.log1p(LARGEST_BET * bound / (1 - bound))


def rule_out(losses: Numbers, bounds: Numbers, confidence: float) -> NDArray[np.bool_]:
    """Test for several series of losses at once whether the mean of each is below its bound.

    A bet looks at the variance of earlier losses, at what is still missing to the target and at how
    many losses are left. It is cut so that the capital stays positive.

    Args:
        losses: in [-1, 1], shape (n, n_series), each series in a random order; NaN after its end.
        bounds: shape (n_series,).
        confidence: above 0, below 1.

    Returns:
        shape (n_series,): whether the target was reached.
    """
    n_series = losses.shape[1]
    lengths = (~np.isnan(losses)).sum(axis=0)
    target = -math.log(1 - confidence)
    largest_bets = LARGEST_BET / np.maximum(1 - bounds, 1e-9)
    capital, reached = np.zeros(n_series), np.zeros(n_series, dtype=bool)
    # One made-up loss of mean 0 and the largest variance there can be starts both estimates.
    total, squares = np.zeros(n_series), np.ones(n_series)
    for number, loss in enumerate(losses, start=1):
        missing = np.maximum(target - capital, 0.0)
        left = np.maximum(lengths - number + 1, 1)
        bets = np.sqrt(2 * missing * number / (left * squares))
        gained = np.log1p(-np.minimum(bets, largest_bets) * (loss - bounds))
        capital = np.where(reached | np.isnan(loss), capital, capital + gained)
        reached |= capital >= target
        total = total + loss
        squares = squares + (loss - total / (number + 1)) ** 2
    return reached
