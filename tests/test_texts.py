"""Texts: what of a request decides its route, and that no text whatever breaks anything."""

import time
import unicodedata
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.texts import (
    MAX_CHARS,
    Cut,
    clean,
    fold,
    keyed_hash,
    printable,
    query_text,
    request_chars,
    shows_more_than_text,
)

TEN_MEGABYTES = 10_000_000

# All of Unicode, and often what tends to break: surrogates, NUL, escapes, white space.
AWKWARD = st.sampled_from("\ud800\udc00\udbff\udfff\0\x1b\x85\u200b\u202e\u2028\ufeff\n\t é🙂")
ANY_TEXT = st.text(st.characters(codec=None) | AWKWARD, max_size=60)


def milliseconds(action: Callable[[], object]) -> float:
    """Return the best of three, which a busy machine disturbs least."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times) * 1_000


@settings(max_examples=2_000, deadline=None, database=None)
@given(text=ANY_TEXT, max_chars=st.integers(1, 70), cut=st.sampled_from(["head", "head_tail"]))
def test_any_text_can_be_cleaned_and_then_encoded(text: str, max_chars: int, cut: Cut) -> None:
    cleaned = clean(query_text(text), max_chars, cut)
    cleaned.text.encode("utf-8")
    assert len(cleaned.text) <= max_chars
    assert cleaned.text == cleaned.text.strip()
    assert "\0" not in cleaned.text
    assert cleaned.truncated == (len(text.strip()) > max_chars)
    assert clean(cleaned.text, max_chars, cut).text == cleaned.text


@settings(max_examples=300, deadline=None, database=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_a_text_without_anything_to_repair_stays_as_it_is(text: str) -> None:
    assert clean(f"{text}a").text == f"{text}a".strip()


CONTENTS = st.recursive(
    st.none() | st.integers() | ANY_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text"]), inner, max_size=2)
    ),
    max_leaves=6,
)
PARTS = st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": ANY_TEXT}), max_size=3)
ROLES = st.sampled_from(["user", "user", "assistant", "system", None, 3])
MESSAGES = st.lists(
    st.fixed_dictionaries({}, optional={"role": ROLES, "content": ANY_TEXT | PARTS | CONTENTS}),
    max_size=4,
)


@settings(max_examples=400, deadline=None, database=None)
@given(query=MESSAGES)
def test_any_messages_give_a_text_that_can_be_embedded(query: Any) -> None:
    cleaned = clean(query_text(query))
    cleaned.text.encode("utf-8")
    assert len(cleaned.text) <= MAX_CHARS


def test_the_last_user_message_decides() -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "first"},
        {"role": "user", "content": "second"},
        {"role": "assistant", "content": "third"},
    ]
    assert query_text(turns) == "second"
    assert query_text(tuple(turns)) == "second"


def test_parts_that_are_text_are_joined_and_others_left_out() -> None:
    parts = [
        {"type": "text", "text": "one"},
        {"type": "image_url", "image_url": {"url": "data:"}, "text": "no"},
        {"type": "text", "text": None},
        {"type": "text"},
        {"type": "text", "text": "two"},
    ]
    assert query_text([{"role": "user", "content": parts}]) == "one\ntwo"


def test_all_that_a_model_reads_counts_for_the_length_of_a_request() -> None:
    """Parts of OpenAI's chat and Responses and of Anthropic's messages; pictures are no text."""
    answer = [{"type": "output_text", "text": "x" * 100}, {"type": "refusal", "refusal": "no"}]
    call = {"type": "tool_use", "id": "7", "name": "find", "input": {"of": "milk"}}
    shelf = [{"type": "text", "text": "shelf 4"}, {"type": "image", "source": {"data": "9" * 50}}]
    messages = [
        {"role": "assistant", "content": [*answer, call]},
        {"role": "user", "content": [{"type": "tool_result", "content": shelf}]},
        {"type": "function_call_output", "output": "12 pieces"},
        {"role": "user", "content": "hi"},
    ]
    assert request_chars(messages) == 100 + 2 + len(str({"of": "milk"})) + 7 + 9 + 2
    assert shows_more_than_text(messages)
    shelf.pop()
    assert not shows_more_than_text(messages)
    messages[2]["output"] = [{"type": "input_image"}]
    assert shows_more_than_text(messages)


def test_parts_inside_parts_have_no_depth_that_fails() -> None:
    part: dict[str, object] = {"type": "text", "text": "deep"}
    for _ in range(5000):
        part = {"type": "tool_result", "content": [part]}
    messages = [{"role": "user", "content": [part]}]
    assert request_chars(messages) == 4
    assert not shows_more_than_text(messages)


def test_messages_may_be_the_objects_an_openai_client_returns() -> None:
    asked = {"role": "user", "content": "and in French?"}
    called = SimpleNamespace(function=SimpleNamespace(name="translate", arguments='{"to": "de"}'))
    answered = SimpleNamespace(role="assistant", content=None, tool_calls=[called])
    said = SimpleNamespace(role="user", content="good morning in German?")
    messages = [said, answered, asked, {"role": "tool", "content": "12345"}]
    assert query_text(messages) == "and in French?"
    assert query_text(messages[:2]) == "good morning in German?"
    read = 'good morning in German?{"to": "de"}and in French?12345'
    assert request_chars(messages) == len(read)
    assert not shows_more_than_text(messages)
    parts = [SimpleNamespace(type="text", text="what is"), {"type": "text", "text": "this?"}]
    shown = SimpleNamespace(role="user", content=[*parts, SimpleNamespace(type="image_url")])
    assert query_text([shown]) == "what is\nthis?"
    assert shows_more_than_text([shown])
    with pytest.raises(TypeError, match="a list holds messages with a role and a content"):
        query_text([asked, SimpleNamespace(role="user")])


@pytest.mark.parametrize("messages", [[], [{"role": "system", "content": "x"}], [{}]])
def test_without_a_user_message_the_text_is_empty(messages: list[dict[str, str]]) -> None:
    assert query_text(messages) == ""


@pytest.mark.parametrize("content", [None, 7, {"type": "text", "text": "x"}, b"x"])
def test_a_user_message_without_text_is_empty(content: object) -> None:
    assert query_text([{"role": "user", "content": content}]) == ""


@pytest.mark.parametrize(
    "query", [None, 7, b"", b"x", bytearray(), {"role": "user"}, memoryview(b"")]
)
def test_what_is_neither_text_nor_messages_is_a_type_error(query: Any) -> None:
    with pytest.raises(TypeError, match="a query is a str or a list of messages, not "):
        query_text(query)


def test_a_list_of_something_else_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="a list holds messages with a role and a content"):
        query_text(["x"])  # type: ignore[list-item]  # the wrong type is the test


def test_pairs_of_surrogates_are_joined_and_lone_ones_replaced() -> None:
    assert clean("a\ud83d\ude42b").text == "a🙂b"
    assert clean("a\ud83d b\ude42").text == "a\ufffd b\ufffd"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * (TEN_MEGABYTES // 5), id="words"),
        pytest.param("\ud800" * TEN_MEGABYTES, id="surrogates"),
        pytest.param("\0" * TEN_MEGABYTES, id="nul"),
        pytest.param(" " * TEN_MEGABYTES + "x", id="white-space"),
    ],
)
def test_ten_megabytes_take_milliseconds(text: str) -> None:
    assert milliseconds(lambda: clean(query_text(text))) < 150
    assert milliseconds(lambda: printable(text, max_chars=80)) < 150


def test_both_ends_of_a_long_text_can_be_kept() -> None:
    cleaned = clean("a" * 500 + "b" * 500, 100, "head_tail")
    assert (cleaned.text, cleaned.truncated) == ("a" * 49 + "\n" + "b" * 50, True)
    whole = clean("a" * 50 + "b" * 50, 100, "head_tail")
    assert (whole.text, whole.truncated) == ("a" * 50 + "b" * 50, False)


def test_halves_of_a_text_make_no_character_together() -> None:
    cleaned = clean("a" * 48 + "\ud83d" + "x" * 500 + "\ude42" + "b" * 49, 100, "head_tail")
    assert cleaned.text == "a" * 48 + "\ufffd\n\ufffd" + "b" * 49


def test_a_text_is_cut_at_its_end() -> None:
    cleaned = clean("a" * MAX_CHARS + "b")
    assert (cleaned.text, cleaned.truncated) == ("a" * MAX_CHARS, True)
    assert not clean("a" * MAX_CHARS + "   ").truncated


@settings(max_examples=1_000, deadline=None, database=None)
@given(text=ANY_TEXT, max_chars=st.none() | st.integers(0, 70))
def test_nothing_printed_controls_the_terminal_or_its_direction(
    text: str, max_chars: int | None
) -> None:
    shown = printable(text, max_chars)
    shown.encode("utf-8")
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in shown)
    assert not any(
        unicodedata.bidirectional(character)
        in {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
        for character in shown
    )
    assert len(shown.splitlines()) <= 1
    assert max_chars is None or len(shown) <= max(max_chars, 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("\x9b31mred", "31mred"),
        ("a\u202eb\u2066c\u2069\u200e\u200f\u061cd", "abcd"),
        ("one\r\n\ttwo\u2028three", "one two three"),
        ("👩‍👧 café", "👩‍👧 café"),
    ],
)
def test_printing_keeps_words_and_drops_controls(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_printing_marks_what_was_cut() -> None:
    assert printable("abcdef", max_chars=4) == "abc…"
    assert printable("abcd", max_chars=4) == "abcd"
    assert printable("ab" + " " * 1_000 + "c", max_chars=4) == "ab…"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where is my ORDER?!", "where is my order"),
        ("  a\n b ", "A-B"),
        ("Straße", "STRASSE"),
        ("cafe\u0301", "caf\xe9"),
        ("\uff21\uff22", "ab"),
        ("snake_case", "snake case"),
    ],
)
def test_near_duplicates_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("कि", "की"), ("กิน", "กัน"), ("café", "cafe"), ("🙂", "🙁"), ("❤️", "☎️"), ("?", "!")],
)
def test_different_words_fold_to_different_texts(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@settings(max_examples=300, deadline=None, database=None)
@given(text=ANY_TEXT)
def test_folding_any_text_keeps_something_of_it(text: str) -> None:
    assert bool(fold(text)) == bool(text)


def test_hashes_depend_on_text_and_key_and_are_those_of_blake2b() -> None:
    assert keyed_hash("key", "text") == "165cef54ddc11c17"  # by `openssl mac BLAKE2BMAC`
    assert keyed_hash("key", "text") != keyed_hash("key", "texts")
    assert keyed_hash("key", "text") != keyed_hash("other key", "text")


@settings(max_examples=200, deadline=None, database=None)
@given(text=ANY_TEXT)
def test_any_text_has_a_hash(text: str) -> None:
    assert len(keyed_hash("key", text)) == 16


INVISIBLE = st.characters(categories=["Cc", "Cf", "Cn", "Co", "Zs", "Zl", "Zp", "Mn", "Me", "Cs"])


@settings(max_examples=300, deadline=None, database=None)
@given(text=st.text(INVISIBLE | st.just("\ufffd"), max_size=40))
def test_a_text_in_which_nothing_can_be_seen_is_the_empty_text(text: str) -> None:
    if any("\ud800" <= c <= "\udfff" for c in text):
        text = "".join(c for c in text if not "\ud800" <= c <= "\udfff") + "\ud800"
    assert clean(text).text == ""
    assert clean(f"{text}?").text.endswith("?")
