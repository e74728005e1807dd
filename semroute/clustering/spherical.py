"""Spherical k-means: a fixed number of clusters by cosine similarity, no row left out."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from semroute.clustering.rows import check_rows
from semroute.clustering.threads import one_thread
from semroute.errors import MissingExtraError
from semroute.vectors import Vectors

Positive = Annotated[int, Field(ge=1)]


class SphericalKMeans(BaseModel):
    """k-means whose centroids are scaled to length one after every round.

    Starts from k-means++ seeds `n_restarts` times and keeps the run with the highest sum of
    similarities. Fewer distinct rows than `n_clusters` give fewer clusters.

    `max_sample` is for the caller: above it a seeded sample of the queries is clustered.

    Sources: Dhillon and Modha (2001), Concept decompositions for large sparse text data using
    clustering; Arthur and Vassilvitskii (2007), k-means++.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["kmeans"] = "kmeans"
    n_clusters: Positive = 100
    n_iterations: Positive = 25
    n_restarts: Positive = 3
    max_sample: Annotated[int, Field(ge=2)] = 50_000

    @property
    def fewest_rows(self) -> int:
        """The fewest rows it can make a cluster of."""
        return 1

    def cluster(self, vectors: Vectors, seed: int) -> NDArray[np.int64]:
        """Label rows; see `Clusterer.cluster`. No row is noise.

        Raises:
            BuildError: a row is not finite, or there is none.
            MissingExtraError: scikit-learn is not installed.
        """
        check_rows(vectors, self.fewest_rows)
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        random = np.random.RandomState(seed)
        with one_thread():
            runs = [self._run(rows, random) for _ in range(self.n_restarts)]
        best = max(runs, key=lambda run: run[0])
        return np.unique(best[1], return_inverse=True)[1].astype(np.int64)

    def _run(
        self, rows: Vectors, random: "np.random.RandomState"
    ) -> tuple[float, NDArray[np.int64]]:
        import faiss

        n_clusters = min(self.n_clusters, len(rows))
        kmeans = faiss.Kmeans(
            rows.shape[1],
            n_clusters,
            niter=self.n_iterations,
            spherical=True,
            seed=int(random.randint(2**31)),
            min_points_per_centroid=1,
            max_points_per_centroid=len(rows),
        )
        kmeans.train(rows, init_centroids=_seeds(rows, n_clusters, random))
        similarities, labels = kmeans.index.search(rows, 1)
        return float(similarities.sum(dtype=np.float64)), labels[:, 0]


def _seeds(rows: Vectors, n_clusters: int, random: "np.random.RandomState") -> Vectors:
    try:
        from sklearn.cluster import kmeans_plusplus
    except ImportError as error:
        raise MissingExtraError("clustering with k-means", "build", "scikit-learn") from error
    seeds, _ = kmeans_plusplus(rows, n_clusters, random_state=random)
    return np.ascontiguousarray(seeds, dtype=np.float32)
