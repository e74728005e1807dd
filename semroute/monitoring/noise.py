"""How far two samples of the same traffic lie apart, by chance alone.

A request may come many times. Its copies are decided alike, so that they tell no more of the
traffic than one: what they add to the noise of a mean is added.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_DRAWS = 499
"""Pairs of samples drawn for what chance moves between clusters."""

FEWEST_FOR_A_MEAN = 100
"""On either side; of fewer the mean of a skewed cost is not near enough to normal."""

_NEGLIGIBLE = 1e-12


@dataclass(frozen=True)
class Values:
    """One figure of each request of a sample (n,), and which requests are copies (n,)."""

    values: NDArray[np.float64]
    text_ids: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.values)

    def known(self) -> "Values":
        """Return those that are not NaN."""
        kept = ~np.isnan(self.values)
        return Values(self.values[kept], self.text_ids[kept])

    def one_by_one(self) -> "Values":
        """Return the same as if no request were a copy of another."""
        return Values(self.values, np.arange(len(self)))


def standard_error(then: Values, now: Values) -> float:
    """Return the standard error of the difference of two means, if both are of the same traffic.

    The variance is that of both together. Without copies, and with values of 0 and 1, it is the
    pooled one of two proportions.
    """
    together = np.concatenate([then.values, now.values])
    mean, variance = float(together.mean()), float(together.var())
    return math.sqrt(sum(_variance_of_mean(one, mean, variance) for one in (then, now)))


def _variance_of_mean(sample: Values, mean: float, variance: float) -> float:
    residuals = sample.values - mean
    of_texts = np.bincount(sample.text_ids, residuals)
    of_copies = float((of_texts**2).sum() - (residuals**2).sum())
    return (len(sample) * variance + max(of_copies, 0.0)) / len(sample) ** 2


def p_value_of_means(then: Values, now: Values) -> float | None:
    """Return how likely means so far apart are, by the normal distribution; two-sided.

    None where either sample is too small for it.
    """
    if min(len(then), len(now)) < FEWEST_FOR_A_MEAN:
        return None
    return _normal(then, now)


def p_value_of_shares(then: Values, now: Values) -> float:
    """Return how likely shares so far apart are, by Fisher's exact test; two-sided.

    Where copies make the noise larger it is the larger one of the normal distribution.
    """
    counts = int(then.values.sum()), int(now.values.sum())
    return max(fisher(counts[0], len(then), counts[1], len(now)), _normal(then, now))


def _normal(then: Values, now: Values) -> float:
    error = standard_error(then, now)
    difference = abs(float(now.values.mean() - then.values.mean()))
    return math.erfc(difference / error / math.sqrt(2)) if error else 1.0


def fisher(k_then: int, n_then: int, k_now: int, n_now: int) -> float:
    """Return twice the smaller tail of the hypergeometric distribution, at most 1.

    >>> round(fisher(2, 800, 0, 5000), 4)  # 2 * (800/5800 * 799/5799)
    0.038
    """
    k, n = k_then + k_now, n_then + n_now
    if k_now * n_then > k_then * n_now:
        k_then, n_then, k_now, n_now = k_now, n_now, k_then, n_then
    # Now at least as many as expected are in the first: sum upwards from there.
    log_term = _log_choose(n_then, k_then) + _log_choose(n_now, k_now) - _log_choose(n, k)
    term, total = 1.0, 1.0
    for x in range(k_then, min(k, n_then)):
        term *= (n_then - x) * (k - x) / ((x + 1) * (n_now - k + x + 1))
        total += term
        if term < _NEGLIGIBLE * total:
            break
    return min(1.0, 2 * math.exp(log_term) * total)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def holm(p_values: Sequence[float | None], level: float) -> list[bool]:
    """Say which hypotheses Holm's procedure rejects: any wrongly at most at `level`.

    None counts for nothing.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.

    >>> holm([0.01, 0.03, None, 0.02], 0.05)
    [True, False, False, True]
    """
    tested = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    rejected = [False] * len(p_values)
    for rank, (p_value, place) in enumerate(tested):
        if p_value > level / (len(tested) - rank):
            break
        rejected[place] = True
    return rejected


def moved_share(then: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of traffic that has gone to other clusters: the total variation.

    Both are shares that sum to one along the last axis.
    """
    return np.asarray(np.abs(now - then).sum(axis=-1) / 2)


def moved_by_chance(
    shares: NDArray[np.float64],
    then_ids: NDArray[np.int64],
    now_ids: NDArray[np.int64],
    seed: int = 0,
) -> NDArray[np.float64]:
    """Draw `N_DRAWS` pairs of samples of the same shares; how much seems moved in each.

    Copies of a text, equal in `then_ids` and `now_ids`, go to the same cluster.
    """
    rng = np.random.default_rng(seed)
    return moved_share(_drawn(shares, then_ids, rng), _drawn(shares, now_ids, rng))


def _drawn(
    shares: NDArray[np.float64], text_ids: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    copies = np.bincount(text_ids)
    found = np.zeros((N_DRAWS, len(shares)))
    sizes, n_texts = np.unique(copies[copies > 0], return_counts=True)
    for size, n in zip(sizes.tolist(), n_texts.tolist(), strict=True):
        found += size * rng.multinomial(n, shares, size=N_DRAWS)
    return found / len(text_ids)
