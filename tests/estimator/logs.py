"""A made-up log whose losses are known functions of topic and wording."""

import numpy as np

from semroute.estimator import FitRows
from semroute.features import text_features
from semroute.index import CentroidIndex
from semroute.vectors import unit_rows

MODELS = ("large", "medium", "small")
DIMENSION, N_CLUSTERS = 16, 6


def rows_of(n: int = 400, seed: int = 0, hole_share: float = 0.0) -> tuple[FitRows, np.ndarray]:
    """Return rows and centroids.

    `medium` loses 0.4 in odd clusters and nothing in even ones; `small` loses as many tenths as the
    text has question marks.
    """
    random = np.random.default_rng(seed)
    centroids = unit_rows(np.random.default_rng(99).standard_normal((N_CLUSTERS, DIMENSION)))
    topic = random.integers(0, N_CLUSTERS, n)
    vectors = unit_rows(centroids[topic] + 0.15 * random.standard_normal((n, DIMENSION)))
    marks = random.integers(0, 5, n)
    texts = [
        f"word{t} {'x' * int(random.integers(1, 9))} {'?' * m}"
        for t, m in zip(topic, marks, strict=True)
    ]
    losses = np.stack([np.zeros(n), 0.4 * (topic % 2), marks / 10], axis=1)
    losses[random.uniform(size=losses.shape) < hole_share] = np.nan
    losses[:, 0] = 0.0
    near = CentroidIndex(centroids).search(vectors, 32)
    rows = FitRows(
        cluster_ids=near.cluster_ids,
        similarities=near.similarities,
        vectors=vectors,
        hidden=vectors[:, :0],
        features=text_features(texts),
        losses=losses,
        costs_usd=np.tile([0.02, 0.004, 0.001], (n, 1)),
        n_chars=np.array([len(text) for text in texts]),
        folds=random.integers(0, 4, n),
        frontier_scores=np.full(n, np.nan),
    )
    return rows, centroids
