"""Bounds of the mean of bounded losses, by betting: finite samples, no normal approximation.

Capital that starts at 1 is multiplied by 1 - bet * (loss - bound) for each loss. If the mean is at
least `bound` the game is fair at best, and the capital ever reaches 1 / (1 - confidence) with
probability at most 1 - confidence (Ville's inequality), whatever the losses in [-1, 1] and however
bets are chosen by the losses before.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal
of the Royal Statistical Society B 86 (2024): the capital process with predictable plug-in bets for
a known number of losses, scaled from [0, 1] to [-1, 1].
"""

import math

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

LARGEST_BET = 0.75
"""Of what a bet may be at most, so that no single loss ruins the capital."""

N_HALVINGS = 13
"""How finely an upper bound is told: to a ten-thousandth of the largest there can be."""


def rules_out(
    losses: Numbers, bound: float, confidence: float, weights: Numbers | None = None
) -> bool:
    """Say whether independent losses show that their mean is below `bound`.

    A bet is what would let the capital grow fastest to its target over all the losses, if their
    variance were that of the losses before: the square root of 2 * log(target) / (n * variance). It
    is cut so that the capital stays positive.

    Args:
        losses: in [-1, 1], shape (n,), in a random order.
        bound: of the mean, above -1.
        confidence: above 0, below 1.
        weights: above 0, shape (n,): for how many each loss stands; None: all for as many. What is
            won or lost of a bet goes by the weight over the largest.
    """
    weights = np.ones_like(losses) if weights is None else weights / weights.max(initial=1e-300)
    target = -math.log(1 - confidence)
    bets = np.sqrt(2 * target / (max(len(losses), 1) * _variances_before(weights * losses)))
    bets = np.minimum(bets, LARGEST_BET / max(1 - bound, 1e-9))
    capital = np.cumsum(np.log1p(-bets * weights * (losses - bound)))
    return bool((capital >= target).any())


def _variances_before(losses: Numbers) -> Numbers:
    """Estimate the variance at each loss from those before it.

    One made-up loss of mean 0 and the largest variance there can be starts the estimate.
    """
    n_so_far = np.arange(2, len(losses) + 2)
    means = np.cumsum(losses) / n_so_far
    variances = (1 + np.cumsum((losses - means) ** 2)) / n_so_far
    return np.concatenate([[1.0], variances])[:-1]


def upper_bound(
    losses: Numbers, confidence: float, largest: float = 1.0, weights: Numbers | None = None
) -> float:
    """Return a one-sided upper confidence bound of the mean of independent losses in [-1, 1].

    The smallest mean from 0 to `largest` that the losses rule out, and with it all larger ones:
    capital grows with the bound it plays against. 1 if they do not rule out `largest`. A mean below
    0, a gain, is reported as 0.

    >>> upper_bound(np.zeros(1000), 0.95) < 0.01
    True
    """
    if not rules_out(losses, largest, confidence, weights):
        return 1.0
    if rules_out(losses, 0.0, confidence, weights):
        return 0.0
    too_low, bound = 0.0, largest
    for _ in range(N_HALVINGS):
        middle = (too_low + bound) / 2
        if rules_out(losses, middle, confidence, weights):
            bound = middle
        else:
            too_low = middle
    return bound


def growth_of_largest_bet(bound: float) -> float:
    """Return what the logarithm of the capital gains by a loss of 0 at the largest bet allowed."""
    return math.log1p(LARGEST_BET * bound / (1 - bound))
