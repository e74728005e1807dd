"""Costs by topic and by length: what is learned, and what is expected of a request."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from semroute.estimator import LossEstimator, fit_estimator
from semroute.estimator.lengths import cluster_costs
from tests.estimator.logs import MODELS, N_CLUSTERS, rows_of

USD_PER_CHAR = np.array([2.5e-6, 1e-7, 0.0])


def _priced(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs that are a topic's own and so much a character; lengths; topics."""
    random = np.random.default_rng(seed)
    topics, n_chars = random.integers(0, N_CLUSTERS, n), random.integers(10, 20_000, n)
    own = np.outer(1 + topics, [0.002, 0.0003, 0.001])
    return own + np.outer(n_chars, USD_PER_CHAR), n_chars, topics


def _fitted(costs: np.ndarray, n_chars: np.ndarray, seed: int = 0) -> LossEstimator:
    rows = dataclasses.replace(
        rows_of(len(costs), seed)[0], costs_usd=costs, n_chars=n_chars.astype(np.int64)
    )
    return fit_estimator(rows, N_CLUSTERS, MODELS, "large")


def _costs(estimator: LossEstimator, n_chars: int, cluster: int = 0) -> list[float]:
    """Return what a request right at one cluster, as far as weights go, is expected to cost."""
    near = np.array([0.99] + [-1.0] * (N_CLUSTERS - 1), dtype=np.float32)
    order = np.array([cluster, *(c for c in range(N_CLUSTERS) if c != cluster)])
    sharp = dataclasses.replace(estimator, temperature=1000.0)
    text = np.zeros(16, dtype=np.float32), [0.0] * len(estimator.centre)
    return sharp.estimate_one(order, near, *text, n_chars)[1]


def test_prices_by_the_token_are_found_exactly_whatever_a_topics_own_costs() -> None:
    found = cluster_costs(*_priced(400), N_CLUSTERS)
    assert found.usd_per_char == pytest.approx(USD_PER_CHAR, rel=1e-9, abs=1e-18)


@pytest.mark.parametrize("n_chars", [0, 10, 5_000, 400_000])
def test_a_request_is_expected_to_cost_what_one_of_its_length_does(n_chars: int) -> None:
    """Without noise, and the same in all topics: shrinking moves nothing."""
    _, lengths, _ = _priced(400, seed=1)
    estimator = _fitted(0.002 + np.outer(lengths, USD_PER_CHAR), lengths)
    expected = 0.002 + n_chars * USD_PER_CHAR
    assert _costs(estimator, n_chars) == pytest.approx(expected, rel=1e-6)


def test_one_topic_gives_the_slope_of_a_regression_less_what_may_be_noise() -> None:
    random = np.random.default_rng(2)
    n_chars = random.integers(10, 1_000, 200)
    costs = 0.01 + 1e-5 * n_chars + random.normal(0, 0.01, 200)
    line = linregress(n_chars, costs)
    expected = line.slope * (1 - (line.stderr / line.slope) ** 2)
    found = cluster_costs(costs[:, None], n_chars, np.zeros(200, dtype=np.int64), 1)
    assert found.usd_per_char == pytest.approx([expected])


def test_costs_that_do_not_go_by_length_stay_by_topic() -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        n_chars, topics = random.integers(10, 1_000, 200), random.integers(0, 4, 200)
        costs = random.exponential(0.01, (200, 1))
        slope = cluster_costs(costs, n_chars, topics, 4).usd_per_char[0]
        # A whole spread of lengths moves the cost by a small part of its own spread.
        assert 0 <= slope * n_chars.std() < 0.35 * costs.std()


def test_a_topic_of_long_requests_and_long_answers_is_no_proof_that_length_costs() -> None:
    n_chars = np.array([90, 100, 110, 9_990, 10_000, 10_010])
    costs = np.array([[0.001]] * 3 + [[0.1]] * 3)
    topics = np.array([0, 0, 0, 1, 1, 1])
    assert cluster_costs(costs, n_chars, topics, 2).usd_per_char.tolist() == [0.0]


@given(
    seed=st.integers(0, 2**32 - 1),
    n_chars=st.integers(0, 10**8),
    share=st.floats(0, 1),
    cluster=st.integers(0, N_CLUSTERS - 1),
)
def test_no_request_is_expected_to_earn_money_and_a_longer_one_costs_no_less(
    seed: int, n_chars: int, share: float, cluster: int
) -> None:
    random = np.random.default_rng(seed)
    learned = {
        "costs_usd": random.exponential(0.01, (N_CLUSTERS, 3)) * (random.random(3) < 0.8),
        "n_chars": random.exponential(500, N_CLUSTERS),
        "usd_per_char": random.exponential(1e-4, 3) * (random.random(3) < 0.8),
    }
    estimator = dataclasses.replace(ESTIMATOR, **learned)
    shorter, longer = (_costs(estimator, n, cluster) for n in (int(n_chars * share), n_chars))
    assert all(0 <= a <= b for a, b in zip(shorter, longer, strict=True))


def test_a_log_of_requests_all_as_long_knows_nothing_of_length() -> None:
    costs, _, topics = _priced(40)
    assert not cluster_costs(costs, np.full(40, 100), topics, N_CLUSTERS).usd_per_char.any()


def test_prices_too_small_to_square_are_none() -> None:
    found = cluster_costs(np.array([[1e-200], [2e-200], [0.0]]), np.array([1, 9, 5]), ONE, 1)
    assert found.usd_per_char.tolist() == [0.0]


ONE = np.zeros(3, dtype=np.int64)
ESTIMATOR = _fitted(*_priced(120)[:2])
