"""Judging a router on queries it has not seen."""

from semroute.evaluate.evaluation import evaluate, judge_decisions
from semroute.evaluate.frozen import FrozenSet
from semroute.evaluate.results import Evaluation

__all__ = ["Evaluation", "FrozenSet", "evaluate", "judge_decisions"]
