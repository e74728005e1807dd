"""Clusters on a plane: kinds of request that are alike lie near each other."""

import warnings

import numpy as np

from semroute.errors import MissingExtraError
from semroute.evaluate.frozen import Numbers
from semroute.vectors import Vectors

FEWEST_FOR_UMAP = 12
"""Below this UMAP has no neighbourhoods to keep, and principal components show as much."""


def plane(centroids: Vectors) -> Numbers:
    """Project unit vectors on a plane, float64 (n, 2); the same input gives the same plane.

    UMAP (McInnes et al., arXiv:1802.03426) with the cosine; principal components if there are few.

    Raises:
        MissingExtraError: umap-learn is not installed.
    """
    if len(centroids) < FEWEST_FOR_UMAP:
        return _principal(centroids)
    neighbours = min(15, len(centroids) - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations, and that a seed means one thread
        try:
            from umap import UMAP
        except ImportError as error:
            raise MissingExtraError("the map of clusters", "build", "umap-learn") from error
        reducer = UMAP(
            n_neighbors=neighbours, min_dist=0.4, metric="cosine", random_state=0, init="random"
        )
        placed = reducer.fit_transform(centroids)
    return np.asarray(placed, dtype=np.float64)


def _principal(centroids: Vectors) -> Numbers:
    wide = centroids.astype(np.float64)
    centred = wide - wide.mean(axis=0) if len(wide) else wide
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    placed = np.zeros((len(wide), 2))
    n_axes = min(2, strength.size)
    placed[:, :n_axes] = left[:, :n_axes] * strength[:n_axes]
    return placed
