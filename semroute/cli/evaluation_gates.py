"""The gates of `evaluate`: what a pipeline asks of an index before it goes on."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from semroute.cli.output import dollars

if TYPE_CHECKING:
    from semroute.evaluate import Evaluation

_ROUNDING = 1e-9
"""Means that are equal to what is asked may be rounded apart from it: 1 - 0.07 is below 0.93."""


@dataclass(frozen=True)
class Bars:
    """What is asked for, by option; None if that is not asked."""

    min_quality: float | None
    max_cost: float | None
    max_loss: float | None
    require_promise: bool


@dataclass(frozen=True)
class Gate:
    """A figure asked for by an option, and what was reached; None if that is unknown.

    `told` is the gate in one line, `missed` what to say if it was not met.
    """

    option: str
    asked: float | bool
    reached: float | bool | None
    met: bool
    told: str
    missed: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {k: v for k, v in asdict(self).items() if k not in ("told", "missed")}


def gates(found: "Evaluation", bars: Bars) -> list[Gate]:
    """Return the gates that were asked for."""
    return [*_on_figures(found, bars), *_on_the_promise(found, bars)]


def _on_figures(found: "Evaluation", bars: Bars) -> Iterator[Gate]:
    if (asked := bars.min_quality) is not None:
        score = None if found.router.score is None else found.router.score.value
        reached = "unknown" if score is None else f"{score:.4f}"
        missed = f"the mean score is {reached}, --min-quality asks for {asked:g}"
        met = score is not None and score >= asked - _ROUNDING
        yield _gate("--min-quality", asked, f"{asked:g}", score, reached, met, missed)
    if (asked := bars.max_cost) is not None:
        cost = found.router.cost_usd.value
        reached = dollars(cost)
        met = cost <= asked * (1 + _ROUNDING)
        missed = f"a request costs {reached}, --max-cost allows {dollars(asked)}"
        yield _gate("--max-cost", asked, dollars(asked), cost, reached, met, missed)
    if (asked := bars.max_loss) is not None:
        loss = None if found.router.loss is None else found.router.loss.value
        lost = "an unknown part" if loss is None else f"{loss:.4f}"
        missed = f"{lost} of the frontier's mean score is lost, --max-loss allows {asked:g}"
        met, reached = (
            loss is not None and loss <= asked + _ROUNDING,
            "unknown" if loss is None else lost,
        )
        yield _gate("--max-loss", asked, f"{asked:g}", loss, reached, met, missed)


def _on_the_promise(found: "Evaluation", bars: Bars) -> Iterator[Gate]:
    if bars.require_promise:
        promise = found.certificate
        reached = "the promise holds" if promise.holds else "nothing is promised"
        missed = f"--require-promise asks for a certificate that holds: {promise.sentence}"
        yield _gate("--require-promise", True, "", promise.holds, reached, promise.holds, missed)


def _gate(
    option: str,
    asked: float | bool,
    asked_in_words: str,
    reached: float | bool | None,
    reached_in_words: str,
    met: bool,
    missed: str,
) -> Gate:
    name = f"{option.removeprefix('--')} {asked_in_words}".rstrip()
    told = f"{name}: {reached_in_words}, {'met' if met else 'NOT met'}"
    return Gate(option, asked, reached, met, told, missed)
