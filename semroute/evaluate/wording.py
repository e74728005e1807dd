"""Figures with their intervals, in the same words and decimals wherever people read them."""

from collections.abc import Callable
from dataclasses import dataclass

from semroute.evaluate.costs import per_thousand
from semroute.evaluate.paired import Interval


@dataclass(frozen=True)
class Told:
    """An estimate and its interval without signs; `word` says which side of 0 the estimate is on.

    An interval with both sides of 0 in it says so of each end: "0.002 gained to 0.015 lost".
    """

    value: str
    interval: str
    word: str

    def __str__(self) -> str:
        return f"{self.value} ({self.interval})"

    @property
    def with_word(self) -> str:
        """The estimate with its word, then the interval: "0.007 more (0.002 to 0.015)"."""
        return f"{self.value} {self.word} ({self.interval})"


def lost(loss: Interval, digits: int = 3) -> Told:
    """Tell a mean score lost, or gained.

    >>> str(lost(Interval(0.007, -0.002, 0.015))), lost(Interval(-0.1, -0.2, -0.05)).word
    ('0.007 (0.002 gained to 0.015 lost)', 'gained')
    """
    return _told(loss, lambda value: f"{value:.{digits}f}", "gained", "lost")


def saved(saving: Interval) -> Told:
    """Tell a share of the frontier's cost saved, or added.

    >>> str(saved(Interval(0.235, 0.217, 0.252)))
    '23.5% (21.7% to 25.2%)'
    """
    return _told(saving, lambda value: f"{value:.1%}", "added", "saved")


def saved_per_thousand(saved_usd: Interval) -> Told:
    """Tell what a thousand requests save, or add; `saved_usd` is US dollars of one."""
    return _told(saved_usd, per_thousand, "added", "saved")


def more(gain: Interval) -> Told:
    """Tell by how much more, or less, the router scores than another.

    >>> more(Interval(-0.003, -0.042, 0.036)).with_word
    '0.003 less (0.036 more to 0.042 less)'
    """
    return _told(gain, lambda value: f"{value:.3f}", "less", "more")


def _told(one: Interval, write: Callable[[float], str], below: str, above: str) -> Told:
    def is_nothing(value: float) -> bool:
        return write(abs(value)) == write(0.0)

    is_below = one.value < 0 and not is_nothing(one.value)
    word, other = (below, above) if is_below else (above, below)
    ends = (one.high, one.low) if is_below else (one.low, one.high)
    # What is rounded to nothing is on either side.
    words = [word if is_nothing(end) or (end < 0) == is_below else other for end in ends]
    written = [write(abs(end)) for end in ends]
    if other in words:
        written = [f"{end} {side}" for end, side in zip(written, words, strict=True)]
    return Told(write(abs(one.value)), " to ".join(written), word)
