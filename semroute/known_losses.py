"""What a policy lost where scores tell it, and what stands for the queries that lack them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_KNOWN = 0.5
"""Of the queries a model answers: missing scores count as failures until so many are known.

Unless the owner, who knows why scores are missing, says that another share is enough.
"""

BANDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Of expected loss: queries of one model stand for others of their band."""

MANY = 20
"""Answers of one model in one cluster, that stand for themselves where hardly any is known."""

HARDLY_ANY = 0.5
"""Of the share that has to be known: below it other clusters must not stand for such answers."""


def is_paired(known: NDArray[np.bool_], frontier: int) -> NDArray[np.bool_]:
    """Say which rows have the scores of the frontier and of another model; shape (n,).

    `known` (n, n_models) says where there is a score; `frontier` is a column of it.
    """
    return np.asarray(known[:, frontier] & (known.sum(axis=1) > 1))


def policy_losses(
    columns: Integers, scores: Numbers, frontier: int
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return each query's loss against the frontier, and where it is the worst case; both (n,).

    `columns` (n,) are those of `scores` (n, n_models) of the models that answer.

    The frontier loses nothing, scored or not. Where a score is missing the loss is the largest
    there could be: a missing score of the model counts 0, one of the frontier 1.
    """
    rows = np.arange(len(scores))
    best, own = scores[:, frontier], scores[rows, columns]
    cheap = columns != frontier
    worst = cheap & (np.isnan(best) | np.isnan(own))
    losses = np.where(np.isnan(best), 1.0, best) - np.where(np.isnan(own), 0.0, own)
    return np.where(cheap, losses, 0.0), worst


@dataclass(frozen=True)
class KnownLosses:
    """Losses a policy can be judged by, in a random order, and what became of the other queries.

    Each of `losses` stands for `weights` queries, both (n,). `n_worst_case` of them lack scores and
    count as if the model had failed; `n_left_out` queries without the scores needed were left out,
    and others stand for them.
    """

    losses: Numbers
    weights: Numbers
    n_worst_case: int
    n_left_out: int

    @property
    def mean(self) -> float:
        """The mean loss over all the queries they stand for; 0 without any."""
        return float(np.average(self.losses, weights=self.weights)) if len(self.losses) else 0.0


def known_losses(
    columns: Integers,
    scores: Numbers,
    expected_losses: Numbers,
    cluster_ids: Integers,
    frontier: int,
    order: NDArray[np.intp],
    least_known: float = LEAST_KNOWN,
) -> KnownLosses:
    """Collect the losses of a policy on the scored queries `order`, which is random.

    Leaving out only queries that lack scores would leave too many that go to the frontier and lose
    nothing. So the queries known of a model stand for those it answers of which about as much loss
    is expected: they tell the same, if among these scores are missing at random, whatever they
    would have been. Easy queries must not stand for hard ones nobody scored, such as a plan of
    scores to buy leaves out, nor for a cluster of which hardly any is known. Of those known on less
    than `least_known` of them, as many of the others as that takes count as the worst case; where
    none is known, all do.

    `columns` (n,) are those of `scores` and `expected_losses` (n, n_models; NaN where unknown) of
    the models that answer, `cluster_ids` (n,) the nearest clusters.
    """
    columns = columns[order]
    losses, missing = policy_losses(columns, scores[order], frontier)
    hardly_any = HARDLY_ANY * least_known
    alike = _alike(columns, missing, expected_losses[order], cluster_ids[order], hardly_any)
    n_chosen = np.bincount(alike, minlength=1)
    n_known = n_chosen - np.bincount(alike[missing], minlength=len(n_chosen))
    n_failed = np.maximum(np.ceil(share_of(least_known, n_chosen)) - n_known, 0)
    n_failed = np.where(n_known, n_failed, n_chosen)
    worst_case = np.zeros(len(order), dtype=bool)
    worst_case[missing] = _turns(alike[missing]) < n_failed[alike[missing]]
    kept = ~missing | worst_case
    weights = (n_chosen / np.maximum(n_known + n_failed, 1))[alike]
    return KnownLosses(losses[kept], weights[kept], int(worst_case.sum()), int((~kept).sum()))


def _alike(
    columns: Integers,
    missing: NDArray[np.bool_],
    expected_losses: Numbers,
    cluster_ids: Integers,
    hardly_any: float,
) -> Integers:
    """Give queries that stand for each other the same number; (n,).

    They are of one model and one band of expected loss, of which unknown is one; or of one model
    and one cluster, where these are many and hardly any is known.
    """
    n_bands, n_models = len(BANDS) + 2, expected_losses.shape[1]
    expected = expected_losses[np.arange(len(columns)), columns]
    bands = np.where(np.isnan(expected), n_bands - 1, np.digitize(expected, BANDS))
    cells = columns + n_models * (cluster_ids + 1)
    n_answered = np.bincount(cells, minlength=1)
    n_known = n_answered - np.bincount(cells[missing], minlength=len(n_answered))
    is_apart = (n_answered >= MANY) & (n_known < share_of(hardly_any, n_answered))
    alike = np.where(is_apart[cells], n_models * n_bands + cells, columns * n_bands + bands)
    return np.unique(alike, return_inverse=True)[1]


def share_of(share: float, counts: Integers) -> Numbers:
    """Return a share of each count, where it is whole without the hair that computers add.

    >>> 0.07 * 100, share_of(0.07, np.array([100, 50])).tolist()
    (7.000000000000001, [7.0, 3.5])
    """
    return np.round(share * counts, 9)


def _turns(columns: Integers) -> Integers:
    """Count how often each number came before, from 0.

    >>> _turns(np.array([5, 7, 5, 5])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(columns, kind="stable")
    ranked = columns[order]
    turns = np.empty_like(order)
    turns[order] = np.arange(len(columns)) - np.searchsorted(ranked, ranked)
    return turns
