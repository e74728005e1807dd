"""How many losses it would take to show that their mean is below a bound, by what a few say.

The estimate is of an order of magnitude: few losses tell neither their mean nor their variance.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.betting import growth_of_largest_bet, rules_out

Numbers = NDArray[np.float64]

TYPICAL_VARIANCE = 0.02
"""Of losses where none is known: a tenth of traffic, of which a fifth loses or gains 1."""


def n_needed(
    series: Sequence[tuple[Numbers, Numbers]], n_known: int, max_loss: float, confidence: float
) -> int | None:
    """Estimate how many queries would show that one of several policies loses under `max_loss`.

    The number of losses after which bets of the usual size have grown enough, for the policy that
    needs fewest. A mean is known to its standard error only, so what is left below `max_loss`
    counts as no less than that, nor as more than all of `max_loss`.

    Args:
        series: losses of each policy on the queries there are, in a random order, and weights.
        n_known: how many queries there are; they were not enough.
        max_loss: the mean loss to stay below.
        confidence: above 0, below 1.

    Returns:
        a rounded number; None if the losses of every policy show a mean above `max_loss`, or
        `max_loss` is 0.
    """
    if max_loss <= 0:
        return None
    known = [(losses, weights) for losses, weights in series if len(losses)]
    hopeful = [
        (losses, weights)
        for losses, weights in known
        if not rules_out(-losses, -max_loss, confidence, weights)
    ]
    if known and not hopeful:
        return None
    price = -math.log(1 - confidence)
    ratios = [_ratio(losses, weights, max_loss) for losses, weights in hopeful]
    bets = 2 * price * min(ratios, default=TYPICAL_VARIANCE / max_loss**2)
    fewest = price / growth_of_largest_bet(min(max_loss, 0.99))
    return about(max(bets, fewest, 2 * n_known))


def _ratio(losses: Numbers, weights: Numbers, max_loss: float) -> float:
    """Return the variance over the square of what is left below `max_loss`."""
    weights, n = weights / weights.mean(), len(losses)
    mean = float((weights * losses).mean())
    squares = weights * (losses - mean) ** 2
    # One made-up loss of 1: few losses of 0 do not show that none will follow.
    variance = (squares.sum() + 1) / (n + 1)
    error = math.sqrt(((weights * squares).sum() + 1) / (n + 1) / n)
    left = min(max(max_loss - mean, error), max_loss)
    return float(variance / left**2)


def about(number: float) -> int:
    """Round a number of 1 or more to one figure, to two after a leading 1.

    >>> about(1273), about(721), about(20)
    (1300, 700, 20)
    """
    digits = math.floor(math.log10(number))
    step = math.pow(10, digits - (number < 2 * math.pow(10, digits)))
    return max(round(round(number / step) * step), 1)
