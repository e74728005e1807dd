"""Bounds by betting: bets worked by hand, how often they are wrong, how far they see."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.betting import LARGEST_BET, rule_out, upper_bound

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def shows_mean_below(losses: np.ndarray, bound: float, confidence: float) -> bool:
    return bool(rule_out(losses[:, None], np.array([bound]), confidence)[0])


def test_two_losses_worked_by_hand() -> None:
    # Mean 0.9 and confidence 0.95: the capital must grow to 20, its logarithm to 2.9957.
    # First bet: sqrt(2 * 2.9957 / (2 left * variance 1)) = 1.7308; capital 1 + 1.7308 * 1.9.
    # Loss -1 leaves mean -1/2 and variance (1 + 1/4) / 2 = 0.625; missing are 1.5394.
    # Second bet: sqrt(2 * 1.5394 / (1 left * 0.625)) = 2.2195.
    capital = (1 + 1.7308 * 1.9) * (1 + 2.2195 * 1.9)
    assert capital == pytest.approx(22.4, abs=0.05)
    assert shows_mean_below(np.array([-1.0, -1.0]), 0.9, 0.95)
    # The same for 0.96: it must grow to 25 and ends at 24.1.
    assert not shows_mean_below(np.array([-1.0, -1.0]), 0.9, 0.96)


def test_a_bet_is_cut_before_it_could_ruin_the_capital() -> None:
    # Uncut, the first bet of one loss would be 2.4478, above 1 / (1 - 0.5): a loss of 1 ruins.
    assert not shows_mean_below(np.array([1.0]), 0.5, 0.95)
    assert shows_mean_below(np.full(60, -0.5), 0.5, 0.95)


def test_losses_of_zero_need_little_more_than_the_largest_bet_says() -> None:
    growth = math.log1p(LARGEST_BET * 0.02 / 0.98)
    enough = math.ceil(math.log(20) / growth)
    assert shows_mean_below(np.zeros(int(1.2 * enough)), 0.02, 0.95)
    assert not shows_mean_below(np.zeros(enough - 1), 0.02, 0.95)


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
    losses = draw(np.random.default_rng(7), (300, 4000))
    wrong = rule_out(losses, np.full(4000, 0.02), 0.9).mean()
    assert wrong <= 0.1 + 2 * math.sqrt(0.1 * 0.9 / 4000)


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
    losses = random.choice([0.0, 1.0], p=[0.9, 0.1], size=(2000, 1000))
    bound = 0.1 + 2.5 * 0.3 / math.sqrt(2000)
    assert rule_out(losses, np.full(1000, bound), 0.95).mean() > 0.65


def test_it_is_far_tighter_than_hoeffding_where_losses_vary_little() -> None:
    random = np.random.default_rng(1)
    losses = random.choice([0.0, 1.0], p=[0.97, 0.03], size=2000)
    hoeffding = losses.mean() + 2 * math.sqrt(math.log(20) / (2 * 2000))
    bound = upper_bound(losses, 0.95)
    assert losses.mean() < bound < losses.mean() + (hoeffding - losses.mean()) / 3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_series_are_judged_alike_alone_and_together(losses: list[float]) -> None:
    bounds = np.linspace(-0.9, 1, 20)
    together = rule_out(np.repeat(np.array(losses)[:, None], 20, axis=1), bounds, 0.9)
    alone = [shows_mean_below(np.array(losses), bound, 0.9) for bound in bounds]
    assert together.tolist() == alone


def test_nothing_seen_shows_nothing() -> None:
    assert upper_bound(np.zeros(0), 0.95) == 1.0
