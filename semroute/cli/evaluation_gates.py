"""The gates of `evaluate`: what a pipeline asks of an index before it goes on."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from semroute.cli.output import dollars, figure
from semroute.counted import counted

if TYPE_CHECKING:
    from semroute.evaluate import Evaluation
    from semroute.evaluate.paired import Interval

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

    `low` and `high` are the 95% interval of what was reached, None for what has none. `told` is the
    gate in one line, `missed` what to say if it was not met.
    """

    option: str
    asked: float | bool
    reached: float | bool | None
    low: float | None
    high: float | None
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
    router, n = found.router, found.n_queries
    if (asked := bars.min_quality) is not None:
        met = router.score is not None and router.score.value >= asked - _ROUNDING
        bar = _Bar("--min-quality", asked, f"{asked:g}", "asks for", n)
        yield _gate(bar, router.score, met, "the mean score is {}", lambda score: f"{score:.4f}")
    if (asked := bars.max_cost) is not None:
        met = router.cost_usd.value <= asked * (1 + _ROUNDING)
        bar = _Bar("--max-cost", asked, dollars(asked), "allows", n)
        yield _gate(bar, router.cost_usd, met, "a request costs {}", dollars)
    if (asked := bars.max_loss) is not None:
        met = router.loss is not None and router.loss.value <= asked + _ROUNDING
        bar = _Bar("--max-loss", asked, f"{asked:g}", "allows", n, "an unknown part")
        lost = "{} of the frontier's mean score is lost"
        yield _gate(bar, router.loss, met, lost, lambda loss: figure(loss, 4))


def _on_the_promise(found: "Evaluation", bars: Bars) -> Iterator[Gate]:
    if bars.require_promise:
        holds = found.certificate.holds
        reached = "the promise holds" if holds else "nothing is promised"
        told = f"require-promise: {reached}, {_met(holds)}"
        asks = "--require-promise asks for a certificate that holds"
        missed = f"{asks}: {found.certificate.sentence}"
        yield Gate("--require-promise", True, holds, None, None, holds, told, missed)


@dataclass(frozen=True)
class _Bar:
    """What an option asks for, in words too, and on how many queries it is held against."""

    option: str
    asked: float
    in_words: str
    verb: str
    n_queries: int
    unknown: str = "unknown"

    @property
    def name(self) -> str:
        return f"{self.option.removeprefix('--')} {self.in_words}"


def _gate(
    bar: _Bar, reached: "Interval | None", met: bool, sentence: str, write: Callable[[float], str]
) -> Gate:
    asks = f"{bar.option} {bar.verb} {bar.in_words}"
    if reached is None:
        told, missed = (
            f"{bar.name}: unknown, {_met(met)}",
            f"{sentence.format(bar.unknown)}, {asks}",
        )
        return Gate(bar.option, bar.asked, None, None, None, met, told, missed)
    low, high = reached.low, reached.high
    shown = f"{write(reached.value)} ({write(low)} to {write(high)})"
    unsure = ""
    if low <= bar.asked <= high and low < high:
        unsure = f", which {counted(bar.n_queries, 'query')} cannot tell from the bar"
    told = f"{bar.name}: {shown}{unsure}, {_met(met)}"
    missed = f"{sentence.format(shown)}{unsure}{':' if unsure else ','} {asks}"
    return Gate(bar.option, bar.asked, reached.value, low, high, met, told, missed)


def _met(met: bool) -> str:
    return "met" if met else "NOT met"
