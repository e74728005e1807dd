"""Text features: any text, bounded time, and what each column sees."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.features import ENGLISH, FEATURES, text_features
from semroute.texts import MAX_CHARS


def _feature(text: str, name: str) -> float:
    return float(text_features([text])[0, FEATURES.index(name)])


@given(st.lists(st.text(st.characters(codec=None)), max_size=4))
def test_any_text_gives_finite_numbers(texts: list[str]) -> None:
    rows = text_features(texts)
    assert rows.shape == (len(texts), len(FEATURES))
    assert rows.dtype == np.float64
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("text", ["\ud800", "٣٤", "9" * 400, "1.2.3", "\x00", "²³", ""])
def test_odd_texts_do_not_raise(text: str) -> None:
    assert np.isfinite(text_features([text])).all()


@pytest.mark.parametrize(
    "piece", ["\n", " ", "\n ", "1.", "a) ", "- ", "(", "'a", "é", "_ ", "A1.\n", "\r"]
)
def test_the_longest_text_takes_milliseconds(piece: str) -> None:
    text = (piece * MAX_CHARS)[:MAX_CHARS]
    started = time.perf_counter()
    text_features([text])
    assert time.perf_counter() - started < 0.2


def test_what_is_beyond_the_limit_does_not_count() -> None:
    text = "word " * (MAX_CHARS // 5)
    assert np.array_equal(text_features([text]), text_features([text + "?" * 100]))


def test_what_a_request_holds_beside_its_text_counts_in_hundreds_of_characters() -> None:
    text = "why?"
    beside = [text_features([text], [n])[0, -1] for n in (4, 103, 104, 1_004, 3)]
    assert beside == pytest.approx(np.log1p([0, 0, 1, 10, 0]))
    alone = text_features([text])
    assert np.array_equal(text_features([text], [len(text)]), alone)
    assert np.array_equal(text_features([text], [9_000])[:, :-1], alone[:, :-1])


def test_names_are_distinct_and_the_english_ones_are_marked() -> None:
    assert len(set(FEATURES)) == len(FEATURES)
    assert len(ENGLISH) == 4


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("characters", "abc", np.log(4)),
        ("words", "two words", np.log(3)),
        ("mean word length", "one three", 4.0),
        ("lines", "a\n\n  \nb", np.log(3)),
        ("sentences", "One. Two! 3.5 three?", np.log(4)),
        ("digits", "a1b22", np.log(4)),
        ("largest number", "pay 99 or 9", 2.0),
        ("largest number", "pay 1,999", np.log10(2000)),
        ("numbers per word", "3 apples", 1.0),
        ("question marks", "?????????", 5.0),
        ("negations (English)", "It isn't, is not", np.log(3)),
        ("listed options", "A. one\nB. two\n- three", 3.0),
        ("longest listed option", "A. one\nB. three", np.log(6)),
        ("share of capitals", "AÉbc", 0.5),
        ("characters outside ASCII", "äöü x", np.log(4)),
        ("share of distinct words", "a b a b", 0.5),
        ("length of the last line", "first\nlast\n", np.log(5)),
    ],
)
def test_what_a_feature_counts(name: str, text: str, expected: float) -> None:
    assert _feature(text, name) == pytest.approx(expected)


def test_english_words_of_another_language_are_not_seen() -> None:
    text = "Wie viele Äpfel bleiben nicht übrig, wenn jeder drei isst?"
    assert all(_feature(text, name) == 0 for name in ENGLISH)


@given(st.text(st.sampled_from("ab-+*/=^<>%{};`\\[]_|#é٣1A'’nt ") | st.characters(), max_size=80))
def test_signs_and_negations_are_counted_one_by_one(text: str) -> None:
    n_signs = sum(character in "-+*/=^<>%" for character in text)
    n_code = sum(character in "{};`\\[]_|#" for character in text)
    n_code += 5 * (text.count("def ") + text.count("return "))
    n_digits = sum(c in "0123456789" or (c > "\x7f" and c.isdigit()) for c in text)
    assert _feature(text, "arithmetic signs") == pytest.approx(np.log1p(n_signs))
    assert _feature(text, "signs of code") == pytest.approx(np.log1p(n_code))
    assert _feature(text, "digits") == pytest.approx(np.log1p(n_digits))


@given(st.lists(st.sampled_from(["not", "isn't", "don’t", "NEVER", "knot", "if", "cant"])))
def test_every_negation_counts(words: list[str]) -> None:
    n_negations = sum(word in {"not", "isn't", "don’t", "NEVER"} for word in words)
    assert _feature(" ".join(words), "negations (English)") == pytest.approx(np.log1p(n_negations))
