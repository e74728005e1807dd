"""New words, against a count by hand and by sets of words."""

import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.vocabulary import (
    LEAST_NEW,
    SHARE_OF_FALLBACK,
    Vocabulary,
    calibrated_vocabulary,
    has_words,
    no_words,
    words_of,
)

LOG = ("Where is my order?", "Translate 'buenos días' into English", "Is 3 + 4 seven?")
VOCABULARY = Vocabulary(words_of(LOG), LEAST_NEW)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("where is MY order", 0.0),
        ("where is my parcel", 1 / 5),
        ("¿dónde está mi pedido?", 4 / 5),
        ("parcel", 1 / 2),
        ("parcel parcel parcel", 1 / 2),
        ("12345 678 🙂 !?", 1.0),
        ("", 1.0),
        ("order7891", 0.0),
        ("证明", 2 / 3),
        ("สวัสดี", 3 / 4),
    ],
)
def test_new_words_by_hand(text: str, share: float) -> None:
    assert VOCABULARY.new_words(text) == pytest.approx(share)


@pytest.mark.parametrize(
    "text",
    [
        "证明根号二是无理数",
        "¿Qué dosis de ibuprofeno puedo tomar?",
        "Göğsüm ağrıyor, ne yapmalıyım?",
        "где мой заказ",
        "qwerty asdf zxcv",
    ],
)
def test_a_text_in_a_language_the_log_has_not_is_new(text: str) -> None:
    assert VOCABULARY.is_new(text)


@pytest.mark.parametrize("text", ["parcel", "where's my parcl", "Translate 'bom dia' into English"])
def test_a_text_with_some_new_words_is_not(text: str) -> None:
    assert not VOCABULARY.is_new(text)


@pytest.mark.parametrize(
    "text",
    [
        "être remboursé, le canapé",
        "đơn hàng của tôi ở đâu",
        "주문한 상품이 어디에",
        "ｗｈｅｒｅ １２ ｉｓ",
    ],
)
def test_words_are_the_same_in_every_unicode_form(text: str) -> None:
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    for form in forms:
        known = Vocabulary(words_of([form]), LEAST_NEW)
        assert [known.new_words(other) for other in forms] == [0.0] * 4


def test_a_log_in_a_language_without_spaces_knows_its_characters() -> None:
    vocabulary = Vocabulary(words_of(["我的订单在哪里", "请翻译这句话"]), LEAST_NEW)
    assert not vocabulary.is_new("订单在哪里")
    assert vocabulary.is_new("where is my order")


ASCII = st.characters(codec="ascii")


@pytest.mark.parametrize("text", ["🙂", "12:30", "?!", "¿٣٤？"])
def test_a_text_without_any_word_is_new_to_a_log_that_has_none_such(text: str) -> None:
    assert not has_words(text)
    assert VOCABULARY.is_new(text)
    knowing = Vocabulary(words_of([*LOG, "42"]), LEAST_NEW)
    assert not knowing.is_new(text)
    assert knowing.is_new("证明根号二是无理数")
    assert has_words(f"{text} order")
    assert not VOCABULARY.is_new(f"{text} order")


@given(st.lists(st.text(ASCII, max_size=30), max_size=5), st.text(ASCII, max_size=40))
def test_shares_are_those_of_sets_of_words(texts: list[str], text: str) -> None:
    def words(one: str) -> set[str]:
        return set(re.findall(r"[a-z]+", one.lower()))

    known = set().union(*map(words, texts))
    new = words(text) - known
    found = Vocabulary(words_of(texts), LEAST_NEW).new_words(text)
    wordless = not words(text) and all(map(words, texts))
    assert found == pytest.approx(1.0 if wordless else len(new) / (len(words(text)) + 1))


@given(st.text())
def test_any_text_has_a_share(text: str) -> None:
    assert (VOCABULARY.new_words(text) == 1) == (not has_words(text))
    assert VOCABULARY.new_words(text) >= 0


def test_words_are_ascending_hashes_and_hold_no_masked_secret() -> None:
    words = words_of(["b a", "a c ada@example.org"])
    assert words.dtype == np.uint32
    assert (np.diff(words.astype(np.int64)) > 0).all()
    assert not np.isin(words_of(["ada"]), words).any()
    assert words_of([]).shape == no_words().shape == (0,)


def test_as_many_held_out_texts_are_new_as_its_part_of_the_allowance_says() -> None:
    """A tenth of 1,000 is of new words, no two to one share; a quarter of 200 may be new."""
    held_out = ["known words"] * 900
    held_out += [" ".join("x" * (1 + k) for k in range(n)) for n in range(3, 103)]
    vocabulary = calibrated_vocabulary(["known words"], held_out, 0.2)
    assert sum(map(vocabulary.is_new, held_out)) == SHARE_OF_FALLBACK * 0.2 * len(held_out) == 50
    assert vocabulary.max_new_words > LEAST_NEW


def test_digits_part_words_alike_in_every_script() -> None:
    assert np.array_equal(words_of(["abc12def"]), words_of(["abc def"]))
    assert np.array_equal(words_of(["é abc12def"]), words_of(["é abc def"]))


@pytest.mark.parametrize(("n_wordless", "is_new"), [(1, True), (2, False)])
def test_the_allowance_counts_one_text_more_than_is_held_out(n_wordless: int, is_new: bool) -> None:
    """0.25 * 0.02 * (199 + 1) is one text, of 199 held out; a second one makes them known."""
    held_out = [*["where is my order"] * (199 - n_wordless), *["12345"] * n_wordless]
    assert calibrated_vocabulary(LOG, held_out, 0.02).is_new("12345") == is_new


def test_where_most_texts_held_out_are_of_new_words_nothing_is_unknown_for_them() -> None:
    held_out = [f"{'x' * n} {'y' * n} {'z' * n}" for n in range(1, 200)]
    vocabulary = calibrated_vocabulary(["known words"], held_out, 0.02)
    assert not any(map(vocabulary.is_new, held_out))


@pytest.mark.parametrize("wordless", [["12345"], ["12345", "👍"], ["?"] * 30])
def test_held_out_texts_without_any_word_leave_the_limit_for_words_as_it_is(
    wordless: list[str],
) -> None:
    held_out = [*["where is my order"] * 99, *wordless]
    vocabulary = calibrated_vocabulary(LOG, held_out, 0.02)
    assert vocabulary.max_new_words == LEAST_NEW
    assert vocabulary.is_new("Göğsüm ağrıyor, ne yapmalıyım?")
    assert not any(map(vocabulary.is_new, held_out))


def test_a_text_without_any_word_that_is_rare_enough_among_those_held_out_stays_unknown() -> None:
    held_out = [*["where is my order"] * 999, "12345"]
    vocabulary = calibrated_vocabulary(LOG, held_out, 0.02)
    assert [text for text in held_out if vocabulary.is_new(text)] == ["12345"]


def test_a_text_of_nothing_but_a_secret_makes_no_number_known() -> None:
    vocabulary = Vocabulary(words_of([*LOG, "jane0@example.com"]), LEAST_NEW)
    assert vocabulary.is_new("12345")


def test_rare_new_words_do_not_lower_the_limit() -> None:
    assert calibrated_vocabulary(["a b c"], ["a b"] * 500, 0.02).max_new_words == LEAST_NEW


def test_without_held_out_texts_no_words_are_too_new() -> None:
    assert not calibrated_vocabulary(["a"], [], 0.02).is_new("b c d e f g")
