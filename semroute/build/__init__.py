"""Making an index from a query log and evaluation results."""

from semroute.build.pipeline import build_index
from semroute.build.summary import BuildSummary

__all__ = ["BuildSummary", "build_index"]
