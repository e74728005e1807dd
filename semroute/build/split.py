"""Groups of near duplicates, and the split of groups into `fit` and `calibrate`."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.texts import fold

FIT_SHARE = 0.6
N_FOLDS = 4


def content_key(texts: Sequence[str]) -> str:
    """Return 32 hexadecimal digits that depend on the texts but not on their order."""
    digest = hashlib.blake2b(digest_size=16)
    for text in sorted(texts):
        digest.update(text.encode())
        digest.update(b"\x00")
    return digest.hexdigest()


def group_ids(texts: Sequence[str]) -> NDArray[np.int64]:
    """Give near duplicates (texts equal after `fold`) the same number; shape (n,)."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(fold(text), len(numbers)) for text in texts], np.int64)


def in_fit(texts: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """Choose the queries to fit on, about `FIT_SHARE` of the groups; shape (n,).

    A group's side depends on its folded text and the seed alone: neither row order nor other
    queries move it, and near duplicates are never on both sides.
    """
    bar = FIT_SHARE * 2**64
    return np.array([_number(fold(text), seed) < bar for text in texts], dtype=bool)


def inner_folds(texts: Sequence[str], seed: int) -> NDArray[np.int64]:
    """Divide queries into `N_FOLDS` parts that keep near duplicates together; shape (n,)."""
    return np.array([_number(fold(text), f"{seed} folds") % N_FOLDS for text in texts], np.int64)


def _number(folded: str, key: object) -> int:
    digest = hashlib.blake2b(folded.encode(), digest_size=8, key=str(key).encode())
    return int.from_bytes(digest.digest())
