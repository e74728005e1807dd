"""Which queries a build has seen, without their text: so that none of them judges its own router.

Each distinct text is kept as one 64-bit keyed hash of its words and a sketch of 32 bytes. The
sketch is b-bit MinHash (Li and Koenig, "b-Bit Minwise Hashing", WWW 2010) over runs of three words:
the share of equal bytes estimates how many runs two texts have in common. One byte of a hash tells
next to nothing of a word, and without the key nothing at all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semroute.texts import fold

SeenTexts = NDArray[np.uint64]
"""One row per distinct text, ascending: the hash of its words, then its sketch of 32 bytes."""

N_BYTES = 32
N_COLUMNS = 1 + N_BYTES // 8
RUN_WORDS = 3

FEWEST_WORDS = 12
"""Below this a sketch says nothing: one word more or less changes most of its runs."""

FEWEST_EQUAL_BYTES = 25
"""Of 32, for a near duplicate: about 0.78 of the runs of three words are the same."""

_UNLEARNED = b"unlearned"
"""The kind of hash of a text that a build has seen, and learned nothing of."""


@dataclass(frozen=True)
class Overlap:
    """Rows of a set of texts that a build has seen, bool of shape (n,) each.

    `same`: the same words, whatever their case, accents' form and punctuation. `near`: nearly so.
    """

    same: NDArray[np.bool_]
    near: NDArray[np.bool_]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """The rows of either kind."""
        return self.same | self.near


def no_texts() -> SeenTexts:
    """Return what an index holds that does not say what its build has seen."""
    return np.zeros((0, N_COLUMNS), dtype=np.uint64)


def remember(texts: Sequence[str], key: str, unlearned: Sequence[str] = ()) -> SeenTexts:
    """Hash texts so that `overlap` recognises them; blank ones are left out.

    Args:
        texts: in any order; the same texts give the same rows.
        key: of the hashes, at most 64 bytes.
        unlearned: more of them, such as came with images only; `holds` recognises these not.

    Returns:
        uint64, shape (n_distinct, N_COLUMNS), ascending in its first column.
    """
    learned, others = ({fold(text) for text in one if text.strip()} for one in (texts, unlearned))
    rows = [_row(text, key) for text in sorted(learned)]
    for text in sorted(others - learned):
        rows.append(_row(text, key))
        rows[-1][0] = _number(text, key, _UNLEARNED)
    if not rows:
        return no_texts()
    table = np.stack(rows)
    return np.asarray(table[np.lexsort(table.T[::-1])])


def overlap(texts: Sequence[str], seen: SeenTexts, key: str) -> Overlap:
    """Say which texts are among those `remember` hashed, word for word or nearly so.

    >>> seen = remember(["Where is my order?"], "key")
    >>> overlap(["where is my ORDER", "and my parcel?"], seen, "key").same.tolist()
    [True, False]
    """
    folded = [fold(text) for text in texts]
    rows = np.array([_row(text, key) for text in folded], np.uint64).reshape(-1, N_COLUMNS)
    unlearned = np.array([_number(text, key, _UNLEARNED) for text in folded], np.uint64)
    same = np.isin(rows[:, 0], seen[:, 0]) | np.isin(unlearned, seen[:, 0])
    is_long = np.array([len(text.split()) >= FEWEST_WORDS for text in folded], dtype=bool)
    near = np.zeros(len(texts), dtype=bool)
    asked = np.flatnonzero(~same & is_long)
    near[asked] = _any_near(_bytes(rows[asked]), _bytes(seen))
    return Overlap(same, near)


def holds(seen: NDArray[np.uint64], text: str, key: str) -> bool:
    """Say whether the same words are among `texts` that `remember` hashed.

    Args:
        seen: the first column of what it returned, shape (n_distinct,), ascending.
        text: any.
        key: of the hashes.

    >>> holds(remember(["Where is my order?"], "key")[:, 0], "where is my ORDER", "key")
    True
    """
    number = np.uint64(_number(fold(text), key))
    place = int(np.searchsorted(seen, number))
    return place < len(seen) and bool(seen[place] == number)


def word_runs(folded: str) -> frozenset[str]:
    """Return the runs of three words in a folded text; all of it if it has fewer."""
    words = folded.split()
    n_runs = max(len(words) - RUN_WORDS + 1, 1)
    return frozenset(" ".join(words[start : start + RUN_WORDS]) for start in range(n_runs))


def _row(folded: str, key: str) -> NDArray[np.uint64]:
    hashed = np.array([_number(run, key) for run in word_runs(folded)], dtype=np.uint64)
    with np.errstate(over="ignore"):
        mixed = hashed[:, None] * _MULTIPLIERS + _INCREMENTS
    smallest = mixed.min(axis=0)
    sketch = (smallest >> np.uint64(24)).astype(np.uint8)
    return np.concatenate([[np.uint64(_number(folded, key))], sketch.view(np.uint64)])


def _number(text: str, key: str, kind: bytes = b"seen") -> int:
    content = text.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(content, digest_size=8, key=key.encode(), person=kind)
    return int.from_bytes(digest.digest(), "little")


def _constants() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Draw the 32 hash functions, the same for ever: SHAKE does not change between versions."""
    drawn = hashlib.shake_128(b"semroute seen texts").digest(2 * 8 * N_BYTES)
    numbers = np.frombuffer(drawn, dtype="<u8").astype(np.uint64)
    return numbers[:N_BYTES] | np.uint64(1), numbers[N_BYTES:]


_MULTIPLIERS, _INCREMENTS = _constants()


def _bytes(rows: SeenTexts) -> NDArray[np.uint8]:
    return np.ascontiguousarray(rows[:, 1:]).view(np.uint8)


def _any_near(asked: NDArray[np.uint8], seen: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether some row of `seen` has `FEWEST_EQUAL_BYTES` bytes in common with each of `asked`.

    Two rows that differ in at most 7 bytes of 32 share one of 8 runs of four bytes, so only rows
    with such a run in common are compared byte by byte.
    """
    found = np.zeros(len(asked), dtype=bool)
    for band in range(0, N_BYTES, 4):
        bands = [
            np.ascontiguousarray(rows[:, band : band + 4]).view(np.uint32)[:, 0]
            for rows in (asked, seen)
        ]
        order = np.argsort(bands[1], kind="stable")
        first = np.searchsorted(bands[1], bands[0], "left", sorter=order)
        last = np.searchsorted(bands[1], bands[0], "right", sorter=order)
        for row in np.flatnonzero((last > first) & ~found):
            equal = (seen[order[first[row] : last[row]]] == asked[row]).sum(axis=1)
            found[row] = bool((equal >= FEWEST_EQUAL_BYTES).any())
    return found
