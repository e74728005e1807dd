"""What an estimator is fitted on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import Integers, Numbers


@dataclass(frozen=True)
class FitRows:
    """The queries to learn from, row by row.

    `cluster_ids` and `similarities` (n, k) are the nearest clusters, nearest first, k being
    `fitting.MOST_NEIGHBOURS` or all; `vectors` (n, dimension); `hidden` (n, hidden_dimension);
    `features` (n, n_features); `losses` (n, n_models) against the frontier on the same query, NaN
    where a score of the pair is missing, 0 for the frontier; `costs_usd` (n, n_models) without NaN;
    `n_chars` (n,) the length of the whole requests; `folds` (n,) keep near duplicates together.
    `frontier_scores` (n,) are NaN where unknown.
    """

    cluster_ids: Integers
    similarities: NDArray[np.floating]
    vectors: NDArray[np.floating]
    hidden: NDArray[np.floating]
    features: Numbers
    losses: Numbers
    costs_usd: Numbers
    n_chars: Integers
    folds: Integers
    frontier_scores: Numbers

    def some(self, rows: NDArray[np.intp]) -> "FitRows":
        """Return the same of some rows."""
        return FitRows(
            self.cluster_ids[rows],
            self.similarities[rows],
            self.vectors[rows],
            self.hidden[rows],
            self.features[rows],
            self.losses[rows],
            self.costs_usd[rows],
            self.n_chars[rows],
            self.folds[rows],
            self.frontier_scores[rows],
        )

    def each_fold(self) -> list[NDArray[np.bool_]]:
        """Say for each fold which rows are in it, shape (n,) each."""
        return [self.folds == fold for fold in range(int(self.folds.max()) + 1)]
