"""Whether a model's loss changed over the time of a log: found where it did, and there alone."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_where_nothing_changed_hardly_ever_is_anything_found() -> None:
    n_found = sum(
        bool(find_drifts(*_log(np.random.default_rng(seed)), MODELS)) for seed in range(400)
    )
    assert n_found <= 10, "one in a hundred, and a little more for what normal tails leave out"


def test_the_change_is_that_of_a_regression_with_a_constant_per_cluster() -> None:
    losses, cluster_ids, asked_at = _log(np.random.default_rng(1), more=0.1)
    found = _drift(losses[:, 1], cluster_ids, asked_at, 0.5)
    assert found is not None
    is_new = (asked_at >= np.quantile(asked_at, 0.5, method="higher")).astype(float)
    design = np.column_stack([is_new, np.eye(4)[cluster_ids]])
    solved = np.linalg.lstsq(design, losses[:, 1], rcond=None)[0]
    bread = np.linalg.inv(design.T @ design)
    left = losses[:, 1] - design @ solved
    sandwich = bread @ (design.T * left**2) @ design @ bread
    assert found.change == pytest.approx(solved[0])
    assert found.standard_error == pytest.approx(np.sqrt(sandwich[0, 0]))


def test_without_times_or_scores_or_with_few_nothing_is_said() -> None:
    losses, cluster_ids, asked_at = _log(np.random.default_rng(0), more=0.5)
    assert not find_drifts(losses, cluster_ids, np.full(N, np.nan), MODELS)
    assert not find_drifts(np.full((N, 3), np.nan), cluster_ids, asked_at, MODELS)
    assert not find_drifts(losses[:0], cluster_ids[:0], asked_at[:0], MODELS)
    few = np.argsort(asked_at)[: 2 * FEWEST_SCORED - 1]
    assert not find_drifts(losses[few], cluster_ids[few], asked_at[few], MODELS)
    assert not find_drifts(losses, cluster_ids, np.full(N, START), MODELS)


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
