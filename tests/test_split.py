"""Near duplicates stay together, and neither order nor other rows move a query's side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.split import N_FOLDS, content_key, group_ids, in_fit, inner_folds, shuffled_ids
from semroute.texts import fold


def test_near_duplicates_share_a_group() -> None:
    assert group_ids(["Where is it?", "where is it", "WHERE  is, it!", "who is it"]).tolist() == [
        0,
        0,
        0,
        1,
    ]


@settings(max_examples=300)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30), st.integers(0, 9))
def test_a_group_never_straddles_the_split(texts: list[str], seed: int) -> None:
    groups, sides = group_ids(texts), in_fit(texts, seed)
    for number in set(groups.tolist()):
        assert len(set(sides[groups == number].tolist())) == 1


@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=30, unique=True))
def test_in_a_small_log_other_queries_do_not_move_a_query(texts: list[str]) -> None:
    assert in_fit(texts, 0)[0] == in_fit(texts[:1], 0)[0]
    assert in_fit(texts[::-1], 0).tolist() == in_fit(texts, 0).tolist()[::-1]


def test_about_six_in_ten_queries_are_fitted_on_and_the_seed_changes_which() -> None:
    texts = [f"question number {n}" for n in range(5000)]
    first, second = in_fit(texts, 0), in_fit(texts, 1)
    assert 0.58 < first.mean() < 0.62
    assert 0.3 < (first != second).mean() < 0.6


@pytest.mark.parametrize(
    ("n_texts", "n_held_out"),
    [(1000, 400), (5000, 2000), (7000, 2000), (8000, 2000), (20000, 5000)],
)
def test_a_large_log_holds_out_two_thousand_then_a_quarter(n_texts: int, n_held_out: int) -> None:
    held_out = ~in_fit([f"question number {n}" for n in range(n_texts)], 0)
    assert held_out.sum() == pytest.approx(n_held_out, rel=0.1)


def test_a_growing_log_only_moves_queries_to_those_fitted_on() -> None:
    texts = [f"question number {n}" for n in range(9000)]
    before, after = in_fit(texts[:4000], 0), in_fit(texts, 0)[:4000]
    assert (after >= before).all()
    assert after.sum() > before.sum()


def test_copies_of_a_text_do_not_make_a_log_large() -> None:
    texts = [f"question number {n % 4000}" for n in range(20_000)]
    assert (in_fit(texts, 0)[:4000] == in_fit(texts[:4000], 0)).all()


def test_the_content_key_does_not_depend_on_order() -> None:
    assert content_key(["a", "b"]) == content_key(["b", "a"])
    assert content_key(["a", "b"]) != content_key(["ab"])


LOGS = st.lists(st.sampled_from(["A b", "a B!", "c", "C?", "d e", "?", "f 1"]), min_size=1)


@given(LOGS)
def test_shuffled_ids_number_the_groups_of_near_duplicates(texts: list[str]) -> None:
    ids, groups = shuffled_ids(texts, "key").tolist(), group_ids(texts).tolist()
    assert len(set(zip(ids, groups, strict=True))) == len(set(ids)) == len(set(groups))
    assert sorted(set(ids)) == list(range(len(set(groups))))


def test_the_order_of_shuffled_ids_lasts_while_a_log_grows_and_depends_on_the_key() -> None:
    texts = [f"question {number}" for number in range(60)]
    order = np.argsort(shuffled_ids(texts, "key")).tolist()
    assert order != sorted(order)
    few = np.argsort(shuffled_ids(texts[:30], "key")).tolist()
    assert few == [row for row in order if row < 30]
    assert np.argsort(shuffled_ids(texts, "other")).tolist() != order


@given(LOGS, st.integers(0, 9))
def test_inner_folds_keep_near_duplicates_together(texts: list[str], seed: int) -> None:
    folds = inner_folds(texts, seed).tolist()
    assert len(set(zip(map(fold, texts), folds, strict=True))) == len(set(map(fold, texts)))


def test_each_inner_fold_has_its_part_of_the_queries_fitted_on() -> None:
    texts = [f"question {number}" for number in range(4_000)]
    folds = inner_folds(texts, 0)[in_fit(texts, 0)]
    shares = np.bincount(folds, minlength=N_FOLDS) / len(folds)
    assert shares == pytest.approx(1 / N_FOLDS, abs=0.03)
