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
    folds = clusters.rows.folds
    tuned_on = BlockRidge(blocks, np.concatenate([kind[:, well] for kind in kinds], axis=1), folds)
    of_all = tuned_on
    if not well.all():
        of_all = BlockRidge(blocks, np.concatenate(kinds, axis=1), folds)
    start = start_scales(blocks)
    return [
        _fitted(values, number, start, well, tuned_on, of_all, clusters)
        for number, values in enumerate(kinds)
    ]


def _fitted(
    values: Numbers,
    number: int,
    start: Scales,
    well: NDArray[np.bool_],
    tuned_on: BlockRidge,
    of_all: BlockRidge,
    clusters: Clusters,
) -> SumOfTerms:
    error, columns = SquaredError(values[:, well]), _columns(number, int(well.sum()))
    scales = tuned_on.tuned_scales(start, lambda predicted: error.mean(predicted[:, columns]))
    head = tuned_on.out_of_fold(scales)[:, columns]
    of_clusters = clusters.out_of_fold(values[:, well])
    share = blend_share(of_clusters, head, error)
    beta, intercept = of_all.weights(scales)
    columns = _columns(number, len(well))
    return SumOfTerms(
        share=share,
        means=clusters.means(values),
        by_column=of_all.by_block(beta[:, columns]),
        intercept=intercept[columns],
        out_of_fold=share * of_clusters + (1 - share) * head,
    )


def _columns(number: int, n_models: int) -> slice:
    return slice(number * n_models, (number + 1) * n_models)


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
