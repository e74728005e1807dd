"""Numbers of queries, estimated as sums of terms: means of the nearest clusters and a linear head.

A model's loss is such a number, and so is a model's score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import (
    Numbers,
    blended_out_of_fold,
    neighbour_weights,
    shrunk_means,
)
from semroute.estimator.ridge import BlockRidge, start_scales
from semroute.estimator.ridge_forms import Scales
from semroute.estimator.rows import FitRows
from semroute.estimator.squared_error import SquaredError, blend_share


@dataclass(frozen=True)
class Clusters:
    """The nearest clusters of queries: how many have a say, how they are weighed and shrunk."""

    rows: FitRows
    n_clusters: int
    n_neighbours: int
    temperature: float
    pseudo_rows: float

    @cached_property
    def weights(self) -> Numbers:
        """Of the nearest clusters, shape (n, `n_neighbours`) or all there are."""
        return neighbour_weights(self.rows.similarities, self.n_neighbours, self.temperature)

    def means(self, values: Numbers, some: NDArray[np.bool_] | None = None) -> Numbers:
        """Return the shrunk means of (some of) the rows, shape (n_clusters, n_columns)."""
        nearest = self.rows.cluster_ids[:, 0]
        if some is not None:
            values, nearest = values[some], nearest[some]
        return shrunk_means(values, nearest, self.n_clusters, self.pseudo_rows)

    def out_of_fold(self, values: Numbers) -> Numbers:
        """Blend for each row the means of the other folds, shape of `values`."""
        folds = self.rows.each_fold()
        tables = [self.means(values, ~fold) for fold in folds]
        return blended_out_of_fold(self.weights, self.rows.cluster_ids, folds, tables)


@dataclass(frozen=True)
class SumOfTerms:
    """An estimate of a number of a query, by model.

    It is `share` of the blended `means` (n_clusters, n_models), the rest `intercept` (n_models,)
    and weights `by_column`, shape (columns of the block, n_models) for each block of columns.
    `out_of_fold` (n, n_well) is what it says of held-out folds, of the models known well.
    """

    share: float
    means: Numbers
    by_column: Mapping[str, Numbers]
    intercept: Numbers
    out_of_fold: Numbers

    def weights(self, block: str) -> Numbers:
        """Return what a column adds to the whole; with the block "topic" the clusters' means do."""
        of_head = (1 - self.share) * self.by_column[block]
        return of_head + self.share * self.means if block == "topic" else of_head


def fit_sums(
    kinds: Sequence[Numbers],
    well: NDArray[np.bool_],
    blocks: Mapping[str, Numbers],
    clusters: Clusters,
) -> list[SumOfTerms]:
    """Estimate several kinds of numbers, each with penalties and a share of its own.

    Args:
        kinds: shape (n, n_models) each, NaN in the same cells.
        well: which models are known well, shape (n_models,): on them all is tuned.
        blocks: the head's columns, see `BlockRidge`.
        clusters: how their means are blended.
    """
    folds, n_kinds = clusters.rows.folds, len(kinds)
    errors = [SquaredError(kind[:, well]) for kind in kinds]
    known_well = np.concatenate([error.losses for error in errors], axis=1)
    tuned_on = BlockRidge(blocks, known_well, folds)
    of_all = tuned_on
    if not well.all():
        of_all = BlockRidge(blocks, np.concatenate(kinds, axis=1), folds)
    # One pass over the models for all kinds: what a pass makes of a model is large, and not kept.
    scales = [_tuned(tuned_on, blocks, error, n, n_kinds) for n, error in enumerate(errors)]
    heads, fitted = tuned_on.out_of_fold(scales), of_all.weights(scales)
    found = []
    for number, (values, error) in enumerate(zip(kinds, errors, strict=True)):
        head = _of_kind(heads[number], number, n_kinds)
        beta, intercept = (_of_kind(part, number, n_kinds) for part in fitted[number])
        of_clusters = clusters.out_of_fold(error.losses)
        share = blend_share(of_clusters, head, error)
        out_of_fold = share * of_clusters + (1 - share) * head
        by_column, means = of_all.by_block(beta), clusters.means(values)
        found.append(SumOfTerms(share, means, by_column, intercept, out_of_fold))
    return found


def _tuned(
    ridge: BlockRidge,
    blocks: Mapping[str, Numbers],
    error: SquaredError,
    number: int,
    n_kinds: int,
) -> Scales:
    def score(predicted: Numbers) -> float:
        return error.mean(_of_kind(predicted, number, n_kinds))

    return ridge.tuned_scales(start_scales(blocks), score)


def _of_kind(table: Numbers, number: int, n_kinds: int) -> Numbers:
    """Return the columns of one kind of numbers; all kinds have as many."""
    return np.split(table, n_kinds, axis=-1)[number]


def half_by_scores(loss: SumOfTerms, frontier: SumOfTerms, model: SumOfTerms) -> SumOfTerms:
    """Take half of a loss's estimate, and half of what the two scores' estimates differ by.

    The clusters' mean losses keep their part; what the scores' clusters say is in the head.
    """
    share = loss.share / 2
    rest = 2 * (1 - share)

    def of_block(name: str) -> Numbers:
        difference = frontier.weights(name) - model.weights(name)
        return ((1 - loss.share) * loss.by_column[name] + difference) / rest

    levels = [(1 - one.share) * one.intercept for one in (loss, frontier, model)]
    return SumOfTerms(
        share=share,
        means=loss.means,
        by_column={name: of_block(name) for name in loss.by_column},
        intercept=(levels[0] + levels[1] - levels[2]) / rest,
        out_of_fold=0.5 * (loss.out_of_fold + frontier.out_of_fold - model.out_of_fold),
    )
