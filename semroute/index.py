"""The centroids, searchable by similarity."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from semroute.errors import EncoderError
from semroute.vectors import Vectors

NO_CLUSTER = -1
"""The cluster id of a row that could not be looked up."""

_ROWS_PER_CALL = 16


class Neighbours(NamedTuple):
    """The centroids nearest to each row, most similar first; equal similarities by cluster id.

    Where more are equally the last than fit, which of them are found is left to FAISS; always the
    same ones.

    `similarities` is float32 and `cluster_ids` int64, both of shape (n, k). A row that was not
    finite holds NaN and `NO_CLUSTER`.
    """

    similarities: NDArray[np.float32]
    cluster_ids: NDArray[np.int64]


class CentroidIndex:
    """Exact search over centroids with a flat FAISS index.

    Safe to share between threads, and to use in a child made by `fork`: each search runs on the
    thread that asks for it.

    Args:
        centroids: float32, shape (n_clusters, dimension), unit rows; row i is cluster i.
    """

    def __init__(self, centroids: Vectors) -> None:
        import faiss

        self.n_clusters, self.dimension = centroids.shape
        self._faiss = faiss
        self._flat = faiss.IndexFlatIP(self.dimension)
        self._flat.add(np.ascontiguousarray(centroids, dtype=np.float32))

    def search(self, vectors: NDArray[Any], k: int) -> Neighbours:
        """Find the `k` nearest centroids of each row, or all of them if there are fewer.

        A row's result does not depend on the other rows of the call, to the last bit.

        Args:
            vectors: unit rows, shape (n, dimension).
            k: at least 1.

        Raises:
            EncoderError: the rows have another dimension than the centroids.
        """
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        self._check_shape(rows)
        k = min(k, self.n_clusters)
        similarities = np.full((len(rows), k), np.nan, dtype=np.float32)
        cluster_ids = np.full((len(rows), k), NO_CLUSTER, dtype=np.int64)
        finite = np.isfinite(rows).all(axis=1)
        if k and finite.any():
            found = self.nearest(rows[finite], k)
            similarities[finite], cluster_ids[finite] = found.similarities, found.cluster_ids
        return Neighbours(similarities, cluster_ids)

    def _check_shape(self, rows: NDArray[np.float32]) -> None:
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise EncoderError(
                f"the index was built with vectors of {self.dimension} numbers and was asked for "
                f"an array of shape {rows.shape}; use the encoder it was built with"
            )

    def _searched(self, rows: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        if len(rows) <= _ROWS_PER_CALL:
            found: tuple[Vectors, NDArray[np.int64]] = self._flat.search(rows, k)
            return found
        # FAISS sums large batches in another order than single rows; small ones it does not.
        starts = range(0, len(rows), _ROWS_PER_CALL)
        parts = [self._flat.search(rows[i : i + _ROWS_PER_CALL], k) for i in starts]
        similarities, cluster_ids = map(np.concatenate, zip(*parts, strict=True))
        return similarities, cluster_ids

    def nearest(self, rows: Vectors, k: int) -> Neighbours:
        """Find the same as `search`, sooner, for rows known to be finite; `k` at most all."""
        # OpenMP keeps this limit per thread, so other threads and other users of FAISS keep theirs.
        # A child of fork() hangs in its first search if the parent ever searched on two threads.
        n_threads = self._faiss.omp_get_max_threads()
        if n_threads > 1:
            self._faiss.omp_set_num_threads(1)
        try:
            similarities, cluster_ids = self._searched(rows, k)
        finally:
            if n_threads > 1:
                self._faiss.omp_set_num_threads(n_threads)
        # FAISS gives them in order, but for equal ones.
        if all(len(set(row)) == k for row in similarities.tolist()):
            return Neighbours(similarities, cluster_ids)
        order = np.lexsort((cluster_ids, -similarities), axis=1)
        return Neighbours(
            np.take_along_axis(similarities, order, axis=1),
            np.take_along_axis(cluster_ids, order, axis=1),
        )
