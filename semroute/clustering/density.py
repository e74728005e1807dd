"""UMAP, then HDBSCAN: finds how many clusters there are, and leaves outliers out of all of them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from semroute.clustering.rows import check_rows
from semroute.clustering.threads import one_thread
from semroute.errors import MissingExtraError
from semroute.vectors import Vectors

AtLeastTwo = Annotated[int, Field(ge=2)]

_COMPARED_BY_UMAP = 4096
"""Below so many rows UMAP compares each with each."""

_ROUNDED = 1e-5
"""Rows that are the same are a little less similar than 1 to float32."""


class UMAPHDBSCAN(BaseModel):
    """Density clusters in a space reduced by UMAP.

    HDBSCAN finds little in hundreds of dimensions, where all points are about equally far apart;
    UMAP brings neighbours together first. `leaf` takes the smallest clusters of the hierarchy,
    `eom` the most persistent ones.

    `max_sample` is for the caller: above it a seeded sample of the queries is clustered.

    Sources: McInnes, Healy and Melville (2018), UMAP, arXiv:1802.03426; Campello, Moulavi and
    Sander (2013), Density-based clustering based on hierarchical density estimates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hdbscan"] = "hdbscan"
    min_cluster_size: AtLeastTwo = 15
    min_samples: Annotated[int, Field(ge=1)] | None = None
    cluster_selection_method: Literal["leaf", "eom"] = "leaf"
    n_components: AtLeastTwo = 10
    n_neighbors: AtLeastTwo = 15
    max_sample: AtLeastTwo = 50_000

    @property
    def fewest_rows(self) -> int:
        """The fewest rows it can make a cluster of.

        HDBSCAN tells two groups apart or finds none, and looks at the `min_samples` nearest
        neighbours of each row, which must fit into its group.
        """
        min_samples = self.min_samples or self.min_cluster_size
        return 2 * max(self.min_cluster_size, min_samples + 1)

    def cluster(self, vectors: Vectors, seed: int) -> NDArray[np.int64]:
        """Label rows; see `Clusterer.cluster`. Runs on one thread, as a seeded UMAP must.

        Raises:
            BuildError: a row is not finite, or there are fewer than `fewest_rows`.
            MissingExtraError: umap-learn or hdbscan is not installed.
        """
        check_rows(vectors, self.fewest_rows)
        with one_thread(), _quiet():
            return self._densest(self._reduced(vectors, seed))

    def _reduced(self, vectors: Vectors, seed: int) -> NDArray[np.float32]:
        try:
            from umap import UMAP
        except ImportError as error:
            raise MissingExtraError("clustering with UMAP", "build", "umap-learn") from error
        # More than half of a few rows would join what lies apart.
        n_neighbors = min(self.n_neighbors, len(vectors) // 2)
        reducer = UMAP(
            n_components=self.n_components,
            n_neighbors=n_neighbors,
            precomputed_knn=_nearest(vectors, n_neighbors),
            min_dist=0.0,
            metric="cosine",
            # The spectral start needs more eigenvectors than a few rows have.
            init="spectral" if len(vectors) > 2 * self.n_components else "random",
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(reducer.fit_transform(vectors), dtype=np.float32)

    def _densest(self, points: NDArray[np.float32]) -> NDArray[np.int64]:
        try:
            from hdbscan import HDBSCAN
        except ImportError as error:
            raise MissingExtraError("clustering with HDBSCAN", "build", "hdbscan") from error
        clusterer = HDBSCAN(
            min_cluster_size=self.min_cluster_size,
            min_samples=self.min_samples,
            cluster_selection_method=self.cluster_selection_method,
            core_dist_n_jobs=1,
        )
        return np.asarray(clusterer.fit_predict(points.astype(np.float64)), dtype=np.int64)


def _nearest(
    vectors: Vectors, n_neighbors: int
) -> tuple[NDArray[np.int64] | None, NDArray[np.float32] | None, None]:
    """Return the nearest rows of each row and one less their similarity, as UMAP takes them.

    UMAP would take approximate neighbours of so many rows, whose code takes a minute to compile.
    Of fewer it compares all itself: nothing is returned for these.
    """
    if len(vectors) < _COMPARED_BY_UMAP:
        return None, None, None
    import faiss

    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    similarities, nearest = faiss.knn(rows, rows, n_neighbors, metric=faiss.METRIC_INNER_PRODUCT)
    apart = 1 - similarities
    # UMAP takes the nearest row that is apart at all for the end of a neighbourhood.
    apart[apart < _ROUNDED] = 0
    return nearest, apart, None


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what these libraries warn of: their own deprecations, and their fallbacks on few rows.

    None of it asks anything of the caller; labels that are of no use show in the counts.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
