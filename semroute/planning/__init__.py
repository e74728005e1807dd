"""Which scores to buy next, and what they are expected to buy."""

from semroute.planning.files import EvalPlan, plan_evals, refuse_filled_plan
from semroute.planning.scores import PlannedScore, Portion, ScoredLog, plan_scores, portions

__all__ = [
    "EvalPlan",
    "PlannedScore",
    "Portion",
    "ScoredLog",
    "plan_evals",
    "plan_scores",
    "portions",
    "refuse_filled_plan",
]
