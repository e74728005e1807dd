"""Which words a log is made of: a text of mostly new words is unlike it, whatever its vector says.

An encoder of one language puts texts of another near whatever cluster holds a few such words, as
one of translations does, and it does so with confidence. Their words give them away.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from semroute.masks import mask, without_masks
from semroute.texts import fold

Words = NDArray[np.uint32]
"""A 32-bit hash (CRC) of each distinct word, ascending."""

LEAST_NEW = 0.5
"""Of a text's words: with a smaller share of new ones it is known, however rare that is."""

SHARE_OF_FALLBACK = 0.25
"""Of the known traffic that may be taken for unknown, what new words may claim at most."""

_NONE = {zlib.crc32(b"")}
"""What stands for the words of a text that has none: digits, signs, emoji."""

# Scripts written without spaces: each character counts as a word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_ASCII_WORD = re.compile(r"[a-z]+")
_APART = re.compile(rf"[{_UNSPACED}]|\d+")


def no_words() -> Words:
    """Return what an index holds that does not say which words its log is made of."""
    return np.zeros(0, dtype=np.uint32)


def words_of(texts: Iterable[str]) -> Words:
    """Hash the distinct words of texts, secrets masked; shape (n_words,).

    A text without any word adds the hash of the empty one; nothing but a secret is no such text.
    """
    found: set[int] = set()
    for text in texts:
        numbers = _numbers(without_masks(mask(text)))
        if numbers != _NONE or not has_words(text):
            found |= numbers
    return np.array(sorted(found), dtype=np.uint32)


def has_words(text: str) -> bool:
    """Say whether a text holds any word; digits and signs are none."""
    return _numbers(text) != _NONE


def _numbers(text: str) -> set[int]:
    words = _ASCII_WORD.findall(text.lower()) if text.isascii() else _any_words(text)
    hashes = {zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    return hashes or _NONE


def _any_words(text: str) -> list[str]:
    """Return the words of a text in any script, the same for every Unicode form of it."""
    words = _APART.sub(_set_apart, fold(text)).split()
    return [word for word in words if any(map(str.isalpha, word))]


def _set_apart(match: re.Match[str]) -> str:
    return " " if match[0].isdecimal() else f" {match[0]} "


@dataclass(frozen=True)
class Vocabulary:
    """The words of a log, and the largest share of new ones in a known text."""

    words: Words
    max_new_words: float

    @cached_property
    def _known(self) -> frozenset[int]:
        return frozenset(self.words.tolist())

    def new_words(self, text: str) -> float:
        """Return the share of a text's distinct words that are new, numbers left out; 0 to 1.

        One word too many is counted, so that a single new word makes no text unknown. A text
        without any word is all new to a log of which every text has some.

        >>> vocabulary = Vocabulary(words_of(["Where is my order?"]), 0.5)
        >>> vocabulary.new_words("where is my parcel"), vocabulary.new_words("12:30 ???")
        (0.2, 1.0)
        """
        numbers = _numbers(text)
        n_new = len(numbers - self._known)
        if n_new and numbers == _NONE:
            return 1.0
        return n_new / (len(numbers) + 1)

    def is_new(self, text: str) -> bool:
        """Say whether a text consists of new words to a larger share than a known one does."""
        return self.new_words(text) > self.max_new_words


def calibrated_vocabulary(
    texts: Sequence[str], held_out: Sequence[str], max_false_fallback: float
) -> Vocabulary:
    """Learn the words of `texts`, and what share of new ones queries held out have.

    At most `SHARE_OF_FALLBACK` of `max_false_fallback` of new traffic like `held_out` has more
    (split conformal prediction, as `semroute.ood`), and never less than `LEAST_NEW` is asked for.
    Where more texts without any word are held out, the log counts as having such: they must not
    raise the limit of those that have words.
    """
    n_above = int(SHARE_OF_FALLBACK * max_false_fallback * (len(held_out) + 1))
    wordless = [text for text in held_out if not has_words(text)]
    words = words_of([*texts, *wordless] if len(wordless) > n_above else texts)
    unlimited = Vocabulary(words, 1.0)
    shares = sorted((unlimited.new_words(text) for text in held_out), reverse=True)
    largest = shares[min(n_above, len(shares) - 1)] if shares else 1.0
    return Vocabulary(words, max(largest, LEAST_NEW))
