"""What each model is expected to lose against the frontier, and to cost, on one text.

    sum = blend_share * blend + (1 - blend_share) * head

The blend is the evidence of the nearest clusters, weighted by similarity. The head is a ridge
regression on the same weights, the embedding, the text features and their products: it sees
difficulty inside a topic. The loss is a curve on the sum and on what the frontier is expected to
score, where held-out folds show that a curve helps; else it is the sum. `docs/estimates.md` says
what was tried and what it gained.
"""

from semroute.estimator.estimating import Estimates, LossEstimator, blank_estimator
from semroute.estimator.fitting import fit_estimator
from semroute.estimator.parts import ClusterPart, LossParts, loss_parts
from semroute.estimator.rows import FitRows

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
