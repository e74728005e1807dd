"""How many losses a promise takes, told by few of them."""

import numpy as np
import pytest

from semroute.sample_size import about, n_needed

CLEARLY_LOST = np.tile([0.0, 1.0], 500)


def sample(n: int, mean: float, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).uniform(size=n) < mean).astype(np.float64)


def alike(*series: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give every loss the weight 1."""
    return [(losses, np.ones_like(losses)) for losses in series]


def test_losses_that_show_too_large_a_mean_need_no_more_of_them():
    assert n_needed(alike(CLEARLY_LOST), 1000, 0.02, 0.95) is None


def test_one_policy_that_is_not_shown_to_lose_too_much_is_hope():
    assert n_needed(alike(CLEARLY_LOST, sample(1000, 0.02)), 1000, 0.02, 0.95) is not None


def test_a_promise_to_lose_nothing_takes_more_than_there_is():
    assert n_needed(alike(np.zeros(100)), 100, 0.0, 0.95) is None


@pytest.mark.parametrize("series", [[], alike(np.zeros(0))])
def test_without_losses_it_is_what_typical_ones_take(series):
    # 2 * -ln(0.05) * 0.02 / 0.02 ** 2
    assert n_needed(series, 0, 0.02, 0.95) == 300


def test_the_number_follows_from_mean_and_variance_as_worked_by_hand():
    """400 losses, 4 of them 1: mean 0.01, squares 3.96, with the made-up one a variance of 0.0124.

    Below 0.02 are left 0.01, so it takes 2 * -ln(0.05) * 0.0124 / 0.01 ** 2 = 741.
    """
    losses = np.repeat([0.0, 1.0], [396, 4])
    assert n_needed(alike(losses), 0, 0.02, 0.95) == about(741)
    assert n_needed(alike(losses), 400, 0.02, 0.95) == 800


def test_what_there_is_was_not_enough():
    assert n_needed(alike(np.zeros(2000)), 2000, 0.02, 0.95) == 4000


@pytest.mark.parametrize("n", [40, 120, 400])
def test_it_neither_despairs_nor_asks_for_thousands_times_as_many_by_bad_luck(n):
    # The truth: mean 0.005, variance 0.005, so that a few hundred losses do.
    told = [n_needed(alike(sample(n, 0.005, seed)), n, 0.02, 0.95) for seed in range(100)]
    assert None not in told
    assert min(told) >= 100
    assert np.quantile(told, 0.95) <= 3000


def test_a_mean_beside_the_bound_asks_for_a_few_times_what_there_is_and_not_for_millions():
    losses = np.random.default_rng(0).permutation(np.repeat([1.0, 0.0], [40, 1960]))
    assert 2000 < n_needed(alike(losses), 2000, 0.02, 0.95) <= 20_000


def test_losses_that_stand_for_many_ask_for_no_more_than_all_of_these_would():
    """Half of the queries lose nothing for certain, of the others one in twenty is known."""
    whole = np.concatenate([np.zeros(1000), sample(1000, 0.02)])
    told = n_needed([(whole, np.ones(2000))], 0, 0.02, 0.95)
    some = np.concatenate([np.zeros(1000), whole[1000::20]])
    weights = np.repeat([1.0, 20.0], [1000, 50])
    assert n_needed([(some, weights)], 0, 0.02, 0.95) <= 3 * told


def test_losses_truly_above_the_bound_are_hopeless_in_the_end():
    assert n_needed(alike(sample(120, 0.05)), 120, 0.02, 0.95) is not None
    assert n_needed(alike(sample(3000, 0.05)), 3000, 0.02, 0.95) is None


@pytest.mark.parametrize(
    ("number", "rounded"), [(1, 1), (9.6, 10), (149, 150), (155, 160), (234, 200), (54_468, 50_000)]
)
def test_numbers_keep_as_many_figures_as_are_known(number, rounded):
    assert about(number) == rounded
