"""Prompt templates: what many requests of a log share, told apart from what each of them asks.

Applications put the same instructions before and after every input, often more of them than an
encoder reads. What differs decides; of the template only an extract is embedded beside it, so that
requests of one application stay near each other.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, groupby, takewhile

import numpy as np
from numpy.typing import NDArray

from semroute.texts import keyed_number

SharedPassages = NDArray[np.uint64]
"""Ascending, of passages in a row: their keyed hash, and how many texts hold them as they stand.

The number of these different texts is rounded down to a power of two, so that a log that grows
mostly gives a text the same extract, whose vector is known. `HELD_BY_HALF` is added where more
than half of all texts hold it: of two applications that ask alike often at most one does.
"""

HELD_BY_HALF = 1 << 63

FEWEST_TEXTS = 20
LEAST_SHARE = 0.005
"""So many different texts of a log, and such a share of them, hold a passage of a template."""

FEWEST_CHARS = 100
"""Characters of passages in a row that make a template; a greeting or a common sentence is none.

They are shared in this order: where a form holds one of a few values in each line, every line is
common, but what the lines say together is what is asked.
"""

FEWEST_RARE_CHARS = 200
RARE_SHARE = 0.25
"""Passages that fewer texts hold than this share of the usual around them, and that are shorter in
a row, are no template though they stand inside one: popular questions, names of customers."""

EXTRACT_CHARS = 200
"""Characters of a template that are embedded beside what a request asks."""

SEARCHED_CHARS = 32_000
"""A template is looked for in so many characters at either end of a text."""

_ENDS = re.compile(r"\n|(?<=[.!?:;])[^\S\n]+|(?<=[。！？])")


class _Passage:
    """A line or a sentence, as it stands in a text and without white space around it.

    `found` is what `SharedPassages` say of the row most texts share of those that hold it.
    """

    __slots__ = ("found", "is_end", "is_template", "text", "whole")

    def __init__(self, whole: str) -> None:
        self.whole, self.text = whole, whole.strip()
        self.found = 0
        self.is_template = self.is_end = False

    @property
    def n_texts(self) -> int:
        return self.found % HELD_BY_HALF

    @property
    def held_by_half(self) -> bool:
        return self.found >= HELD_BY_HALF


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
        more than half of the log's texts hold, which say nothing. A text without a template, or
        with nothing else in it, comes back whole.

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
        if not template or not _is_any_word([asked]):
            return text, None
        return asked, _extract(template)

    def _known(self, passage: str) -> int:
        return self._n_texts.get(keyed_number(self.key, passage), 0)

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
    long = [text for text in distinct if len(text) >= FEWEST_CHARS]
    shared = _counted((_hashes(_all_of(text), key) for text in long), fewest, n_most)
    if len(shared):
        candidates = Templates(shared, key)
        used = (_hashes(_used(text, candidates), key) for text in long)
        shared = _counted(used, fewest, n_most)
    return Templates(shared, key)


def _all_of(text: str) -> Iterator[str]:
    passages = [one for one in _passages(text) if one.text]
    yield from (row for row, _ in chain(_shortest_rows(passages), _ends_of(passages)))


def _used(text: str, candidates: Templates) -> Iterator[str]:
    """Return what of the candidates a template of the text consists of."""
    passages = list(_passages(text))
    _mark(passages, candidates._known)
    told = [one for one in passages if one.text]
    for row, place in _shortest_rows(told):
        if all(one.is_template and not one.is_end for one in told[place]):
            yield row
    for row, place in _ends_of(told):
        if all(one.is_end for one in told[place]):
            yield row


def _hashes(rows: Iterable[str], key: str) -> set[int]:
    return {keyed_number(key, row) for row in rows}


def _counted(hashes: Iterable[set[int]], fewest: float, n_most: float) -> SharedPassages:
    """Return those of the hashes that at least so many of the sets hold, and how many do.

    `HELD_BY_HALF` is added if they are more than `n_most`.
    """
    every = np.frombuffer(array("Q", chain.from_iterable(hashes)), dtype=np.uint64)
    found, n_texts = np.unique(every, return_counts=True)
    rounded = 2 ** np.floor(np.log2(n_texts)).astype(np.uint64)
    rounded[n_texts > n_most] += np.uint64(HELD_BY_HALF)
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


def _mark(passages: Sequence[_Passage], known: Callable[[str], int]) -> None:
    """Mark the passages that are known to be shared, where enough of them are in a row."""
    _find_rows([one for one in passages if one.text], known)
    for row in _rows(passages, lambda one: one.found > 0):
        _mark_row(row, FEWEST_CHARS)
    _mark_ends(passages, known)


def _find_rows(passages: Sequence[_Passage], known: Callable[[str], int]) -> None:
    """Note of passages, none of them blank, what is known of the rows that hold them."""
    rows = ((known(row), place) for row, place in _shortest_rows(passages))
    found = [(n_texts, place) for n_texts, place in rows if n_texts]
    # Rows overlap: those of which the same is known pass each passage once.
    for most in sorted({n_texts for n_texts, _ in found}):
        done = 0
        for place in (place for n_texts, place in found if n_texts == most):
            for one in passages[max(place.start, done) : place.stop]:
                one.found = most
            done = place.stop


def _shortest_rows(passages: Sequence[_Passage]) -> Iterator[tuple[str, slice]]:
    """Give the shortest rows of `FEWEST_CHARS` from each passage on, and up to each.

    None of the passages is blank. A row comes with its place, which never goes back.
    """
    joined = "\n".join(one.text for one in passages)
    begins = [0, *accumulate(len(one.text) + 1 for one in passages)]
    last = -1
    for end in range(1, len(passages) + 1):
        before = last
        while last + 1 < end and _n_chars(begins, last + 1, end) >= FEWEST_CHARS:
            last += 1
        for start in range(before + 1, last + 1) or range(max(last, 0), last + 1):
            # Only what is between the searched ends of a text makes a longer one.
            if begins[end] - begins[start] <= 2 * SEARCHED_CHARS:
                yield joined[begins[start] : begins[end] - 1], slice(start, end)


def _n_chars(begins: Sequence[int], start: int, end: int) -> int:
    return begins[end] - begins[start] - (end - start)


def _rows(
    passages: Sequence[_Passage], belongs: Callable[[_Passage], bool]
) -> Iterator[Sequence[_Passage]]:
    """Yield what belongs together, with the white space between."""
    for is_row, row in groupby(passages, lambda one: not one.text or belongs(one)):
        if is_row:
            yield list(row)


def _mark_row(row: Sequence[_Passage], fewest_chars: int) -> None:
    if sum(len(one.text) for one in row) < fewest_chars:
        return
    rare = RARE_SHARE * _usual_n_texts(row)
    for one in row:
        one.is_template = one.n_texts >= rare or not one.text
    for rarer in _rows(row, lambda one: one.n_texts < rare):
        _mark_row(rarer, FEWEST_RARE_CHARS)


def _usual_n_texts(row: Sequence[_Passage]) -> int:
    """Return how many texts hold a passage, the median over characters: "1." says nothing of it."""
    ascending = sorted(row, key=lambda one: one.n_texts)
    upto = list(accumulate(len(one.text) for one in ascending))
    return ascending[bisect_left(upto, upto[-1] / 2)].n_texts


def _mark_ends(passages: Sequence[_Passage], known: Callable[[str], int]) -> None:
    """Mark what is as common as the template and stands at an end, such as a closing tag.

    Unless nothing else is left of what is asked.
    """
    told = [one for one in passages if one.text]
    fewest = min((one.n_texts for one in told if one.is_template), default=0)
    if not fewest:
        return
    rows = ((known(row), place) for row, place in _ends_of(told))
    found = [(n_texts, place) for n_texts, place in rows if n_texts % HELD_BY_HALF >= fewest]
    ends = {id(one) for _, place in found for one in told[place]}
    if not _is_any_word(one.text for one in told if not one.is_template and id(one) not in ends):
        return
    for n_texts, place in found:
        for one in told[place]:
            one.is_end |= not one.is_template
            one.is_template, one.found = True, one.found or n_texts


def _ends_of(passages: Sequence[_Passage]) -> Iterator[tuple[str, slice]]:
    """Give the rows of less than `FEWEST_CHARS` at either end, the shortest first."""
    n, texts = len(passages), [one.text for one in passages]
    n_chars = accumulate(map(len, texts))
    for length, _ in enumerate(takewhile(FEWEST_CHARS.__gt__, n_chars), 1):
        yield "\n".join(["\nstart", *texts[:length]]), slice(0, length)
    n_chars = accumulate(map(len, reversed(texts)))
    for length, _ in enumerate(takewhile(FEWEST_CHARS.__gt__, n_chars), 1):
        yield "\n".join(["\nend", *texts[-length:]]), slice(n - length, n)


def _is_any_word(texts: Iterable[str]) -> bool:
    return any(map(str.isalnum, chain.from_iterable(texts)))


def _extract(template: Sequence[_Passage]) -> str:
    rarest = sorted((one for one in template if not one.held_by_half), key=lambda one: one.n_texts)
    extract = " ".join(one.text for one in rarest)
    if len(extract) <= EXTRACT_CHARS:
        return extract
    # A word that is cut off would name clusters.
    return extract[: EXTRACT_CHARS + 1].rsplit(maxsplit=1)[0][:EXTRACT_CHARS]
