"""A query on its way through the router."""

from typing import NamedTuple

from semroute.decision import Reason
from semroute.router.cache import Key
from semroute.texts import CleanText


class Request(NamedTuple):
    """One query on its way: its text, or the reason why nothing is looked up; its characters."""

    cleaned: CleanText
    n_chars: int
    fallback: Reason | None = None
    key: Key | None = None


def unread_request(reason: Reason, n_chars: int, truncated: bool = False) -> Request:
    """Return a query of which nothing is looked up."""
    return Request(CleanText("", truncated), n_chars, reason)
