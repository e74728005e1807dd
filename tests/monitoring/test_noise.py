"""How far samples of the same traffic lie apart, against hand-worked and exact answers."""

import math
from itertools import combinations

import numpy as np
import pytest

from semroute.monitoring.noise import (
    FEWEST_FOR_A_MEAN,
    Values,
    fisher,
    holm,
    moved_by_chance,
    moved_share,
    p_value_of_means,
    p_value_of_shares,
    standard_error,
)


def sample(values: list[float] | np.ndarray, text_ids: list[int] | None = None) -> Values:
    ids = range(len(values)) if text_ids is None else text_ids
    return Values(np.array(values, dtype=np.float64), np.array([*ids], dtype=np.int64))


def share(k: int, n: int) -> Values:
    return sample([1.0] * k + [0.0] * (n - k))


def test_the_error_of_two_shares_is_the_pooled_one() -> None:
    # 100 of 400 together: sqrt(0.25 * 0.75 * (1/100 + 1/300)).
    assert standard_error(share(40, 100), share(60, 300)) == pytest.approx(0.05)


def test_copies_of_one_text_tell_no_more_than_one_request() -> None:
    # Ten texts five times each are as good as ten requests.
    values = np.repeat([1.0, 0, 0, 1, 0, 1, 0, 0, 1, 0], 5)
    copies = sample(values, np.repeat(np.arange(10), 5).tolist())
    once = sample(values[::5])
    assert standard_error(copies, copies) == pytest.approx(standard_error(once, once))
    assert standard_error(copies, copies) > 2 * standard_error(sample(values), sample(values))
    apart = copies.one_by_one()
    assert standard_error(apart, apart) == standard_error(sample(values), sample(values))


def test_copies_of_a_text_that_has_nothing_to_do_with_a_share_hardly_count() -> None:
    now = [1.0] * 10 + [0.0] * 90
    of_another = standard_error(share(10, 100), sample(now, [*range(90), *[90] * 10]))
    of_its_own = standard_error(share(10, 100), sample(now, [*[0] * 10, *range(1, 91)]))
    alone = standard_error(share(10, 100), sample(now))
    assert alone < of_another < 1.4 * alone
    assert of_its_own > 1.8 * alone


def test_the_exact_test_counts_every_way_to_part_the_requests() -> None:
    # 3 of 4 then, 0 of 5 now: of all ways to choose which 4 of the 9 came first.
    hits = {0, 1, 2}
    ways = [*combinations(range(9), 4)]
    expected = sum(len(hits.intersection(first)) >= 3 for first in ways) / len(ways)
    assert fisher(3, 4, 0, 5) == pytest.approx(2 * expected)
    assert fisher(0, 5, 3, 4) == pytest.approx(2 * expected)
    assert fisher(0, 4, 3, 5) == pytest.approx(
        2 * sum(not hits.intersection(first) for first in ways) / len(ways)
    )


@pytest.mark.parametrize(
    ("k_then", "n_then", "k_now", "n_now"),
    [(30, 800, 80, 1000), (2, 800, 0, 5000), (50, 400, 50, 400), (0, 800, 0, 900)],
)
def test_the_exact_test_agrees_with_scipy(k_then: int, n_then: int, k_now: int, n_now: int) -> None:
    hypergeom = pytest.importorskip("scipy.stats").hypergeom
    among = hypergeom(n_then + n_now, k_then + k_now, n_now)
    tails = among.sf(k_now - 1), among.cdf(k_now)
    assert fisher(k_then, n_then, k_now, n_now) == pytest.approx(min(1, 2 * min(tails)))


def test_a_share_made_of_copies_is_judged_by_their_noise() -> None:
    then, now = share(2, 200), [1.0] * 20 + [0.0] * 180
    assert p_value_of_shares(then, sample(now)) < 0.001
    assert p_value_of_shares(then, sample(now, [*[0] * 20, *range(1, 181)])) > 0.05


def test_means_are_compared_by_the_normal_distribution_if_there_are_enough() -> None:
    then, now = sample([0.0, 2.0] * 100), sample([0.2, 2.2] * 50)
    mean = (200 * 1 + 100 * 1.2) / 300
    variance = (100 * (0 - mean) ** 2 + 100 * (2 - mean) ** 2) / 300
    variance += (50 * (0.2 - mean) ** 2 + 50 * (2.2 - mean) ** 2) / 300
    error = math.sqrt(variance * (1 / 200 + 1 / 100))
    assert p_value_of_means(then, now) == pytest.approx(math.erfc(0.2 / error / math.sqrt(2)))
    few = sample([5.0] * (FEWEST_FOR_A_MEAN - 1))
    assert p_value_of_means(then, few) is p_value_of_means(few, then) is None


def test_values_that_are_all_the_same_do_not_differ() -> None:
    assert p_value_of_means(sample([1.0] * 200), sample([1.0] * 100)) == 1.0
    assert p_value_of_shares(share(0, 200), share(0, 100)) == 1.0


def test_holm_stops_at_the_first_that_is_too_likely() -> None:
    # Bars 0.05/3, 0.05/2, 0.05/1: 0.03 fails the second, so that 0.04 is not asked.
    assert holm([0.04, 0.01, 0.03], 0.05) == [False, True, False]
    assert holm([0.04, 0.01, 0.02], 0.05) == [True, True, True]
    assert holm([None, 0.05], 0.05) == [False, True]
    assert holm([], 0.05) == []


def test_the_share_moved_is_what_would_have_to_move_back() -> None:
    then, now = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])
    assert moved_share(then, now) == pytest.approx(0.1)
    assert moved_share(then, then) == 0


def test_what_chance_moves_is_what_two_binomial_samples_do() -> None:
    # Of two clusters the moved share is |difference|; of a normal one the mean is 0.798 errors.
    ids = np.arange(400)
    found = moved_by_chance(np.array([0.5, 0.5]), ids, ids)
    error = math.sqrt(0.25 * 2 / 400)
    assert found.mean() == pytest.approx(0.798 * error, rel=0.1)
    copies = np.repeat(np.arange(100), 4)
    found = moved_by_chance(np.array([0.5, 0.5]), copies, copies)
    assert found.mean() == pytest.approx(2 * 0.798 * error, rel=0.1)
