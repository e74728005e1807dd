import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.labels.cells import (
    is_converted,
    is_garbled,
    looks_untouched,
    may_have_lost_letters,
    neutralise,
    numeral,
    restore,
    storable,
    trimmed,
)
from tests.labels.sheets import TRIGGERS, odd_texts


@settings(max_examples=1000, deadline=None)
@given(st.one_of(odd_texts(), st.text(st.characters(exclude_categories=()))))
def test_restoring_a_neutralised_text_gives_back_any_text_even_with_lone_surrogates(text):
    assert restore(neutralise(text)) == text


@settings(max_examples=200, deadline=None)
@given(odd_texts(), st.integers(1, 4))
def test_neutralising_again_and_again_is_undone_step_by_step(text, n_times):
    steps = [text]
    for _ in range(n_times):
        steps.append(neutralise(steps[-1]))
    for before, after in zip(reversed(steps[:-1]), reversed(steps[1:]), strict=True):
        assert restore(after) == before


@settings(max_examples=400, deadline=None)
@given(st.text(" \u00a0\u3000\u200b\ufeff\"'", max_size=3), st.sampled_from(TRIGGERS), odd_texts(4))
def test_a_text_that_starts_with_a_trigger_is_guarded(lead, trigger, rest):
    text = lead + trigger + rest
    assert neutralise(text).startswith("'" + text[:1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("  =1+1", "'  =1+1"),
        ('"=1+1"', '\'"=1+1"'),
        ("＝cmd|'/C calc'!A0", "'＝cmd|'/C calc'!A0"),
        ("ー1", "'ー1"),
        ("\t=x", "'\t'=x"),
        ("\nplain", "'\nplain"),
        ("\x00=x", "'\x00=x"),
        ("a;\x85\x00=x", "a;'\x85\x00=x"),
        ("\u202e=x", "'\u202e=x"),
        ("-0.01", "'-0.01"),
        ("'=x", "''=x"),
        ("hello;=cmd|'/C calc'!A0", "hello;'=cmd|'/C calc'!A0"),
        ("list\r\n- one\r\n- two", "list\r\n'- one\r\n'- two"),
        ("@cf/meta/llama", "'@cf/meta/llama"),
    ],
)
def test_what_a_spreadsheet_could_run_gets_an_apostrophe(text, expected):
    assert neutralise(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "orders", "'tis", "rock 'n' roll", "a=b", "x - y", "me@example.org", "gpt-4-1106", "1+1"],
)
def test_what_cannot_run_stays_as_it_is(text):
    assert neutralise(text) == text
    assert restore(text) == text


def test_a_long_text_of_quotes_and_spaces_takes_no_time():
    assert restore(neutralise("' \"" * 100_000)) == "' \"" * 100_000


@pytest.mark.parametrize(
    ("value", "n_decimals", "expected"),
    [
        (0.5, 4, "0.5000"),
        (-0.01, 4, "-0.0100"),
        (-0.00001, 4, "0.0000"),
        (5e-7, 6, "0.000000"),
        (1234567.891, 2, "1234567.89"),
        (None, 4, ""),
        (float("nan"), 4, ""),
        (float("inf"), 4, ""),
    ],
)
def test_numbers_are_plain_numerals(value, n_decimals, expected):
    assert numeral(value, n_decimals) == expected


def test_surrogates_are_joined_or_replaced():
    assert storable("\ud83d\ude42 \ud800") == "🙂 \ufffd"


def test_trimming_takes_invisible_padding_too():
    assert trimmed(" \u00a0\ufeff small\u200b ") == "small"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("two\nlines", "two\r\nlines"),
        ("two\r\nlines", "two lines"),
        ("spaced  out ", "spaced out"),
        ("日本 trains", "?? trains"),
        ("smile 🙂", "smile ?"),
        ("smile 🙂", "smile ??"),
        ("café", unicodedata.normalize("NFD", "café")),
        ("Łódź à", "Å\uf181Ã³dÅº Ã\xa0"),
        ("Łódź à", "Å\x81Ã³dÅº Ã"),
        ("schön 日本", "schĂ¶n ć—Ąćś¬"),
        ("schön", "sch√∂n"),
        ("Łódź", "£ódŸ"),
        ("schön", "sch?n"),
        ("007", "7"),
        ("2,50", "2.5"),
        ("1200", "1,200"),
        ("1.200.000", "1200000"),
        ("1200", "1\u202f200"),
        ("1e5", "1.00E+05"),
        ("1/2", "01/02/2026"),
        ("1/2", "2026-01-02"),
        ("1-2", "2-Jan"),
        ("1.2.", "01.02.26"),
        ("3/2024", "Mrz-24"),
        ("3/4/24", "2024-04-03"),
    ],
)
def test_what_saving_does_to_a_text_is_no_edit(before, after):
    assert looks_untouched(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(("orders", "Orders"), ("orders", "order"), ("orders", ""), ("why?", "why")),
        *(("abc", "???"), ("SchÃ¶n", "Schön"), ("schön", "schÃ¶n und gut"), ("schön", "schon")),
        *(("007", "8"), ("007", "7 or 8"), ("7", ""), ("v7", "7"), ("1200", "1,201")),
        *(("1/2", "2 orders"), ("1.2", "1.2.3"), ("1/2", "2/1"), ("1/2", "03/04/2026")),
        *(("1/2", "Jan"), ("1/2", "page 1"), ("orders", "1/2/2026"), ("1e5", "1e999999999")),
    ],
)
def test_what_a_person_does_to_a_text_is_an_edit(before, after):
    assert not looks_untouched(before, after)


@settings(max_examples=300, deadline=None)
@given(before=odd_texts(), after=odd_texts())
def test_any_two_texts_can_be_compared_and_a_text_is_no_change_of_itself(before, after):
    looks_untouched(before, after)
    assert looks_untouched(before, before)
    assert not is_converted(before, before)
    assert not is_garbled(before, before)
    assert not may_have_lost_letters(before, before)


@pytest.mark.parametrize(
    "text",
    ["?ód?", "za?ó??", "a caf\ufffd", "see ?ód? first", "(?ód?)", "\ufffd"],
)
def test_signs_of_lost_letters_are_found_in_new_words_only(text):
    assert may_have_lost_letters("", text)
    assert may_have_lost_letters("see", f"see {text}")
    assert not may_have_lost_letters(text, f"{text} and more")


@pytest.mark.parametrize(
    "text",
    ["", "why?", "why? how?", "what?!", "(why?)", "why ? how ?", "?", "??", "3?4", "x.org/?a=b"],
)
def test_ordinary_questions_have_lost_nothing(text):
    assert not may_have_lost_letters("", text)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("schön", "schÃ¶n", True),
        ("schön", "nicht schÃ¶n", True),
        ("schön", "nicht schön", False),
        ("SchÃ¶n", "nicht SchÃ¶n", False),
        ("pão à", "PÃO À", False),
        ("café", "CAFÉ”", False),
        ("schön", "sch?n", False),
        ("plain", "Ã¶", False),
    ],
)
def test_letters_in_another_character_set_are_told_by_what_was_there(before, after, expected):
    assert is_garbled(before, after) == expected
