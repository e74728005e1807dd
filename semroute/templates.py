"""Prompt templates: what many requests of a log share, told apart from what each of them asks.

Applications put the same instructions before and after every input, often more of them than an
encoder reads. What differs decides; of the template only an extract is embedded beside it, so that
requests of one application stay near each other.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray

from semroute.texts import keyed_number

SharedPassages = NDArray[np.uint64]
"""One row per passage, ascending: its keyed hash, and how many different texts hold it.

Their number is rounded down to a power of two, so that a log that grows mostly gives a text the
same extract, whose vector is known; it is 0 where half of all texts hold the passage.
"""

FEWEST_TEXTS = 20
LEAST_SHARE = 0.005
"""So many different texts of a log, and such a share of them, hold a passage of a template."""

FEWEST_CHARS = 100
"""Characters of passages in a row that make a template; a greeting or a common sentence is none."""

EXTRACT_CHARS = 200
"""Characters of a template that are embedded beside what a request asks."""

SEARCHED_CHARS = 32_000
"""A template is looked for in so many characters at either end of a text."""

_ENDS = re.compile(r"\n|(?<=[.!?:;])[^\S\n]+|(?<=[。！？])")


class _Passage:
    """A line or a sentence, as it stands in a text and without white space around it."""

    __slots__ = ("is_template", "n_texts", "text", "whole")

    def __init__(self, whole: str) -> None:
        self.whole, self.text = whole, whole.strip()
        self.n_texts: int | None = None
        self.is_template = False


@dataclass(frozen=True)
class Templates:
    """The passages that texts of a log share, as `learn_templates` finds them.

    `passages` is uint64 (n, 2); hashes go by `key`. No text can be told from them without it.
    """

    passages: SharedPassages
    key: str

    def split(self, text: str) -> tuple[str, str | None]:
        """Return what a text asks, and an extract of the template around it, None without one.

        The extract is its rarest passages first, which say most about the application; none that
        half of the log's texts hold, which say nothing. A text without a template, or with nothing
        else in it, comes back whole.

        >>> rules = "Answer in one sentence. Never invent facts. Keep a friendly tone. "
        >>> rules += "Write for readers who are new to all of this.\\n"
        >>> log = [f"{rules}{topic}" for topic in range(20)]
        >>> learn_templates(log, "key").split(f"{rules}Where is my order?")
        ('Where is my order?', '')
        """
        if not self._n_texts or len(text) < FEWEST_CHARS:
            return text, None
        passages = list(_passages(text))
        _mark(passages, self._known)
        asked = "".join(one.whole for one in passages if not one.is_template).strip()
        template = [one for one in passages if one.is_template and one.text]
        if not template or not any(map(str.isalnum, asked)):
            return text, None
        return asked, _extract(template)

    def _known(self, passage: str) -> int | None:
        return self._n_texts.get(keyed_number(self.key, passage))

    @cached_property
    def _n_texts(self) -> Mapping[int, int]:
        return dict(self.passages.tolist())


def no_templates() -> Templates:
    """Return what finds no template in any text."""
    return Templates(np.zeros((0, 2), dtype=np.uint64), "")


def learn_templates(texts: Iterable[str], key: str) -> Templates:
    """Find the passages that different texts of a log share, next to each other.

    Args:
        texts: of the log, in any order; equal ones count once.
        key: of the hashes, at most 64 bytes.
    """
    distinct = {stripped for text in texts if (stripped := text.strip())}
    n_most, fewest = len(distinct) / 2, max(FEWEST_TEXTS, LEAST_SHARE * len(distinct))
    long = [text for text in sorted(distinct) if len(text) >= FEWEST_CHARS]
    shared = _counted((_hashes(_passages(text), key) for text in long), fewest, n_most)
    if len(shared):
        candidates = Templates(shared, key)
        in_templates = (_hashes(_template_of(text, candidates), key) for text in long)
        shared = _counted(in_templates, fewest, n_most)
    return Templates(shared, key)


def _template_of(text: str, candidates: Templates) -> Iterator[_Passage]:
    passages = list(_passages(text))
    _mark(passages, candidates._known)
    return (one for one in passages if one.is_template)


def _hashes(passages: Iterable[_Passage], key: str) -> set[int]:
    return {keyed_number(key, one.text) for one in passages if one.text}


def _counted(hashes: Iterable[set[int]], fewest: float, n_most: float) -> SharedPassages:
    """Return those of the hashes that at least so many of the sets hold, and how many do.

    0 instead of how many if they are `n_most` or more.
    """
    every = np.frombuffer(array("Q", chain.from_iterable(hashes)), dtype=np.uint64)
    found, n_texts = np.unique(every, return_counts=True)
    rounded = 2 ** np.floor(np.log2(n_texts)).astype(np.uint64)
    rounded[n_texts >= n_most] = 0
    return np.ascontiguousarray(np.column_stack([found, rounded])[n_texts >= fewest])


def _passages(text: str) -> Iterator[_Passage]:
    if len(text) <= 2 * SEARCHED_CHARS:
        return _split(text)
    middle = _Passage(text[SEARCHED_CHARS:-SEARCHED_CHARS])
    return chain(_split(text[:SEARCHED_CHARS]), [middle], _split(text[-SEARCHED_CHARS:]))


def _split(text: str) -> Iterator[_Passage]:
    start = 0
    for end in _ENDS.finditer(text):
        yield _Passage(text[start : end.end()])
        start = end.end()
    yield _Passage(text[start:])


def _mark(passages: Sequence[_Passage], known: Callable[[str], int | None]) -> None:
    """Mark the passages that are known to be shared, where enough of them are in a row."""
    for one in passages:
        if one.text:
            one.n_texts = known(one.text)
    for is_shared, run in groupby(passages, lambda one: one.n_texts is not None or not one.text):
        row = list(run)
        if is_shared and sum(len(one.text) for one in row) >= FEWEST_CHARS:
            for one in row:
                one.is_template = True


def _extract(template: Sequence[_Passage]) -> str:
    rarest = sorted((one for one in template if one.n_texts), key=lambda one: one.n_texts or 0)
    return " ".join(one.text for one in rarest)[:EXTRACT_CHARS]
