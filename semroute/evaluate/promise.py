"""What the build promised, and what was measured held against it, in plain sentences."""

from dataclasses import dataclass
from typing import Literal

from semroute.certificate import Certificate
from semroute.counted import are, counted
from semroute.evaluate.frozen import SMALL
from semroute.evaluate.paired import Interval
from semroute.evaluate.wording import lost

NO_CERTIFICATE = (
    "This index carries no certificate: what it loses on other traffic is not promised."
)

_ROUNDING = 1e-9
"""Means that are equal to what was promised may be rounded apart from it."""

Outcome = Literal["within", "interval above", "above", "not tried", "unknown"]


@dataclass(frozen=True)
class Promise:
    """The certificate of an index as an evaluation tells it.

    `holds` says whether `max_loss` is promised; `is_frontier_alone` whether that is so only because
    nothing cheaper could be certified and the frontier answers everything. Without a certificate
    `holds` is False and the numbers are None. `upper_bound` is that of the held-out queries, and
    `saving` the share of the frontier's cost saved on them, as the build told.
    """

    holds: bool
    is_frontier_alone: bool
    sentence: str
    max_loss: float | None
    confidence: float | None
    upper_bound: float | None
    saving: float | None


@dataclass(frozen=True)
class Comparison:
    """The mean score lost on the frozen set beside the `max_loss` of the certificate.

    `outcome` is "within" if the whole interval of the loss is at most `max_loss`, "interval above"
    if the loss is and its interval is not, "above" if the loss is more, "not tried" if all queries
    went to the frontier, "unknown" if nobody can say. `is_broken`: the whole interval is above.
    """

    outcome: Outcome
    is_broken: bool
    sentence: str


def promise_of(certificate: Certificate | None) -> Promise:
    """Return what the certificate of an index promises; None promises nothing."""
    if certificate is None:
        return Promise(False, False, NO_CERTIFICATE, None, None, None, None)
    return Promise(
        holds=certificate.holds,
        is_frontier_alone=certificate.is_frontier_alone,
        sentence=certificate.sentence,
        max_loss=certificate.max_loss,
        confidence=certificate.confidence,
        upper_bound=certificate.upper_bound,
        saving=certificate.saving,
    )


def against_promise(
    promise: Promise, loss: Interval | None, n_queries: int, *, is_tried: bool = True
) -> Comparison:
    """Hold the mean score lost on `n_queries` against the loss that was promised.

    `is_tried` says whether any of them was sent elsewhere than to the frontier.
    """
    if promise.max_loss is None:
        return Comparison("unknown", False, "There is no promise to hold these queries against.")
    limit = f"the {promise.max_loss:g} {'promised' if promise.holds else 'asked for, not promised'}"
    if not is_tried:
        told = (
            f"Of {counted(n_queries, 'query')} none was sent elsewhere: that does not test {limit}."
        )
        return Comparison("not tried", False, told)
    if loss is None:
        told = f"What is lost on these queries is not known, so nothing can be said of {limit}."
        return Comparison("unknown", False, told)
    if n_queries < SMALL:
        told = f"{counted(n_queries, 'query')} {are(n_queries)} too few to hold against {limit}."
        return Comparison("unknown", False, told)
    most = promise.max_loss + _ROUNDING
    outcome, is_broken = _outcome(loss, most), loss.low > most
    change = lost(loss, _digits(loss, most))
    measured = f"Measured on these {n_queries:,} queries: mean score {change.word} {change}"
    return Comparison(outcome, is_broken, f"{measured}, {_held(outcome, is_broken, limit)}.")


def _outcome(loss: Interval, most: float) -> Outcome:
    if loss.value > most:
        return "above"
    return "interval above" if loss.high > most else "within"


def _held(outcome: Outcome, is_broken: bool, limit: str) -> str:
    if outcome == "within":
        return f"within {limit}"
    if outcome == "interval above":
        return f"within {limit}, but the interval goes above: more queries would tell"
    if is_broken:
        return f"above {limit}, and so is the whole interval"
    return f"above {limit}, though the interval reaches down to it: more queries would tell"


def _digits(loss: Interval, most: float) -> int:
    """Return 3, as everywhere, or 4 where 3 would hide which side of the promise a figure is on."""
    ends = (loss.value, loss.low, loss.high)
    return 3 if all((round(end, 3) > most) == (end > most) for end in ends) else 4


def notes_on(
    n_queries: int, n_left_out: int, n_same: int, certificate: Certificate | None = None
) -> tuple[str, ...]:
    """Say what to bear in mind of a set of `n_queries`, without those that were left out.

    Of `n_left_out` the build has seen `n_same` with the same words, the others nearly so. Models
    which the certificate of the index leaves out are named too.
    """
    sentence = certificate.left_out_sentence if certificate else None
    models = () if sentence is None else (f"{sentence}.",)
    if not n_left_out:
        return models
    were = "1 of them was" if n_left_out == 1 else f"{n_left_out:,} of them were"
    n_given = n_queries + n_left_out
    told = (
        f"{n_given:,} queries were given and {were} left out ({n_left_out / n_given:.1%} of the "
        f"file), because the build has seen them: {n_same:,} with the same words, "
        f"{n_left_out - n_same:,} nearly so. Frequent requests are the likeliest to be left "
        "out, so the rest is not the traffic: all figures are of requests that are new, not of all "
        "requests."
    )
    return (told, *models)
