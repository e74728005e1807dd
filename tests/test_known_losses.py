"""What stands for queries that lack scores: known ones, as far as enough are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.betting import rules_out
from semroute.known_losses import LEAST_KNOWN, KnownLosses, known_losses


def known(
    columns: np.ndarray,
    scores: np.ndarray,
    expected: np.ndarray,
    frontier: int,
    order: np.ndarray,
    cluster_ids: np.ndarray | None = None,
    least_known: float = LEAST_KNOWN,
) -> KnownLosses:
    """What is known of the losses of queries that all lie in one cluster unless told otherwise."""
    near = np.zeros(len(columns), dtype=np.int64) if cluster_ids is None else cluster_ids
    return known_losses(columns, scores, expected, near, frontier, order, least_known)


def test_what_is_known_of_a_model_stands_for_what_is_not() -> None:
    # `small` answers four: loses 0.5 on one, nothing on another, and two are unknown.
    columns = np.array([0, 1, 1, 1, 1, 0])
    small = np.array([1, 0.5, 1, np.nan, np.nan, np.nan])
    scores = np.column_stack([np.ones(6), small])
    found = known(columns, scores, np.zeros(scores.shape), 0, np.arange(6))
    assert found.losses.tolist() == [0, 0.5, 0, 0]
    assert found.weights.tolist() == [1, 2, 2, 1]
    assert (found.n_worst_case, found.n_left_out) == (0, 2)


def test_below_half_as_many_count_as_failures_as_it_takes_to_know_half() -> None:
    columns = np.array([0, 1, 1, 1, 1, 0])
    scores = np.column_stack([np.ones(6), [1, np.nan, 0.8, np.nan, np.nan, np.nan]])
    order = np.array([5, 4, 3, 2, 1, 0])
    found = known(columns, scores, np.zeros(scores.shape), 0, order)
    # One of four is known, half are two: the first in the order that lacks a score has failed.
    assert found.losses == pytest.approx([0, 1, 0.2, 0])
    assert found.weights.tolist() == [1, 2, 2, 1]
    assert (found.n_worst_case, found.n_left_out) == (1, 2)


def test_where_the_owner_says_that_a_fifth_is_enough_one_of_four_stands_for_all() -> None:
    columns = np.array([0, 1, 1, 1, 1, 0])
    scores = np.column_stack([np.ones(6), [1, np.nan, 0.8, np.nan, np.nan, np.nan]])
    found = known(columns, scores, np.zeros((6, 2)), 0, np.arange(6), least_known=0.2)
    assert found.losses == pytest.approx([0, 0.2, 0])
    assert found.weights.tolist() == [1, 4, 1]
    assert (found.n_worst_case, found.n_left_out) == (0, 3)


@pytest.mark.parametrize(("n_known", "n_failed"), [(6, 1), (7, 0)])
def test_a_share_that_is_a_hair_above_a_whole_number_asks_for_no_more(
    n_known: int, n_failed: int
) -> None:
    # 0.07 * 100 is 7.000000000000001 to a computer; clusters of four stand apart for nothing.
    columns, clusters = np.ones(100, dtype=np.int64), np.arange(100) // 4
    small = np.where(np.arange(100) < n_known, 1.0, np.nan)
    scores, expected = np.column_stack([np.ones(100), small]), np.zeros((100, 2))
    found = known(columns, scores, expected, 0, np.arange(100), clusters, least_known=0.07)
    assert found.n_worst_case == n_failed


@pytest.mark.parametrize(("n_known", "lost"), [(0, 12), (5, 7), (6, 0)])
def test_then_a_cluster_stands_apart_where_less_than_half_of_that_is_known(
    n_known: int, lost: int
) -> None:
    # As below, but a fifth of the scores is enough: of 60 queries 12, and 6 are half of these.
    columns, cluster_ids = np.ones(160, dtype=np.int64), np.arange(160) // 100
    scores = np.ones((160, 2))
    scores[100 + n_known :, 1] = np.nan
    found = known(columns, scores, np.zeros((160, 2)), 0, np.arange(160), cluster_ids, 0.2)
    assert found.n_worst_case == (60 if n_known == 0 else lost)


@pytest.mark.parametrize(("n_known", "lost"), [(6, 8), (7, 0)])
def test_no_cluster_stands_apart_by_a_hair(n_known: int, lost: int) -> None:
    # Half of 0.14 of 100 is 7.000000000000001 to a computer.
    columns, cluster_ids = np.ones(200, dtype=np.int64), np.arange(200) // 100
    scores = np.ones((200, 2))
    scores[100 + n_known :, 1] = np.nan
    found = known(columns, scores, np.zeros((200, 2)), 0, np.arange(200), cluster_ids, 0.14)
    assert found.n_worst_case == lost


def test_of_a_model_of_which_nothing_is_known_every_query_has_failed() -> None:
    columns = np.array([0, 1, 1, 1, 1, 0])
    scores = np.column_stack([np.ones(6), np.full(6, np.nan)])
    found = known(columns, scores, np.zeros(scores.shape), 0, np.arange(6))
    assert found.losses.tolist() == [0, 1, 1, 1, 1, 0]
    assert found.weights.tolist() == [1] * 6
    assert (found.n_worst_case, found.n_left_out) == (4, 0)


@given(st.data())
def test_each_model_stands_for_all_it_answers(
    data: st.DataObject,
) -> None:
    n = data.draw(st.integers(1, 40))
    columns = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    unknown = np.array(data.draw(st.lists(st.booleans(), min_size=4 * n, max_size=4 * n)))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scores = np.where(unknown.reshape(n, 4), np.nan, random.uniform(size=(n, 4)))
    order = random.permutation(n)
    found = known(columns, scores, np.zeros(scores.shape), 0, order)
    assert found.weights.sum() == pytest.approx(n)
    n_holes = sum(
        column != 0 and np.isnan([scores[row, column], scores[row, 0]]).any()
        for row, column in enumerate(columns)
    )
    assert len(found.losses) + found.n_left_out == n
    assert found.n_worst_case + found.n_left_out == n_holes
    assert found.weights.max() <= 1 / LEAST_KNOWN + 1e-9


def test_easy_queries_do_not_stand_for_hard_ones_nobody_scored() -> None:
    # `small` answers two easy queries, which lose nothing, and two that are expected to lose 0.3.
    columns, expected = np.array([1, 1, 1, 1]), np.array([0.0, 0.04, 0.3, 0.3])
    scores = np.column_stack([np.ones(4), [1, 1, np.nan, np.nan]])
    found = known(columns, scores, np.column_stack([expected * 0, expected]), 0, np.arange(4))
    assert found.losses.tolist() == [0, 0, 1, 1]
    assert found.weights.tolist() == [1, 1, 1, 1]
    scores[2, 1] = 0.8
    found = known(columns, scores, np.column_stack([expected * 0, expected]), 0, np.arange(4))
    assert found.losses == pytest.approx([0, 0, 0.2])
    assert found.weights.tolist() == [1, 1, 2]


@pytest.mark.parametrize(("n_known", "lost"), [(0, 60), (10, 40), (30, 0)])
def test_other_clusters_do_not_stand_for_one_of_which_hardly_any_is_known(
    n_known: int, lost: int
) -> None:
    # `small` answers 100 queries that lose nothing, and 60 of another cluster; all look easy.
    columns, cluster_ids = np.ones(160, dtype=np.int64), np.arange(160) // 100
    scores = np.ones((160, 2))
    scores[100 + n_known :, 1] = np.nan
    found = known(columns, scores, np.zeros((160, 2)), 0, np.arange(160), cluster_ids)
    assert found.mean * 160 == pytest.approx(lost, abs=1e-9)
    assert found.weights.sum() == pytest.approx(160)


@pytest.mark.parametrize(("n_answered", "n_known", "lost"), [(20, 4, 6), (20, 5, 0), (19, 4, 0)])
def test_a_cluster_is_apart_from_twenty_answers_on_and_below_a_quarter_known(
    n_answered: int, n_known: int, lost: int
) -> None:
    # Beside 100 queries of another cluster that lose nothing. Half of twenty are ten: six fail.
    n = 100 + n_answered
    columns, cluster_ids = np.ones(n, dtype=np.int64), (np.arange(n) >= 100).astype(np.int64)
    scores = np.ones((n, 2))
    scores[100 + n_known :, 1] = np.nan
    found = known(columns, scores, np.zeros((n, 2)), 0, np.arange(n), cluster_ids)
    assert found.n_worst_case == lost


def test_an_expected_loss_on_the_edge_of_a_band_is_of_the_one_above() -> None:
    columns, expected = np.array([1, 1, 1]), np.array([0.04, 0.05, 0.06])
    scores = np.column_stack([np.ones(3), [1.0, np.nan, 0.5]])
    found = known(columns, scores, np.column_stack([expected * 0, expected]), 0, np.arange(3))
    assert found.weights.tolist() == [1, 2]


def test_queries_without_any_score_set_no_cluster_apart() -> None:
    # 400 queries of ten clusters, some scores missing, and ten times as many nobody looked at.
    columns, cluster_ids = np.ones(4_400, dtype=np.int64), np.arange(4_400) % 10
    scores = np.ones((4_400, 2))
    scores[:400, 1][np.random.default_rng(1).uniform(size=400) < 0.4] = np.nan
    scores[400:] = np.nan
    everything = columns, scores, np.zeros((4_400, 2))
    scored = tuple(one[:400] for one in everything)
    found = known(*everything, 0, np.arange(400), cluster_ids)
    alone = known(*scored, 0, np.arange(400), cluster_ids[:400])
    assert found.losses.tolist() == alone.losses.tolist()
    assert found.weights.tolist() == alone.weights.tolist()
    assert (found.n_worst_case, found.n_left_out) == (0, 170)


def test_queries_of_which_nothing_is_expected_stand_for_each_other() -> None:
    columns, expected = np.array([1, 1, 1]), np.array([np.nan, np.nan, 0.9])
    scores = np.column_stack([np.ones(3), [0.5, np.nan, 1]])
    found = known(columns, scores, np.column_stack([expected * 0, expected]), 0, np.arange(3))
    assert found.losses.tolist() == [0.5, 0]
    assert found.weights.tolist() == [2, 1]


def test_one_more_hole_never_ends_what_a_promise_can_be_made_of() -> None:
    """A rare model, known on 10 of 19 queries, then on 9: no cliff at half."""
    columns = np.where(np.arange(1200) < 19, 1, 0)
    scores = np.ones((1200, 2))
    means = []
    for n_known in (10, 9):
        scores[n_known:19, 1] = np.nan
        means.append(known(columns, scores, np.zeros(scores.shape), 0, np.arange(1200)).mean)
    assert means == pytest.approx([0, 1.9 / 1200], abs=1e-9)


@pytest.mark.parametrize(("most_unknown", "n_texts"), [(0.49, 600), (0.9, 600), (0.9, 200)])
def test_holes_in_the_scores_of_models_that_answer_little_break_no_promise(
    most_unknown: float, n_texts: int
) -> None:
    # Ten models answer 3% of traffic each; those that lose most are known least.
    random = np.random.default_rng(8)
    unknown = np.linspace(0, most_unknown, 10)
    loses = np.linspace(0.01, 0.99, 10)
    loses *= 0.02 / (0.03 * loses.sum())
    wrong = 0
    shape = (n_texts, 10)
    for _ in range(1000):
        answers = random.uniform(size=n_texts) < 0.3
        columns = np.where(answers, random.integers(1, 11, n_texts), 0)
        scores = np.ones((n_texts, 11))
        scores[:, 1:] = random.uniform(size=shape) >= loses
        scores[:, 1:][random.uniform(size=shape) < unknown] = np.nan
        found = known(columns, scores, np.zeros(scores.shape), 0, np.arange(n_texts))
        wrong += rules_out(found.losses, 0.02, 0.8, found.weights)
    assert wrong / 1000 <= 0.2
