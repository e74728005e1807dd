"""Token ids of plain text without the tokenizers library; the library is the oracle."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE, WordPiece

from semroute.encoders.files import open_tokenizer
from semroute.encoders.wordpiece import MOST_LETTERS, PlainWordPiece, plain_wordpiece

UNKNOWN = "[UNK]"
WORDS = """
[UNK] [CLS] [SEP] order orders where is my ##s ##ing ship pay ##ment ##m ##e ##nt p un ##able ##b
! , . ? ' - _ ] 3 ##1 ##4 a b ##a ##c Order X
"""
VOCABULARY = {word: i for i, word in enumerate(WORDS.split())}


def like_bert(*, lowercase: bool = True, **options: Any) -> Tokenizer:
    tokenizer = Tokenizer(WordPiece(VOCABULARY, unk_token=UNKNOWN, **options))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([UNKNOWN, "[CLS]", "[SEP]"])
    return tokenizer


def plain(tokenizer: Tokenizer, n_most: int = sys.maxsize) -> PlainWordPiece:
    found = plain_wordpiece(tokenizer, n_most)
    assert found is not None
    return found


def library(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


@pytest.fixture(scope="module")
def trained(fp32_files: Mapping[str, bytes]) -> Tokenizer:
    return open_tokenizer(fp32_files["tokenizer.json"])


PIECES = st.sampled_from([*VOCABULARY, "payments", "Order", "unable", "zz", " ", "\n", "\t", "\r"])
TEXTS = (
    st.text()
    | st.text(st.characters(max_codepoint=127))
    | st.lists(PIECES).map("".join)
    | st.lists(PIECES).map(" ".join)
)


@given(text=TEXTS, lowercase=st.booleans())
def test_the_ids_are_those_of_the_library(text: str, lowercase: bool) -> None:
    tokenizer = like_bert(lowercase=lowercase)
    ids = plain(tokenizer).ids(text)
    assert ids is None or ids == library(tokenizer, text)


@given(text=TEXTS)
def test_they_are_with_a_trained_vocabulary(text: str, trained: Tokenizer) -> None:
    ids = plain(trained).ids(text)
    assert ids is None or ids == library(trained, text)


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="[")))
def test_printable_ascii_without_long_words_or_brackets_is_never_left_to_the_library(
    text: str,
) -> None:
    if max(map(len, text.split()), default=0) <= MOST_LETTERS:
        assert plain(like_bert()).ids(text) is not None


@pytest.mark.parametrize(
    "text", ["caf\u00e9", "a [SEP] b", "a\x00b", "a\x1fb", "a\x7fb", "\ud800", "x" * 25]
)
def test_what_is_not_plain_is_left_to_the_library(text: str) -> None:
    assert plain(like_bert()).ids(text) is None


def test_a_word_of_many_pieces_is_cut_from_the_left_by_the_longest() -> None:
    assert plain(like_bert()).ids("payments") == [VOCABULARY[p] for p in ("pay", "##ment", "##s")]


def test_a_word_with_a_part_that_is_in_no_vocabulary_is_unknown_as_a_whole() -> None:
    assert plain(like_bert()).ids("payq order") == [VOCABULARY[UNKNOWN], VOCABULARY["order"]]


@given(text=st.lists(PIECES, max_size=20).map(" ".join), n_most=st.integers(0, 8))
def test_of_a_long_text_no_more_is_read_than_is_of_use(text: str, n_most: int) -> None:
    tokenizer = like_bert()
    ids = PlainWordPiece(tokenizer, n_most).ids(text)
    assert ids is None or ids == library(tokenizer, text)[: n_most + 1]


def test_it_keeps_nothing_of_a_text_but_entries_of_the_vocabulary() -> None:
    wordpiece = plain(like_bert())
    wordpiece.ids("where is my order hunter2 ship31415 paya secret")
    kept = wordpiece._known
    assert kept.items() <= VOCABULARY.items()
    assert {"where", "is", "my", "order"} <= kept.keys()


def _another_model(tokenizer: Tokenizer) -> None:
    tokenizer.model = BPE(unk_token=UNKNOWN)


def _another_normalizer(tokenizer: Tokenizer) -> None:
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])


def _another_split(tokenizer: Tokenizer) -> None:
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()


def _a_token_without_brackets(tokenizer: Tokenizer) -> None:
    tokenizer.add_tokens([AddedToken("where is")])


@pytest.mark.parametrize(
    "change",
    [_another_model, _another_normalizer, _another_split, _a_token_without_brackets],
)
def test_it_does_not_stand_in_for_tokenizers_of_another_kind(
    change: Callable[[Tokenizer], None],
) -> None:
    tokenizer = like_bert()
    change(tokenizer)
    assert plain_wordpiece(tokenizer, 10) is None


@pytest.mark.parametrize("options", [{"max_input_chars_per_word": MOST_LETTERS - 1}])
def test_it_does_not_stand_in_where_words_that_are_not_long_are_unknown(
    options: dict[str, Any],
) -> None:
    assert plain_wordpiece(like_bert(**options), 10) is None
