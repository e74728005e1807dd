"""A query on its way through the router."""

from typing import NamedTuple

from semroute.decision import Reason
from semroute.router.cache import Key


class Request(NamedTuple):
    """One query on its way: what it asks and what is embedded, or the reason why nothing is."""

    text: str
    embedded: str
    truncated: bool
    n_chars: int
    fallback: Reason | None = None
    key: Key | None = None


def unread_request(reason: Reason, n_chars: int, truncated: bool = False) -> Request:
    """Return a query of which nothing is looked up."""
    return Request("", "", truncated, n_chars, reason)
