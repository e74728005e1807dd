"""Unit vectors: embeddings and centroids as float32 rows of length one; sums over clusters."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Embeddings or centroids: float32, shape (n, dimension), unit rows."""

SMALLEST_NORM = 1e-6
LARGEST_NORM_ERROR = 1e-3

_LEAST_SQUARE = (1 - LARGEST_NORM_ERROR) ** 2
_LARGEST_SQUARE = (1 + LARGEST_NORM_ERROR) ** 2


def unit_rows(rows: NDArray[Any]) -> Vectors:
    """Scale every row to length one.

    Args:
        rows: numbers, shape (n, dimension). A row that is not finite, or shorter than
            `SMALLEST_NORM`, has no direction and comes back as NaN.

    Returns:
        float32, shape (n, dimension).

    >>> unit_rows(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]], dtype=float32)
    """
    wide = np.asarray(rows, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        norms = np.linalg.norm(wide, axis=1, keepdims=True)
    usable = np.isfinite(norms) & (norms >= SMALLEST_NORM)
    scaled = np.full(wide.shape, np.nan)
    np.divide(wide, norms, out=scaled, where=usable)
    return scaled.astype(np.float32)


def unit_parts(rows: NDArray[Any], dimension: int) -> Vectors:
    """Scale the first `dimension` numbers of every row to length one, and the rest for themselves.

    A row of which either has no direction is NaN from end to end.
    """
    parts = [unit_rows(part) for part in (rows[:, :dimension], rows[:, dimension:]) if part.size]
    scaled: Vectors = np.concatenate(parts, axis=1) if parts else rows.astype(np.float32)
    scaled[np.isnan(scaled).any(axis=1)] = np.nan
    return scaled


def is_usable(row: NDArray[Any]) -> bool:
    """Say whether a row, shape (dimension,), is finite and of length one.

    Its length may be off by `LARGEST_NORM_ERROR`.
    """
    # Unlike dot, vdot does not warn of what overflows. Not a number fails every comparison.
    return _LEAST_SQUARE <= float(np.vdot(row, row)) <= _LARGEST_SQUARE


def has_usable_parts(row: NDArray[Any], dimension: int) -> bool:
    """Say whether the first `dimension` numbers of a row are usable, and the rest if there is any.

    Shape (width,).
    """
    rest = row[dimension:]
    return is_usable(row[:dimension]) and (not len(rest) or is_usable(rest))


def usable_parts(rows: NDArray[Any], dimension: int) -> NDArray[np.bool_]:
    """Say which rows have usable parts, each as `has_usable_parts` does; shape (n,)."""
    found = (has_usable_parts(row, dimension) for row in rows)
    return np.fromiter(found, dtype=np.bool_, count=len(rows))


def usable_rows(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which rows are usable, each as `is_usable` does; shape (n,)."""
    return np.fromiter(map(is_usable, rows), dtype=np.bool_, count=len(rows))


def sums_by_cluster(
    values: NDArray[np.float64], cluster_ids: NDArray[np.int64], n_clusters: int
) -> NDArray[np.float64]:
    """Add up the rows of each cluster, shape (n_clusters, n_columns).

    >>> sums_by_cluster(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), 3).tolist()
    [[2.0], [5.0], [0.0]]
    """
    columns = [np.bincount(cluster_ids, column, minlength=n_clusters) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.zeros((n_clusters, 0))
