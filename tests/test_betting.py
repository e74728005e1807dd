"""Bounds by betting: bets worked by hand, how often they are wrong, how far they see."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.betting import LARGEST_BET, rules_out, upper_bound

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def test_two_losses_worked_by_hand() -> None:
    # Mean 0.9 and confidence 0.95: the capital must grow to 20, its logarithm to 2.9957.
    # First bet: sqrt(2 * 2.9957 / (2 losses * variance 1)) = 1.7308.
    # Loss -1 leaves mean -1/2 and variance (1 + 1/4) / 2 = 0.625. Second bet: 1.7308 / 0.7906.
    capital = (1 + 1.7308 * 1.9) * (1 + 2.1893 * 1.9)
    assert capital == pytest.approx(22.13, abs=0.01)
    assert rules_out(np.array([-1.0, -1.0]), 0.9, 0.95)
    # The same for 0.96, where it must grow to 25: bets 1.7941 and 2.2694.
    capital = (1 + 1.7941 * 1.9) * (1 + 2.2694 * 1.9)
    assert capital == pytest.approx(23.42, abs=0.01)
    assert not rules_out(np.array([-1.0, -1.0]), 0.9, 0.96)


def test_a_bet_is_cut_before_it_could_ruin_the_capital() -> None:
    # Uncut, the first bet of one loss would be 2.4478, above 1 / (1 - 0.5): a loss of 1 ruins.
    assert not rules_out(np.array([1.0]), 0.5, 0.95)
    assert rules_out(np.full(60, -0.5), 0.5, 0.95)


def test_losses_of_zero_need_little_more_than_the_largest_bet_says() -> None:
    growth = math.log1p(LARGEST_BET * 0.02 / 0.98)
    enough = math.ceil(math.log(20) / growth)
    assert rules_out(np.zeros(int(1.2 * enough)), 0.02, 0.95)
    assert not rules_out(np.zeros(enough - 1), 0.02, 0.95)


@pytest.mark.parametrize(
    "draw",
    [
        lambda random, size: random.choice([0.0, 1.0], p=[0.98, 0.02], size=size),
        lambda random, size: random.choice([-1.0, 0, 1.0], p=[0.1, 0.78, 0.12], size=size),
        lambda random, size: random.choice([-1.0, 1.0], p=[0.49, 0.51], size=size),
        lambda random, size: np.where(random.uniform(size=size) < 0.01, -1.0, 0.03 / 0.99),
        lambda random, size: random.beta(0.02, 0.98, size),
        lambda _, size: np.full(size, 0.02),
    ],
    ids=["rare failures", "wins and losses", "all or nothing", "rare gains", "skewed", "constant"],
)
def test_a_mean_at_the_bound_is_rarely_called_below_it(draw: Draw) -> None:
    # Every distribution has mean 0.02: at confidence 0.9 at most 10% may be wrong.
    losses = draw(np.random.default_rng(7), (4000, 300))
    wrong = np.mean([rules_out(series, 0.02, 0.9) for series in losses])
    assert wrong <= 0.1 + 2 * math.sqrt(0.1 * 0.9 / 4000)


def test_losses_that_stand_for_more_count_for_more() -> None:
    # Every second loss stands for three and is 0.02, the others are 0.06: the mean is 0.03.
    weights, losses = np.tile([3.0, 1.0], 2000), np.tile([0.02, 0.06], 2000)
    assert 0.03 < upper_bound(losses, 0.95, weights=weights) < 0.032
    assert not rules_out(losses, 0.03, 0.95, weights)
    assert upper_bound(losses, 0.95, weights=7 * weights) == upper_bound(losses, 0.95, 1.0, weights)


@pytest.mark.parametrize("loses", ["what is frequent", "what is rare"])
def test_a_weighted_mean_at_the_bound_is_rarely_called_below_it(loses: str) -> None:
    random = np.random.default_rng(9)
    weights = np.minimum(random.uniform(size=(2000, 400)) ** -0.6 // 1, 5)
    chance = weights if loses == "what is frequent" else 1 / weights
    chance *= 0.02 * weights.sum() / (weights * chance).sum()
    losses = (random.uniform(size=weights.shape) < chance).astype(float)
    wrong = np.mean(
        [rules_out(one, 0.02, 0.9, each) for one, each in zip(losses, weights, strict=True)]
    )
    assert wrong <= 0.1 + 2 * math.sqrt(0.1 * 0.9 / 2000)


def test_the_bound_covers_the_mean_as_often_as_promised() -> None:
    random = np.random.default_rng(3)
    bounds = [
        upper_bound(random.choice([-1.0, 0.0, 1.0], p=[0.1, 0.7, 0.2], size=150), 0.9)
        for _ in range(200)
    ]
    covered = np.mean(np.array(bounds) >= 0.1)
    assert covered >= 0.9 - 2 * math.sqrt(0.09 / 100)


def test_it_finds_a_mean_the_normal_approximation_barely_does() -> None:
    # The mean is 2.5 standard errors below the bound: the normal test has power 0.80.
    random = np.random.default_rng(2)
    losses = random.choice([0.0, 1.0], p=[0.9, 0.1], size=(1000, 2000))
    bound = 0.1 + 2.5 * 0.3 / math.sqrt(2000)
    assert np.mean([rules_out(series, bound, 0.95) for series in losses]) > 0.5


def test_it_is_far_tighter_than_hoeffding_where_losses_vary_little() -> None:
    random = np.random.default_rng(1)
    losses = random.choice([0.0, 1.0], p=[0.97, 0.03], size=2000)
    hoeffding = losses.mean() + 2 * math.sqrt(math.log(20) / (2 * 2000))
    bound = upper_bound(losses, 0.95)
    assert losses.mean() < bound < losses.mean() + (hoeffding - losses.mean()) / 3


def capital_loss_by_loss(
    losses: list[float], bound: float, confidence: float, weights: list[float]
) -> list[float]:
    """Return the capital after each loss, told as the paper tells it, one bet after the other.

    A loss that stands for fewer than the others is played for a part of the bet, and varies less.
    """
    capital, total, squares, grown = 1.0, 0.0, 1.0, []
    for n_before, (loss, weight) in enumerate(zip(losses, weights, strict=True)):
        variance = squares / (n_before + 1)
        bet = math.sqrt(2 * math.log(1 / (1 - confidence)) / (len(losses) * variance))
        part = weight / max(weights)
        capital *= 1 - min(bet, LARGEST_BET / (1 - bound)) * part * (loss - bound)
        grown.append(capital)
        total += part * loss
        squares += (part * loss - total / (n_before + 2)) ** 2
    return grown


losses_of_any_kind = st.lists(st.floats(-1, 1), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(losses_of_any_kind, st.floats(-0.9, 0.9), st.floats(0.5, 0.99))
def test_it_says_so_when_the_capital_ever_reaches_its_target(
    losses: list[float], bound: float, confidence: float
) -> None:
    equal, target = [2.0] * len(losses), 1 / (1 - confidence)
    most = max(capital_loss_by_loss(losses, bound, confidence, equal))
    if most != pytest.approx(target, rel=1e-9):
        assert rules_out(np.array(losses), bound, confidence) == (most > target)


@pytest.mark.parametrize("seed", range(8))
def test_weighted_losses_are_played_for_a_part_of_the_bet(seed: int) -> None:
    random = np.random.default_rng(seed)
    losses = random.choice([-0.5, 0.0, 0.5], p=[0.1, 0.8, 0.1], size=400)
    weights = random.choice([1.0, 4.0, 10.0], size=400)
    least = upper_bound(losses, 0.95, weights=weights)
    for bound in (least - 2e-4, least + 2e-4):
        most = max(capital_loss_by_loss(losses.tolist(), bound, 0.95, weights.tolist()))
        assert (most > 20) == (bound > least)


@settings(max_examples=100, deadline=None)
@given(losses_of_any_kind)
def test_all_bounds_above_the_upper_bound_are_ruled_out_and_none_below(
    losses: list[float],
) -> None:
    bound = upper_bound(np.array(losses), 0.9)
    above = np.linspace(bound, 1, 20)
    below = np.linspace(0, bound - 2e-4, 20) if bound > 2e-4 else []
    assert bound == 1 or all(rules_out(np.array(losses), mean, 0.9) for mean in above)
    assert not any(rules_out(np.array(losses), mean, 0.9) for mean in below)


def test_nothing_seen_shows_nothing() -> None:
    assert upper_bound(np.zeros(0), 0.95) == 1.0


def test_losses_that_do_not_rule_out_the_largest_bound_asked_for_bound_nothing() -> None:
    assert upper_bound(np.full(50, 0.5), 0.95, largest=0.02) == 1.0
    assert upper_bound(np.zeros(1000), 0.95, largest=0.02) < 0.02
