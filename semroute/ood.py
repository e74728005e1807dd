"""Out of distribution: when a text is unlike anything in the log.

A rule is a frozen class with the members of `OODRule`: `calibrate` sets it from known traffic, the
others apply it. To add one, write its class here and add it to `OODRules`; the contract tests find
it there. What an index keeps of its rule is `OODRecord`, whose `rule` the policy applies.
"""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from semroute.errors import BuildError

ALWAYS_UNKNOWN = 2.0
"""A threshold above every similarity: with no known traffic to go by, every text is unknown."""


class OODRule(Protocol):
    """Decides from a text's similarity to its nearest centroid whether the text is known."""

    @classmethod
    def calibrate(cls, similarities: NDArray[Any], max_false_fallback: float) -> Self:
        """Set the rule so that known traffic is called unknown at most that often."""
        ...

    def is_unknown(self, similarities: NDArray[Any]) -> NDArray[np.bool_]:
        """Say which are unknown; shape and order of `similarities`. NaN is unknown."""
        ...

    def is_unknown_one(self, similarity: float) -> bool:
        """Say the same of one text; what serves calls this."""
        ...


@dataclass(frozen=True)
class SimilarityThreshold:
    """A text is unknown if its similarity to the nearest centroid is below `threshold`."""

    threshold: float

    @classmethod
    def calibrate(cls, similarities: NDArray[Any], max_false_fallback: float) -> Self:
        """See `calibrate_threshold`."""
        return cls(calibrate_threshold(similarities, max_false_fallback))

    def is_unknown(self, similarities: NDArray[Any]) -> NDArray[np.bool_]:
        """Say which are unknown; shape and order of `similarities`. NaN is unknown."""
        # Not `<`, which is False for NaN; wide, or the threshold would be rounded to their type.
        return np.asarray(~(np.asarray(similarities, dtype=np.float64) >= self.threshold))

    def is_unknown_one(self, similarity: float) -> bool:
        """Say the same of one text, without numpy."""
        return not similarity >= self.threshold


OODRules = SimilarityThreshold
"""Every rule there is, joined by `|`."""


def calibrate_threshold(similarities: NDArray[Any], max_false_fallback: float) -> float:
    """Return the similarity below which a text is unknown.

    Split conformal prediction: of n similarities sorted upwards, the threshold is number
    r = max(1, floor(max_false_fallback * (n + 1))). If new traffic is exchangeable with these, it
    falls strictly below with probability at most r / (n + 1). That is at most `max_false_fallback`
    once n >= 1 / max_false_fallback - 1 (49 rows at 0.02). With fewer rows the threshold is the
    lowest similarity seen and the probability at most 1 / (n + 1): more known traffic falls back
    than asked for, never less unknown traffic. With no row it is `ALWAYS_UNKNOWN`.

    Args:
        similarities: of held-out known traffic to its nearest centroid, shape (n,). They must not
            come from the queries the centroids were made of, which lie closer.
        max_false_fallback: between 0 and 1.

    Raises:
        BuildError: a similarity is not finite.

    Sources: Vovk, Gammerman and Shafer (2005), Algorithmic learning in a random world; Lei et al.
    (2018), Distribution-free predictive inference for regression.

    >>> calibrate_threshold(np.linspace(0.01, 0.99, 99), 0.02)
    0.02
    """
    known = np.sort(np.asarray(similarities))
    if not np.isfinite(known).all():
        raise BuildError("the OOD threshold needs finite similarities; some are NaN or infinite")
    if known.size == 0:
        return ALWAYS_UNKNOWN
    # The hair above keeps 0.02 * 50 = 1 from being rounded down to 0.
    rank = int(max_false_fallback * (known.size + 1) + 1e-9)
    return float(known[min(max(rank, 1), known.size) - 1])
