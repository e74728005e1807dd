"""What each model is expected to lose against the frontier, and to cost, on one text.

    loss = blend_share * blend + (1 - blend_share) * head

The blend is the evidence of the nearest clusters, weighted by similarity. The head is a ridge
regression on the same weights, the embedding, the text features and their products: it sees
difficulty inside a topic. `docs/estimates.md` says what was tried and what it gained.
"""

from semroute.estimator.estimating import Estimates, LossEstimator, blank_estimator
from semroute.estimator.fitting import FitRows, fit_estimator
from semroute.estimator.parts import ClusterPart, LossParts, loss_parts

__all__ = [
    "ClusterPart",
    "Estimates",
    "FitRows",
    "LossEstimator",
    "LossParts",
    "blank_estimator",
    "fit_estimator",
    "loss_parts",
]
