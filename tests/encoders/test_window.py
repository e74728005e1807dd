"""Which tokens of a long text an encoder looks at; the oracle is the tokenizer's own truncation."""

import json
from collections.abc import Mapping
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from semroute.encoders.files import open_tokenizer
from semroute.encoders.window import Window
from semroute.errors import EncoderError
from semroute.texts import Cut, clean

LIMIT = 16

OPENING, CLOSING = 2, 3


@pytest.fixture(scope="module")
def content(fp32_files: Mapping[str, bytes]) -> bytes:
    return fp32_files["tokenizer.json"]


@pytest.fixture(scope="module")
def whole(content: bytes) -> Tokenizer:
    return open_tokenizer(content)


def words(n: int) -> str:
    return " ".join(["should", "python", "payment", "the"][i % 4] for i in range(n))


@pytest.mark.parametrize("n_words", [0, 1, 13, 14, 15, 16, 100])
@pytest.mark.parametrize("special", [True, False])
def test_the_start_is_what_the_tokenizers_library_keeps(
    n_words: int, special: bool, content: bytes
) -> None:
    tokenizer = open_tokenizer(content)
    tokenizer.enable_truncation(LIMIT)
    expected = tokenizer.encode(words(n_words), add_special_tokens=special)
    window = Window(content, LIMIT, special=special)
    assert window.ids(words(n_words)) == expected.ids


@pytest.mark.parametrize("limit", [2, 3, 4, 7, 16])
def test_the_first_and_the_last_half_are_kept_with_the_special_tokens(
    limit: int, content: bytes, whole: Tokenizer
) -> None:
    every = whole.encode(words(100)).ids
    ids = Window(content, limit, "head_tail").ids(words(100))
    n_tail = limit // 2
    assert ids == every[: limit - n_tail] + every[-n_tail:]
    assert (len(ids), ids[0], ids[-1]) == (limit, OPENING, CLOSING)


@pytest.mark.parametrize("cut", get_args(Cut))
def test_a_text_that_fits_is_whole(cut: Cut, content: bytes, whole: Tokenizer) -> None:
    window = Window(content, LIMIT, cut)
    text = words(LIMIT - 2)
    assert window.ids(text) == whole.encode(text).ids
    assert not window.exceeds(text)
    assert window.exceeds(f"{text} the")


@given(text=st.text() | st.text("ab e\u0301漢ﷺ🙂", min_size=5, max_size=30), asked=st.booleans())
def test_exceeding_is_having_more_tokens_than_fit(
    text: str, asked: bool, content: bytes, whole: Tokenizer
) -> None:
    text = clean(text).text
    window = Window(content, LIMIT)
    if asked:
        window.ids(text)
    assert window.exceeds(text) == (len(whole.encode(text).ids) > LIMIT)


def test_one_text_never_gets_the_answer_of_another(content: bytes) -> None:
    window = Window(content, LIMIT)
    short, long = "é" * 3, "é " * 100
    window.ids(long)
    assert not window.exceeds(short)
    window.ids(short)
    assert window.exceeds(long)


@pytest.mark.parametrize("prompt", ["query: ", "frage für: "])
def test_a_prompt_stays_and_takes_its_place(prompt: str, content: bytes, whole: Tokenizer) -> None:
    n_prompt = len(whole.encode(prompt).ids) - 2
    cuts: tuple[Cut, ...] = get_args(Cut)
    for cut in cuts:
        window = Window(content, 2 * LIMIT, cut, prompt=prompt)
        assert window.ids(words(100))[: n_prompt + 1] == whole.encode(prompt).ids[:-1]
        fits = words(2 * LIMIT - 2 - n_prompt)
        assert not window.exceeds(fits)
        assert window.exceeds(f"{fits} the")


def test_a_tokenizer_that_adds_nothing_is_cut_at_the_limit(content: bytes) -> None:
    bare = json.dumps({**json.loads(content), "post_processor": None}).encode()
    every = open_tokenizer(bare).encode(words(100)).ids
    assert Window(bare, LIMIT).ids(words(100)) == every[:LIMIT]
    both_ends = every[: LIMIT // 2] + every[-LIMIT // 2 :]
    assert Window(bare, LIMIT, "head_tail").ids(words(100)) == both_ends


def test_what_is_not_a_tokenizer_is_refused() -> None:
    with pytest.raises(EncoderError, match=r"tokenizer\.json cannot be read"):
        Window(b"{}", LIMIT)
