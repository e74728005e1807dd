"""Near duplicates stay together, and neither order nor other rows move a query's side."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.split import content_key, group_ids, in_fit


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
