"""Answering requests from an index: which model, and why."""

from semroute.router.explain import Explanation
from semroute.router.routing import SemanticRouter

__all__ = ["Explanation", "SemanticRouter"]
