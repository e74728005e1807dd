"""The decisions of the texts asked last."""

import hashlib
from collections import OrderedDict
from contextlib import suppress

from semroute.decision import RouteDecision
from semroute.router.arguments import check_count
from semroute.texts import CleanText

Key = tuple[bytes, bool, int]
"""What a decision depends on: a digest of the cleaned text, whether it was cut, its characters.

The digest is that of an extract of its template too.
"""


class DecisionCache:
    """Keeps at most `n_most` decisions and forgets the one asked for least recently.

    Safe to share between threads, and to use in a child made by `fork`: it needs no lock, which
    another thread might hold at the time of the fork, because each call on the dict is atomic.

    Raises:
        TypeError, ValueError: `n_most` is not a whole number of at least 0.
    """

    def __init__(self, n_most: int) -> None:
        check_count("n_cached", n_most, 0)
        self._n_most = n_most
        self._decisions: OrderedDict[Key, RouteDecision] = OrderedDict()

    def key_of(self, cleaned: CleanText, n_chars: int) -> Key | None:
        """Return the key of a request, None if nothing is kept; no text can be told from it."""
        if not self._n_most:
            return None
        # Cleaned texts hold no NUL.
        content = f"{cleaned.template or ''}\0{cleaned.text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, digest_size=16).digest(), cleaned.truncated, n_chars

    def get(self, key: Key) -> RouteDecision | None:
        """Return the decision kept under `key`, None if there is none."""
        decision = self._decisions.get(key)
        if decision is not None:
            with suppress(KeyError):  # another thread has just put it out
                self._decisions.move_to_end(key)
        return decision

    def put(self, key: Key, decision: RouteDecision) -> None:
        """Keep a decision; if that is one too many, the least recently used goes."""
        self._decisions[key] = decision
        while len(self._decisions) > self._n_most:
            with suppress(KeyError):  # another thread has just emptied it
                self._decisions.popitem(last=False)
