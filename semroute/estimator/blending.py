"""Evidence of the nearest clusters, weighted by similarity."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.vectors import sums_by_cluster

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]


def neighbour_weights(similarities: NDArray[np.floating], k: int, temperature: float) -> Numbers:
    """Weigh the `k` nearest clusters: softmax of temperature * similarity; rows sum to one.

    Args:
        similarities: shape (n, at least min(k, clusters)), highest first.
        k: how many clusters have a say.
        temperature: how much more the nearer ones count; higher is more.

    Returns:
        shape (n, k), or all columns if there are fewer; NaN for a row of NaN.
    """
    near = similarities[:, :k].astype(np.float64)
    raw: Numbers = np.exp(temperature * (near - near[:, :1]))
    weights: Numbers = raw / np.add.reduce(raw, axis=1, keepdims=True)
    return weights


def shrunk_means(
    values: Numbers, cluster_ids: Integers, n_clusters: int, pseudo_rows: float
) -> Numbers:
    """Mean of each cluster and column over the known cells, shrunk towards the column's mean.

    The column's mean counts as `pseudo_rows` more rows of every cluster. A column without any known
    cell gives 0.

    Returns:
        shape (n_clusters, n_columns).
    """
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    whole = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    sums = sums_by_cluster(filled, cluster_ids, n_clusters) + pseudo_rows * whole
    return np.asarray(
        sums / (sums_by_cluster(known.astype(float), cluster_ids, n_clusters) + pseudo_rows)
    )


def blended(weights: Numbers, cluster_ids: Integers, table: Numbers) -> Numbers:
    """Blend rows of `table` (n_clusters, n_columns) by weight; shape (n, n_columns).

    Row by row, so that a row does not depend on the others of the call to the last bit.
    """
    near = table.take(cluster_ids[:, : weights.shape[1]], axis=0)
    found: Numbers = np.matmul(weights[:, None, :], near)[:, 0]
    return found


def blended_out_of_fold(
    weights: Numbers,
    cluster_ids: Integers,
    folds: Sequence[NDArray[np.bool_]],
    tables: Sequence[Numbers],
) -> Numbers:
    """Blend the rows of each fold from the table that was made without it; shape (n, n_columns)."""
    found = np.empty((len(weights), tables[0].shape[1]))
    for fold, table in zip(folds, tables, strict=True):
        found[fold] = blended(weights[fold], cluster_ids[fold], table)
    return found


def placed(blank: Numbers, values: Numbers, columns: NDArray[np.intp]) -> Numbers:
    """Return `blank` with `values` in some of its last axis."""
    whole = blank.copy()
    whole[..., columns] = values
    return whole
