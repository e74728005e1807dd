"""Texts from phrase grammars, and the small imperfections of people who type."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semroute.demo.grammars.words import WORDS

_RULE = re.compile(r"([a-z_]+):(.*)")
_SLOT = re.compile(r"\{(?:(?P<rule>[a-z_]+)|(?P<low>\d+)\.\.(?P<high>\d+))(?::\d)?\}")
_SPACES = re.compile(r"(?<=[^\s⏎]) +")
_LOOSE = re.compile(r" (?=[?,](?:\s|$))")
_LONG_WORD = re.compile(r"\b[a-z]{5,}\b")

ALL_LOWER_CASE = 0.08
"""Shares of one-line texts that are typed without capitals, with a slip, and in haste."""

WITH_A_TYPO = 0.06
WITHOUT_LAST_STOP = 0.25
FIRST_LETTER_AS_IT_IS = 0.3

MOST_REDRAWS = 5
"""A text says the same thing twice only if so many draws in a row found nothing else to say."""


class Dice:
    """Seeded choices; the same on every machine and with every release of Python and numpy.

    numpy guarantees the stream of the legacy `RandomState`, and of nothing newer.
    """

    def __init__(self, *seed: int) -> None:
        self._state = np.random.RandomState(list(seed))

    def share(self) -> float:
        """Draw a number from 0 (included) to 1 (excluded)."""
        return float(self._state.random_sample())

    def shares(self, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Draw an array of such numbers."""
        return self._state.random_sample(shape)

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number from `low` to `high`, both included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, alternatives: Sequence[str]) -> str:
        """Draw one of several texts."""
        return alternatives[self.whole(0, len(alternatives) - 1)]


@dataclass(frozen=True)
class Grammar:
    """Rules by name, each a tuple of alternatives."""

    rules: Mapping[str, tuple[str, ...]]

    def text(self, dice: Dice) -> str:
        """Draw a text, as it would be without haste."""
        drawn = _Speech(self.rules, dice).say("query")
        return _LOOSE.sub("", _SPACES.sub(" ", drawn)).replace("⏎", "\n").strip()

    def missing_rules(self) -> set[str]:
        """Name the rules that are used but not written."""
        texts = [text for alternatives in self.rules.values() for text in alternatives]
        used = {slot["rule"] for text in texts for slot in _SLOT.finditer(text)}
        return {rule for rule in used if rule is not None} - self.rules.keys()


class _Speech:
    """One text in the making: what it remembers, and what it has said already."""

    def __init__(self, rules: Mapping[str, tuple[str, ...]], dice: Dice) -> None:
        self._rules = rules
        self._dice = dice
        self._remembered: dict[str, str] = {}
        self._said: set[str] = set()

    def say(self, rule: str) -> str:
        return _SLOT.sub(self._fill, self._fresh(self._rules[rule]))

    def _fresh(self, alternatives: tuple[str, ...]) -> str:
        """Draw an alternative, and another one if this text holds it already."""
        drawn = self._dice.pick(alternatives)
        for _ in range(MOST_REDRAWS):
            if drawn not in self._said:
                break
            drawn = self._dice.pick(alternatives)
        self._said |= {drawn} if drawn else set()
        return drawn

    def _fill(self, slot: re.Match[str]) -> str:
        if slot["rule"] is not None:
            value = self.say(slot["rule"])
        else:
            value = str(self._dice.whole(int(slot["low"]), int(slot["high"])))
        return self._remembered.setdefault(slot[0], value) if ":" in slot[0] else value


def parse_grammar(source: str) -> Grammar:
    """Read a grammar written as `semroute.demo.grammars` describes, with the shared words."""
    return Grammar({**_rules(WORDS), **_rules(source)})


def _rules(source: str) -> dict[str, tuple[str, ...]]:
    rules: dict[str, list[str]] = {}
    alternatives: list[str] = []
    for line in source.strip().splitlines():
        head = _RULE.fullmatch(line)
        if head is None:
            alternatives.append(line.strip())
            continue
        listed = [text for text in re.split(r"\s+\|\s+", head[2].strip()) if text]
        alternatives = rules[head[1]] = ["" if text == "~" else text for text in listed]
    return {name: tuple(texts) for name, texts in rules.items()}


def typed(text: str, dice: Dice) -> str:
    """Type a text as people do: now and then in lower case, with a slip, without the last stop.

    Texts of several lines hold code or documents that were pasted; they stay as they are.
    """
    if "\n" in text:
        return text
    if dice.share() > FIRST_LETTER_AS_IT_IS:
        text = text[:1].upper() + text[1:]
    if dice.share() < WITHOUT_LAST_STOP:
        text = text.removesuffix(".")
    if dice.share() < WITH_A_TYPO:
        text = _with_typo(text, dice)
    return text.lower() if dice.share() < ALL_LOWER_CASE else text


def _with_typo(text: str, dice: Dice) -> str:
    """Drop, double or swap a letter inside one of the longer words."""
    words = list(_LONG_WORD.finditer(text))
    if not words:
        return text
    word = words[dice.whole(0, len(words) - 1)]
    at = dice.whole(word.start() + 1, word.end() - 3)
    slips = ("", text[at] * 2, text[at + 1] + text[at])
    slip = dice.whole(0, 2)
    return text[:at] + slips[slip] + text[at + (2 if slip == 2 else 1) :]
