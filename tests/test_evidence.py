"""Evidence: hand-worked cases, a scipy oracle, and properties over random tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import optimize, stats

from semroute.evidence import Evidence, estimate_loss, measure

MODELS = ("large", "small")


def _measure(scores: list[list[float]], cluster_ids: list[int], n_clusters: int) -> Evidence:
    table = np.array(scores, dtype=float)
    prices = np.tile([0.02, 0.001], (len(table), 1))
    ids = np.array(cluster_ids, dtype=np.int64)
    return measure(table, prices, ids, n_clusters, MODELS, "large")


def test_a_hand_worked_table() -> None:
    nan = float("nan")
    evidence = _measure([[1, 0.5], [1, 1], [0, nan], [nan, 1]], [0, 0, 0, 1], 2)
    assert evidence.n_scored.tolist() == [[3, 2], [0, 1]]
    assert evidence.n_paired.tolist() == [[3, 2], [0, 0]]
    assert evidence.mean_score[0] == pytest.approx([2 / 3, 0.75])
    assert evidence.mean_loss[0] == pytest.approx([0, 0.25])
    assert evidence.loss_variance[0] == pytest.approx([0, 0.125])
    assert np.isnan(evidence.mean_loss[1]).all()
    assert evidence.size.tolist() == [3, 1]


def test_a_cluster_without_queries_costs_what_the_whole_costs() -> None:
    evidence = _measure([[1, 1], [1, 0]], [1, 1], 2)
    assert evidence.mean_cost_usd[0] == pytest.approx([0.02, 0.001])


def test_the_bound_of_a_large_cluster_is_the_t_interval_of_scipy() -> None:
    generator = np.random.default_rng(0)
    losses = generator.choice([0.0, 1.0], size=20_000, p=[0.9, 0.1])
    scores = np.stack([np.ones_like(losses), 1 - losses], axis=1)
    evidence = _measure(scores.tolist(), [0] * len(losses), 1)
    estimate = estimate_loss(evidence, 0.95)
    plain = stats.ttest_1samp(losses, 0).confidence_interval(0.90).high
    assert estimate.upper_bound[0, 1] == pytest.approx(plain, abs=2e-4)
    assert estimate.expected_loss[0, 1] == pytest.approx(losses.mean(), abs=1e-9)


@pytest.mark.parametrize("loss_rates", ["spread", "two kinds", "mostly small"])
def test_the_bound_of_simulated_clusters_holds_about_as_often_as_asked(loss_rates: str) -> None:
    generator = np.random.default_rng(1)
    held, tried, n_clusters, n_queries = 0, 0, 30, 40
    for _ in range(60):
        truth = {
            "spread": generator.uniform(0, 0.3, n_clusters),
            "two kinds": generator.choice([0.01, 0.3], n_clusters),
            "mostly small": generator.beta(1, 9, n_clusters),
        }[loss_rates]
        ids = np.repeat(np.arange(n_clusters), n_queries)
        losses = (generator.uniform(size=len(ids)) < truth[ids]).astype(float)
        scores = np.stack([np.ones_like(losses), 1 - losses], axis=1)
        evidence = _measure(scores.tolist(), ids.tolist(), n_clusters)
        held += int((truth <= estimate_loss(evidence, 0.95).upper_bound[:, 1]).sum())
        tried += n_clusters
    assert held / tried == pytest.approx(0.95, abs=0.02)


def test_shrinkage_draws_a_small_cluster_further_towards_the_whole() -> None:
    generator = np.random.default_rng(2)
    ids = np.repeat([0, 1, 2, 3], [200, 200, 200, 5])
    rates = np.array([0.1, 0.4, 0.2, 0.0])
    losses = (generator.uniform(size=len(ids)) < rates[ids]).astype(float)
    losses[ids == 3] = 0.0
    scores = np.stack([np.ones_like(losses), 1 - losses], axis=1)
    evidence = _measure(scores.tolist(), ids.tolist(), 4)
    moved = estimate_loss(evidence, 0.95).expected_loss[:, 1] - evidence.mean_loss[:, 1]
    assert moved[3] > 0.03
    assert np.abs(moved[:3]).max() < 0.02


def test_the_bound_of_a_small_cluster_is_as_worked_by_hand() -> None:
    """Five clusters of 40 pairs, and one of 4 that loses on a quarter of them.

    The squared deviations within clusters add up to 27.95, and one made-up loss of 1 counts too.
    """
    losing = [2, 4, 6, 10, 14]
    losses = [[1.0] * k + [0.0] * (40 - k) for k in losing] + [[1.0, 0.0, 0.0, 0.0]]
    ids = np.repeat(range(6), [len(cluster) for cluster in losses]).tolist()
    scores = [[1.0, 1.0 - loss] for cluster in losses for loss in cluster]
    found = estimate_loss(_measure(scores, ids, 6), 0.95)

    n, means = np.array([40] * 5 + [4]), np.array([k / 40 for k in losing] + [0.25])
    weights, within = n / 204, (n @ (means * (1 - means)) + 1) / (5 * 39 + 3 + 1)
    mean = weights @ means

    def lack(between: float) -> float:
        precision = 1 / (within / n + between)
        whole = precision @ means / precision.sum()
        deviance = precision @ (means - whole) ** 2 - np.log(precision).sum()
        return 0.5 * (deviance + np.log(precision.sum())) - np.log(between)

    between = optimize.minimize_scalar(lack, (within / 200, within / 2), method="golden").x
    prior = within / between
    assert 5 < prior < 50
    expected = (4 * 0.25 + prior * mean) / (4 + prior)
    spread = (3 * 0.25 + prior * within) / (3 + prior) + 1 / (4 + prior)
    of_mean = weights**2 @ (within / n + between)
    error = np.sqrt(spread / (4 + prior) + (prior / (4 + prior)) ** 2 * of_mean)
    assert found.expected_loss[5, 1] == pytest.approx(expected, abs=1e-3)
    bound = expected + stats.t.ppf(0.95, 203) * error
    assert found.upper_bound[5, 1] == pytest.approx(bound, abs=5e-3)


@pytest.mark.parametrize("n_clusters", [12, 50])
def test_bounds_of_a_model_with_few_scores_hold_as_often(n_clusters: int) -> None:
    """Eight pairs a cluster, in which the true losses vary: noise may hide it, bounds must not."""
    generator = np.random.default_rng(4)
    held = []
    for _ in range(60):
        truth = np.clip(generator.normal(0.08, 0.08, n_clusters), 0, 1)
        ids = np.repeat(np.arange(n_clusters), 8)
        losses = 0.5 * (generator.uniform(size=len(ids)) < truth[ids]) + 0.5 * truth[ids]
        scores = np.stack([np.ones_like(losses), 1 - losses], axis=1)
        evidence = _measure(scores.tolist(), ids.tolist(), n_clusters)
        held.append(truth <= estimate_loss(evidence, 0.95).upper_bound[:, 1])
    assert np.mean(held) > 0.95


def test_one_lucky_score_bounds_nothing() -> None:
    evidence = _measure([[0, 1], [1, float("nan")]], [0, 0], 1)
    assert estimate_loss(evidence, 0.95).upper_bound[0, 1] == np.inf


def test_a_model_never_scored_beside_the_frontier_is_unknown() -> None:
    evidence = _measure([[float("nan"), 1.0], [1.0, float("nan")]], [0, 0], 1)
    estimate = estimate_loss(evidence, 0.95)
    assert np.isnan(estimate.expected_loss[0, 1])
    assert np.isnan(estimate.upper_bound[0, 1])
    assert estimate.upper_bound[0, 0] == 0.0


def test_a_model_scored_on_easy_queries_only_gains_nothing_by_it() -> None:
    """Cluster 0 is easy (no loss), cluster 1 hard (loss 0.5); coverage differs, truth does not."""
    nan = float("nan")
    easy, hard = [[1.0, 1.0]] * 40, [[1.0, 0.0], [1.0, 1.0]] * 20
    full = _measure(easy + hard, [0] * 40 + [1] * 40, 2)
    holes = [*easy, *hard[:6], *[[1.0, nan]] * 34]
    sparse = _measure(holes, [0] * 40 + [1] * 40, 2)
    before, after = estimate_loss(full, 0.95), estimate_loss(sparse, 0.95)
    assert after.expected_loss[1, 1] == pytest.approx(before.expected_loss[1, 1], abs=0.06)
    assert after.upper_bound[1, 1] > before.upper_bound[1, 1]


@settings(max_examples=200, deadline=None)
@given(
    scores=arrays(float, (24, 2), elements=st.sampled_from([0.0, 0.25, 1.0, float("nan")])),
    ids=arrays(np.int64, 24, elements=st.integers(0, 3)),
    order=st.permutations(range(24)),
)
def test_row_order_changes_nothing(scores: np.ndarray, ids: np.ndarray, order: list[int]) -> None:
    first = estimate_loss(_measure(scores.tolist(), ids.tolist(), 4), 0.9)
    second = estimate_loss(_measure(scores[order].tolist(), ids[order].tolist(), 4), 0.9)
    np.testing.assert_allclose(first.expected_loss, second.expected_loss, atol=1e-12)
    np.testing.assert_allclose(first.upper_bound, second.upper_bound, atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    scores=arrays(float, (24, 2), elements=st.sampled_from([0.0, 0.25, 1.0, float("nan")])),
    ids=arrays(np.int64, 24, elements=st.integers(0, 3)),
)
def test_the_bound_is_never_below_the_estimate(scores: np.ndarray, ids: np.ndarray) -> None:
    estimate = estimate_loss(_measure(scores.tolist(), ids.tolist(), 4), 0.9)
    known = ~np.isnan(estimate.expected_loss)
    assert (estimate.upper_bound[known] >= estimate.expected_loss[known]).all()
    assert (estimate.expected_loss[known] >= -1).all()
    assert (estimate.expected_loss[known] <= 1).all()
