"""semroute: send each LLM request to the cheapest model your own evaluation data defends.

>>> from semroute import SemanticRouter
>>> router = SemanticRouter.load("clusters/")            # doctest: +SKIP
>>> router.route("where is my order?").model             # doctest: +SKIP
'small-model'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semroute.config import Config
    from semroute.decision import Candidate, Neighbour, RouteDecision
    from semroute.errors import SemrouteError
    from semroute.router import SemanticRouter

__all__ = [
    "Candidate",
    "Config",
    "Neighbour",
    "RouteDecision",
    "SemanticRouter",
    "SemrouteError",
    "__version__",
]

__version__ = "0.1.0"

_HOMES = {
    "Candidate": "semroute.decision",
    "Config": "semroute.config",
    "Neighbour": "semroute.decision",
    "RouteDecision": "semroute.decision",
    "SemanticRouter": "semroute.router",
    "SemrouteError": "semroute.errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import semroute` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'semroute' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
