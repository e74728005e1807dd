"""Recognising queries a build has seen, by hashes alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.seen import (
    FEWEST_WORDS,
    N_BYTES,
    N_COLUMNS,
    holds,
    no_texts,
    overlap,
    remember,
    word_runs,
)

LONG = (
    "A train leaves the station at nine and travels three hours at eighty kilometres an hour, then "
    "rests for twenty minutes and goes on at sixty kilometres an hour until it has covered three "
    "hundred kilometres in all. At what time does it arrive, and how long was it under way?"
)


@pytest.mark.parametrize(
    "again",
    [
        "Where is my order, please?",
        "WHERE IS MY ORDER, PLEASE?",
        "  where is my order --- please!!  ",
        "Ｗhere is\tmy order;\nplease.",
    ],
)
def test_the_same_words_are_recognised_in_any_case_and_punctuation(again: str) -> None:
    seen = remember(["something else", "Where is my order, please?"], "key")
    assert overlap([again, "Where is my parcel?"], seen, "key").same.tolist() == [True, False]


def test_a_long_text_with_one_word_changed_is_a_near_duplicate() -> None:
    seen = remember([LONG], "key")
    found = overlap([LONG.replace("nine", "ten"), LONG.replace("nine", "ten")[::-1]], seen, "key")
    assert found.same.tolist() == [False, False]
    assert found.near.tolist() == [True, False]
    assert found.seen.tolist() == [True, False]


@pytest.mark.parametrize("n_words", [FEWEST_WORDS, FEWEST_WORDS - 1])
def test_near_duplicates_are_looked_for_among_texts_of_twelve_words(n_words: int) -> None:
    """The same text with its first word twice has the same runs of words and one more."""
    kept = [f"word{number}" for number in range(n_words - 1)]
    found = overlap([" ".join([kept[0], *kept])], remember([" ".join(kept)], "key"), "key")
    assert found.near.tolist() == [n_words == FEWEST_WORDS]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("a", {"a"}),
        ("a b c", {"a b c"}),
        ("a b c d e", {"a b c", "b c d", "c d e"}),
    ],
)
def test_the_runs_of_a_text_are_its_threes_of_words_or_all_of_it(text: str, runs: set[str]) -> None:
    assert word_runs(text) == runs


def test_short_texts_that_differ_in_a_word_are_not_near_duplicates() -> None:
    seen = remember(["where is my order"], "key")
    assert not overlap(["where is my parcel"], seen, "key").seen.any()


@given(st.lists(st.text(), max_size=6), st.text())
def test_every_text_that_is_not_blank_is_recognised(texts: list[str], key: str) -> None:
    key = key[:8]
    found = overlap(texts, remember(texts, key), key)
    assert found.same.tolist() == [bool(text.strip()) for text in texts]


def test_neither_order_nor_repetition_changes_what_is_kept() -> None:
    texts = ["one two three", "four five six", LONG]
    kept = remember(texts, "key")
    assert kept.shape == (3, N_COLUMNS)
    assert np.array_equal(remember([*texts[::-1], texts[0].upper()], "key"), kept)


def test_another_key_recognises_nothing_and_nothing_seen_recognises_nothing() -> None:
    assert not overlap([LONG], remember([LONG], "key"), "other").seen.any()
    assert not overlap([LONG], no_texts(), "key").seen.any()
    assert not overlap([], remember([LONG], "key"), "key").seen.size


def test_unrelated_long_texts_are_not_near() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{word}" for word in rng.integers(300, size=40)) for _ in range(400)]
    half = 200
    assert not overlap(texts[:half], remember(texts[half:], "key"), "key").seen.any()


def test_unrelated_texts_of_a_thousand_words_are_not_near() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{word}" for word in rng.integers(9_000, size=1_000)) for _ in range(20)]
    assert not overlap(texts[:10], remember(texts[10:], "key"), "key").seen.any()


@pytest.mark.parametrize("whole", range(N_BYTES // 4))
@pytest.mark.parametrize("n_changed", [7, 8])
def test_seven_bytes_of_a_sketch_may_differ_wherever_they_are(whole: int, n_changed: int) -> None:
    seen = remember([LONG], "key")
    seen[:, 0] += np.uint64(1)
    sketch = seen[:, 1:].copy().view(np.uint8)
    others = [4 * run for run in range(N_BYTES // 4) if run != whole]
    sketch[0, [*others, others[0] + 1][:n_changed]] ^= 1
    seen[:, 1:] = sketch.view(np.uint64)
    assert overlap([LONG], seen, "key").near.tolist() == [n_changed == 7]


def test_what_nothing_was_learned_of_is_seen_but_not_held() -> None:
    seen = remember(["where is my order"], "key", ["What is this?", "Where is my ORDER?"])
    assert overlap(["what is this", "where is my order"], seen, "key").same.all()
    assert holds(seen[:, 0], "where is my order", "key")
    assert not holds(seen[:, 0], "what is this", "key")
    assert len(seen) == 2
