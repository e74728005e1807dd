"""Whether a model's loss changed over the time of a log: found where it did, and there alone."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import skew

from semroute.build.drift import FEWEST_SCORED, NEWEST_SHARES, _drift, find_drifts

MODELS = ("large", "medium", "small")
N = 1_000
DAY_S = 86_400.0
START = datetime(2026, 10, 1, tzinfo=UTC).timestamp()


def _log(
    rng: np.random.Generator, *, more: float = 0.0, since: float = 0.6
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make losses of 0 and 1, clusters, times; medium loses `more` once `since` of it is over."""
    asked_at = np.sort(START + rng.uniform(0, 30 * DAY_S, N))
    cluster_ids = rng.integers(0, 4, N)
    is_new = np.arange(N) >= since * N
    hard = np.array([0.0, 0.05, 0.1, 0.3])[cluster_ids]
    losses = np.zeros((N, 3))
    losses[:, 1] = rng.random(N) < hard + more * is_new
    losses[:, 2] = rng.random(N) < hard + 0.1
    order = rng.permutation(N)
    return losses[order], cluster_ids[order], asked_at[order]


def test_a_model_that_got_worse_is_named_with_the_day_and_by_how_much() -> None:
    losses, cluster_ids, asked_at = _log(np.random.default_rng(0), more=0.2, since=0.5)
    (found,) = find_drifts(losses, cluster_ids, asked_at, MODELS)
    assert found.model == "medium"
    assert found.change == pytest.approx(0.2, abs=3 * found.standard_error)
    assert 0 < found.standard_error < 0.05
    assert found.n_newer + found.n_older == N
    since = datetime.fromisoformat(found.since).timestamp()
    assert since == pytest.approx(np.median(asked_at), abs=DAY_S)


def test_a_model_that_got_better_is_named_too() -> None:
    losses, cluster_ids, asked_at = _log(np.random.default_rng(0), more=0.2, since=0.5)
    (found,) = find_drifts(losses, cluster_ids, -asked_at, MODELS)
    assert found.change == pytest.approx(-0.2, abs=3 * found.standard_error)


def test_a_change_in_the_newest_tenth_is_found_there() -> None:
    losses, cluster_ids, asked_at = _log(np.random.default_rng(0), more=0.4, since=0.9)
    (found,) = find_drifts(losses, cluster_ids, asked_at, MODELS)
    assert found.n_newer == N * NEWEST_SHARES[-1]


def test_other_topics_are_no_change_of_a_model() -> None:
    rng = np.random.default_rng(0)
    cluster_ids = np.arange(N) // (N // 2)
    losses = np.zeros((N, 3))
    losses[:, 1] = rng.random(N) < np.where(cluster_ids == 1, 0.5, 0.05)
    asked_at = START + np.arange(N) + rng.normal(0, 100, N)
    assert not find_drifts(losses, cluster_ids, asked_at, MODELS)
    assert find_drifts(losses, np.zeros(N, dtype=np.int64), asked_at, MODELS), "seen as one topic"


@pytest.mark.parametrize(
    ("n", "n_clusters", "rate"), [(300, 10, 0.05), (1_000, 10, 0.02), (1_000, 300, 0.1)]
)
def test_where_nothing_changed_hardly_ever_is_anything_found(
    n: int, n_clusters: int, rate: float
) -> None:
    n_found = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        losses = np.column_stack([np.zeros(n), rng.random((n, 2)) < rate])
        cluster_ids, asked_at = rng.integers(0, n_clusters, n), rng.random(n)
        n_found += bool(find_drifts(losses, cluster_ids, asked_at, MODELS))
    assert n_found <= 11, "four are to be expected; more than eleven are one chance in a thousand"


def test_the_error_and_the_skewness_are_those_of_drawing_the_newer_queries_at_random() -> None:
    rng = np.random.default_rng(1)
    cluster_ids = rng.integers(0, 3, 200)
    losses = (rng.random(200) < 0.1).astype(float)
    asked_at = rng.permutation(200).astype(float)
    found = _drift(losses, cluster_ids, asked_at, 0.25)
    assert found is not None
    is_new = asked_at >= 150
    drawn = np.zeros(40_000)
    for cluster in range(3):
        within = losses[cluster_ids == cluster]
        n, n_drawn = len(within), int(is_new[cluster_ids == cluster].sum())
        ones = int(within.sum())
        drawn += rng.hypergeometric(ones, n - ones, n_drawn, len(drawn)) - ones * n_drawn / n
    shares = [np.mean(is_new[cluster_ids == c]) for c in range(3)]
    sizes = np.bincount(cluster_ids)
    weight = sum(n * p * (1 - p) for n, p in zip(sizes, shares, strict=True))
    assert found.standard_error == pytest.approx(drawn.std() / weight, rel=0.02)
    z = found.change / found.standard_error
    corrected = z - skew(drawn) * (z**2 - 1) / 6
    assert found.deviations == pytest.approx(corrected, abs=0.01)
    within_clusters = sum(
        n
        * p
        * (1 - p)
        * (losses[(cluster_ids == c) & is_new].mean() - losses[(cluster_ids == c) & ~is_new].mean())
        for c, (n, p) in enumerate(zip(sizes, shares, strict=True))
    )
    assert found.change == pytest.approx(within_clusters / weight)


def test_hardly_any_losses_say_nothing() -> None:
    losses = np.zeros((400, 3))
    losses[:9, 1] = 1
    asked_at, cluster_ids = -np.arange(400.0), np.zeros(400, dtype=np.int64)
    assert not find_drifts(losses, cluster_ids, asked_at, MODELS)
    losses[:30, 1] = 1
    assert find_drifts(losses, cluster_ids, asked_at, MODELS)


def test_without_times_or_scores_or_with_few_nothing_is_said() -> None:
    losses, cluster_ids, asked_at = _log(np.random.default_rng(0), more=0.5)
    assert not find_drifts(losses, cluster_ids, np.full(N, np.nan), MODELS)
    assert not find_drifts(np.full((N, 3), np.nan), cluster_ids, asked_at, MODELS)
    assert not find_drifts(losses[:0], cluster_ids[:0], asked_at[:0], MODELS)
    few = np.argsort(asked_at)[: 2 * FEWEST_SCORED - 1]
    assert not find_drifts(losses[few], cluster_ids[few], asked_at[few], MODELS)
    assert not find_drifts(losses, cluster_ids, np.full(N, START), MODELS)


def test_two_batches_are_told_apart_however_unlike_in_size() -> None:
    n_newer = 80
    asked_at = np.repeat([0.0, 1.0], [N - n_newer, n_newer])
    losses = np.zeros((N, 3))
    losses[-n_newer:, 1] = 1.0
    (found,) = find_drifts(losses, np.arange(N) % 3, asked_at, MODELS)
    assert (found.n_newer, found.n_older) == (n_newer, N - n_newer)
    assert found.change == pytest.approx(1)


def test_holes_and_queries_without_a_time_count_for_nobody() -> None:
    rng = np.random.default_rng(0)
    losses, cluster_ids, asked_at = _log(rng, more=0.3)
    holed, unknown = losses.copy(), asked_at.copy()
    holed[rng.random(N) < 0.2, 1] = np.nan
    unknown[rng.random(N) < 0.2] = np.nan
    known = np.isfinite(holed[:, 1]) & np.isfinite(unknown)
    (found,) = find_drifts(holed, cluster_ids, unknown, MODELS)
    assert found.n_newer + found.n_older == known.sum()


@settings(max_examples=50, deadline=None, database=None)
@given(st.data())
def test_whatever_the_table_a_change_is_a_finite_number(data: st.DataObject) -> None:
    n = data.draw(st.integers(0, 200))
    draw = st.sampled_from([-1.0, 0.0, 0.5, 1.0, np.nan])
    losses = np.array(data.draw(st.lists(draw, min_size=3 * n, max_size=3 * n))).reshape(n, 3)
    ids = np.array(data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n)), dtype=np.int64)
    times = st.one_of(st.just(np.nan), st.integers(0, 50).map(float))
    asked_at = np.array(data.draw(st.lists(times, min_size=n, max_size=n)), dtype=np.float64)
    for found in find_drifts(losses, ids, asked_at, MODELS):
        assert np.isfinite([found.change, found.standard_error]).all()
        assert min(found.n_newer, found.n_older) >= FEWEST_SCORED
