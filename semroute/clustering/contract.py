"""What every clusterer promises."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from semroute.vectors import Vectors

NOISE = -1
"""The label of a row that belongs to no cluster."""


class Clusterer(Protocol):
    """Groups unit vectors; the same rows, order and seed always give the same groups."""

    @property
    def fewest_rows(self) -> int:
        """The fewest rows it can make a cluster of."""
        ...

    def cluster(self, vectors: Vectors, seed: int) -> NDArray[np.int64]:
        """Label rows.

        Args:
            vectors: float32, shape (n, dimension), unit rows, n >= `fewest_rows`.
            seed: of every random choice.

        Returns:
            shape (n,): 0 to k - 1, each used at least once, or `NOISE`. k may be 0.
        """
        ...
