"""What every clusterer refuses before it starts."""

import numpy as np

from semroute.errors import BuildError
from semroute.vectors import Vectors


def check_rows(vectors: Vectors, fewest_rows: int) -> None:
    """Refuse rows that no clusterer can group.

    Libraries do not: HDBSCAN calls a NaN row noise, and gives no cluster for too few rows.

    Raises:
        BuildError: a row is not finite, or there are fewer than `fewest_rows`.
    """
    if len(vectors) < fewest_rows:
        raise BuildError(
            f"clustering needs at least {fewest_rows} queries and got {len(vectors)}; "
            "add queries, or lower the sizes in the [clustering] table"
        )
    damaged = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if damaged.size:
        raise BuildError(
            f"{damaged.size} of {len(vectors)} vectors hold NaN or infinity, the first in row "
            f"{damaged[0]}; leave these queries out before clustering"
        )
