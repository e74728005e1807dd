import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.demo.kinds import KINDS, Kind
from semroute.demo.phrases import Dice, parse_grammar, typed


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_grammar_uses_no_rule_it_lacks_and_fills_every_slot(kind: Kind) -> None:
    assert kind.grammar.missing_rules() == set()
    dice = Dice(3)
    for _ in range(300):
        text = kind.grammar.text(dice)
        assert text == text.strip() != ""
        assert not re.search(r"\{[a-z_]+\}|\.\.\d|⏎|  \S+ \||\\", text.replace("...", "")), text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_grammar_has_no_rule_that_nothing_uses(kind: Kind) -> None:
    own = set(re.findall(r"^([a-z_]+):", kind.grammar_source, re.MULTILINE)) - {"query"}
    used = set(re.findall(r"\{([a-z_]+)(?::\d)?\}", kind.grammar_source))
    assert own <= used


def test_a_grammar_without_choice_says_what_is_written() -> None:
    grammar = parse_grammar(
        "query:\n    {greet}⏎    {what} {none} ?\ngreet: ho\nwhat: a b\nnone: ~\n"
    )
    assert grammar.text(Dice(0)) == "ho\n    a b?"


def test_a_missing_rule_is_named() -> None:
    assert parse_grammar("query:\n    {nowhere} {name}\n").missing_rules() == {"nowhere"}


def test_a_numbered_slot_says_the_same_again() -> None:
    grammar = parse_grammar("query:\n    {1..99999:1} {1..99999:1} {1..99999}\n")
    first, second, other = grammar.text(Dice(4)).split()
    assert first == second != other


def test_a_text_draws_another_alternative_where_it_used_one_already() -> None:
    grammar = parse_grammar("query:\n    {word} {word}\nword: " + " | ".join("abcdefgh") + "\n")
    dice = Dice(1)
    repeated = sum(len(set(grammar.text(dice).split())) == 1 for _ in range(500))
    assert repeated <= 1, "without it about 60 of 500 would repeat"


def test_numbers_lie_between_their_bounds_and_reach_both() -> None:
    dice = Dice(2)
    assert {dice.whole(3, 6) for _ in range(200)} == {3, 4, 5, 6}


def test_draws_are_the_legacy_stream_that_numpy_keeps() -> None:
    expected = np.random.RandomState([7, 1]).random_sample(3)
    dice = Dice(7, 1)
    assert [dice.share() for _ in range(3)] == expected.tolist()


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1), st.integers(0, 2**32 - 1))
def test_typing_changes_a_text_little(text: str, seed: int) -> None:
    said = typed(text, Dice(seed))
    assert abs(len(said.casefold()) - len(text.casefold())) <= 3
    if "\n" in text:
        assert said == text


def test_some_texts_are_typed_carelessly_but_most_are_not() -> None:
    dice = Dice(6)
    text = "Please check whether the parcel arrived on Monday."
    typings = [typed(text, dice) for _ in range(2000)]
    lower = np.mean([said == said.lower() for said in typings])
    slips = np.mean([text.lower().removesuffix(".") not in said.lower() for said in typings])
    assert 0.05 < lower < 0.12
    assert 0.03 < slips < 0.09
