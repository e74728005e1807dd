"""Groups of near duplicates, and the split of groups into `fit` and `calibrate`."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.texts import fold, keyed_hash

LEAST_FIT_SHARE = 0.6
MOST_FIT_SHARE = 0.75
N_HELD_OUT = 2_000
"""Groups held out of a log for which both shares leave a choice; more certify little more."""

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


def shuffled_ids(texts: Sequence[str], hash_key: str) -> NDArray[np.int64]:
    """Give groups of near duplicates numbers from 0, in an order that tells nothing of them; (n,).

    Bets of a certificate follow it. It is not drawn anew for each build, which would give those who
    build again and again a new chance each time: as a log grows, what was before another stays so.
    """
    hashes = [keyed_hash(hash_key, fold(text)) for text in texts]
    return np.unique(np.array(hashes, dtype=np.str_), return_inverse=True)[1].astype(np.int64)


def in_fit(texts: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """Choose the queries to fit on, about `fit_share` of the groups; shape (n,).

    A group's side depends on its folded text, the seed and the number of groups: row order does not
    move it, near duplicates are never on both sides, and as a log grows queries only move from
    those held out to those fitted on.
    """
    folded = [fold(text) for text in texts]
    n_groups = len(set(folded))
    return np.array([_is_below(text, seed, n_groups) for text in folded], dtype=bool)


def is_of_fit(text: str, seed: int, n_groups: int) -> bool:
    """Say on which side a text of a log with so many groups is, as `in_fit` does."""
    return _is_below(fold(text), seed, n_groups)


def _is_below(folded: str, seed: int, n_groups: int) -> bool:
    return _number(folded, seed) < fit_share(n_groups) * 2**64


def fit_share(n_groups: int) -> float:
    """Return the share of groups to fit on: what is left when about `N_HELD_OUT` are held out.

    >>> [round(fit_share(n_groups), 3) for n_groups in (1_000, 5_000, 6_250, 100_000)]
    [0.6, 0.6, 0.68, 0.75]
    """
    share = 1 - N_HELD_OUT / max(n_groups, 1)
    return min(max(share, LEAST_FIT_SHARE), MOST_FIT_SHARE)


def inner_folds(texts: Sequence[str], seed: int) -> NDArray[np.int64]:
    """Divide queries into `N_FOLDS` parts that keep near duplicates together; shape (n,)."""
    return np.array([_number(fold(text), f"{seed} folds") % N_FOLDS for text in texts], np.int64)


def _number(folded: str, key: object) -> int:
    content = folded.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(content, digest_size=8, key=str(key).encode())
    return int.from_bytes(digest.digest())
