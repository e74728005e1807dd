"""The two forms of one ridge regression: by columns, or by rows where these are fewer.

Both give the same numbers. Source of the second: Saunders, Gammerman and Vovk, "Ridge regression
learning algorithm in dual variables", ICML 1998. Trying other scales costs a factorisation each,
of a matrix with as many rows as there are columns (primal) or rows (dual).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import Integers, Numbers

Scales = Mapping[str, float]


@dataclass(frozen=True)
class _Sums:
    """Products of columns, and of columns and losses, over some rows; column 0 is all ones."""

    gram: Numbers
    cross: Numbers


@dataclass(frozen=True)
class RidgeRows:
    """What a ridge regression learns from.

    `columns` (n, n_columns), of which `rows` (n_rows,) count, one at least; `widths` says how many
    columns each block has, in their order; `losses` (n_rows, n_models), without NaN, and `folds`
    (n_rows,), from 0, are of these rows.
    """

    columns: Numbers
    widths: Mapping[str, int]
    rows: Integers
    losses: Numbers
    folds: Integers

    def held_out(self) -> list[NDArray[np.bool_]]:
        """Give the rows of each fold that has any."""
        return [self.folds == fold for fold in np.unique(self.folds)]

    def by_column(self, scales: Scales) -> Numbers:
        """Give the scale of each column."""
        names, counts = list(self.widths), list(self.widths.values())
        return np.repeat([scales[name] for name in names], counts)


class PrimalRidge:
    """Ridge by sums over rows, which are added up once for each fold."""

    def __init__(self, known: RidgeRows) -> None:
        self.rows = known.rows
        self._known, self._columns, self._losses = known, known.columns, known.losses
        self._held_out = known.held_out()
        self._folds = [self._sums(held) for held in self._held_out]
        self._all = reduce(_added, self._folds)

    def _sums(self, part: NDArray[np.bool_]) -> _Sums:
        rows = self._columns[self.rows[part]]
        a = np.concatenate([np.ones((len(rows), 1)), rows], axis=1)
        return _Sums(a.T @ a, a.T @ self._losses[part])

    def weights(self, scales: Scales) -> tuple[Numbers, Numbers]:
        """Fit on all rows: weights (n_columns, n_models) and intercepts (n_models,)."""
        return self._solved(self._all.gram, self._all.cross, scales)

    def out_of_fold(self, scales: Scales) -> Numbers:
        """Predict each fold from the others, (n_rows, n_models); NaN if there are no others."""
        predicted = np.full_like(self._losses, np.nan)
        for held, part in zip(self._held_out, self._folds, strict=True):
            if not held.all():
                gram, cross = self._all.gram - part.gram, self._all.cross - part.cross
                beta, intercept = self._solved(gram, cross, scales)
                predicted[held] = self._columns[self.rows[held]] @ beta + intercept
        return predicted

    def _solved(self, gram: Numbers, cross: Numbers, scales: Scales) -> tuple[Numbers, Numbers]:
        scale = self._known.by_column(scales)
        n = gram[0, 0]
        mean, level = gram[0, 1:] / n, cross[0] / n
        scaled = (gram[1:, 1:] - n * np.outer(mean, mean)) * np.outer(scale, scale)
        target = (cross[1:] - n * np.outer(mean, level)) * scale[:, None]
        beta = scale[:, None] * _ridge_solution(scaled, target)
        return beta, level - mean @ beta


class DualRidge:
    """Ridge by inner products of rows, which are multiplied out once for each block."""

    def __init__(self, known: RidgeRows) -> None:
        self.rows = known.rows
        self._known, self._columns, self._losses = known, known.columns, known.losses
        self._held_out = known.held_out()
        ends = np.cumsum(list(known.widths.values()))[:-1]
        # Centring changes no weight, but large equal parts would drown what rows differ by.
        blocks = np.split(self._centred(), ends, axis=1)
        self._products = {name: b @ b.T for name, b in zip(known.widths, blocks, strict=True)}

    def weights(self, scales: Scales) -> tuple[Numbers, Numbers]:
        """Fit on all rows: weights (n_columns, n_models) and intercepts (n_models,)."""
        dual = _dual_weights(self._kernel(scales), self._losses)
        beta = (self._known.by_column(scales) ** 2)[:, None] * (self._centred().T @ dual)
        return beta, self._losses.mean(axis=0) - self._columns[self.rows].mean(axis=0) @ beta

    def out_of_fold(self, scales: Scales) -> Numbers:
        """Predict each fold from the others, (n_rows, n_models); NaN if there are no others."""
        predicted = np.full_like(self._losses, np.nan)
        kernel = self._kernel(scales)
        for held in self._held_out:
            if not held.all():
                inner, losses = kernel[np.ix_(~held, ~held)], self._losses[~held]
                across = kernel[np.ix_(held, ~held)] - inner.mean(axis=0)
                predicted[held] = across @ _dual_weights(inner, losses) + losses.mean(axis=0)
        return predicted

    def _centred(self) -> Numbers:
        columns = self._columns[self.rows]
        return np.asarray(columns - columns.mean(axis=0))

    def _kernel(self, scales: Scales) -> Numbers:
        n = len(self.rows)
        kernel = np.zeros((n, n))
        for name, product in self._products.items():
            kernel += scales[name] ** 2 * product
        return kernel


def _dual_weights(kernel: Numbers, losses: Numbers) -> Numbers:
    """Return the weight of each row; they add up to 0, so that columns need no centring."""
    mean = kernel.mean(axis=0)
    centred = kernel - mean - mean[:, None] + mean.mean()
    return _ridge_solution(centred, losses - losses.mean(axis=0))


def _ridge_solution(matrix: Numbers, target: Numbers) -> Numbers:
    """Solve with a penalty of 1 added to the diagonal; `matrix` is overwritten."""
    from scipy.linalg import cho_factor, cho_solve

    matrix[np.diag_indices_from(matrix)] += 1.0
    factor = cho_factor(matrix, overwrite_a=True, check_finite=False)
    return np.asarray(cho_solve(factor, target, check_finite=False))


def _added(first: _Sums, second: _Sums) -> _Sums:
    return _Sums(first.gram + second.gram, first.cross + second.cross)
