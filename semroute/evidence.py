"""Evidence: what the evaluation data says of each cluster and model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """What was measured, as arrays of shape (n_clusters, n_models); NaN where nothing was.

    Loss is the frontier's score minus the model's, on queries scored with both; positive means
    that the model is worse. It is 0 for the frontier itself. `mean_cost_usd` comes from measured
    costs where there are any, else from the price.
    """

    models: tuple[str, ...]
    frontier: str
    n_scored: Counts
    mean_score: Numbers
    n_paired: Counts
    mean_loss: Numbers
    loss_variance: Numbers
    mean_cost_usd: Numbers


@dataclass(frozen=True)
class LossEstimate:
    """Estimated loss per cluster and model, shape (n_clusters, n_models).

    `expected_loss` is shrunk towards the model's loss over all clusters; `upper_bound` is its
    one-sided upper confidence bound. Both are NaN where a model was never scored beside the
    frontier, and 0 for the frontier.
    """

    expected_loss: Numbers
    upper_bound: Numbers
