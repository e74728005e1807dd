"""What the figures come to, in plain sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from semroute.evaluate.frozen import SMALL
from semroute.evaluate.paired import Interval
from semroute.evaluate.results import StrategyResult

_ADVICE = (
    "So look at the analysts' labels and the worst slices, or build again with more evaluations."
)
_MORE_SCORES = (
    "To save something, a build needs more scores of cheaper models: `semroute evals plan` lists "
    "those worth buying."
)
_NOTHING_CHEAPER = (
    "No other model of the config costs less on these queries, so nothing can be saved."
)


@dataclass(frozen=True)
class Rivals:
    """What is simpler than the router and costs no more, held against it.

    `equal` cannot be told apart from it, `better` scores more for certain; named as in a sentence.
    """

    equal: tuple[str, ...]
    better: tuple[str, ...]


def rivals(strategies: Sequence[StrategyResult]) -> Rivals:
    """Sort out what does as well as the router, or better; `strategies` begin with it."""
    router, *others = strategies
    known = [one for one in others if one.router_gain and _is_simpler(one, router)]
    return Rivals(
        equal=tuple(_spoken(one) for one in known if _gain(one).holds_zero),
        better=tuple(_spoken(one) for one in known if _gain(one).high < 0),
    )


def _is_simpler(one: StrategyResult, router: StrategyResult) -> bool:
    if one.kind == "single":
        return _costs_no_more(one, router)
    return one.kind in ("rule", "learned")


def verdict(
    strategies: Sequence[StrategyResult],
    frontier: str,
    n_queries: int,
    *,
    is_frontier_alone: bool = False,
) -> tuple[str, ...]:
    """Say what the router loses and saves, and whether something simpler does as well.

    Args:
        strategies: the router first.
        frontier: the name of the frontier model.
        n_queries: how many queries they were judged on.
        is_frontier_alone: nothing cheaper could be certified.
    """
    router, *rest = strategies

    def is_cheaper(one: StrategyResult) -> bool:
        return one.kind == "single" and not _costs_no_more(router, one)

    if sends_nothing_elsewhere(router):
        advice = _MORE_SCORES if any(map(is_cheaper, rest)) else _NOTHING_CHEAPER
        return (_nothing_elsewhere(frontier, n_queries), *((advice,) * is_frontier_alone))
    singles = [one for one in rest if one.kind == "single"]
    mixes = [one for one in rest if one.name.startswith("random mix")]
    others = [one for one in rest if one.kind in ("rule", "learned") and one not in mixes]
    known = [one for one in others if one.router_gain]
    better = [one for one in known if _gain(one).high < 0]
    return (
        *_too_few(n_queries),
        _against_frontier(router, frontier),
        _against_singles(router, singles),
        *(_against_mix(mix) for mix in mixes),
        *(_against_equal(one) for one in known if _gain(one).holds_zero),
        *(_against_better(one) for one in better),
        *((_ADVICE,) if rivals(strategies).better else ()),
    )


def sends_nothing_elsewhere(router: StrategyResult) -> bool:
    """Say whether the frontier answered every query, so that nothing was at stake."""
    return router.frontier_share == 1


def _nothing_elsewhere(frontier: str, n_queries: int) -> str:
    return (
        f"All {n_queries:,} queries went to {frontier}: nothing was routed elsewhere, so nothing "
        "was saved and nothing risked."
    )


def _too_few(n_queries: int) -> tuple[str, ...]:
    if n_queries >= SMALL:
        return ()
    return (f"{n_queries} queries are too few to judge by: take the intervals for nothing.",)


def _against_frontier(router: StrategyResult, frontier: str) -> str:
    saved = _percent(router.saving)
    if router.loss is None:
        return f"The router costs {saved} less than {frontier}; what it scores is not known."
    word = "less" if router.loss.value >= 0 else "more"
    sign = 1 if router.loss.value >= 0 else -1
    return (
        f"The router saves {saved} of what {frontier} costs and scores "
        f"{_points(router.loss, sign)} {word}."
    )


def _against_singles(router: StrategyResult, singles: Sequence[StrategyResult]) -> str:
    cheaper = [one for one in singles if _costs_no_more(one, router)]
    scored = [one for one in cheaper if one.router_gain]
    if not cheaper:
        return "No single model costs as little as the router."
    if not scored:
        return "How it compares with single models that cost as little is not known."
    # What scores more for certain first, however wide the interval of another.
    best = min(scored, key=lambda one: (_gain(one).high >= 0, _gain(one).low, one.cost_usd.value))
    gain, told = _gain(best), f"it scores {_points(_gain(best))} more"
    if gain.low > 0:
        return (
            f"No single model that costs as little does as well: against the best of them, "
            f"{best.name.removeprefix('always ')}, {told}."
        )
    if gain.high < 0:
        told = f"scores {_points(gain, -1)} more than the router"
        return f"{best.name.replace('always', 'Always using', 1)} costs no more and {told}."
    return (
        f"The router cannot be told apart from {best.name.replace('always', 'always using', 1)}, "
        f"which costs no more: {told}."
    )


def _against_mix(mix: StrategyResult) -> str:
    if mix.router_gain is None:
        return "How it compares with a random mix of models at the same cost is not known."
    than = "than a random mix of single models at the same cost"
    if mix.router_gain.high < 0:
        told = f"it scores {_points(mix.router_gain, -1)} less {than}"
        return f"Routing does worse than chance: {told}."
    found = "earns its keep" if mix.router_gain.low > 0 else "cannot be told apart from chance"
    return f"Routing {found}: it scores {_points(mix.router_gain)} more {than}."


def _against_equal(rival: StrategyResult) -> str:
    gain = _gain(rival)
    sign, word = (1, "more") if gain.value >= 0 else (-1, "less")
    return (
        f"At the same cost, {_spoken(rival)} cannot be told apart from the router, which scores "
        f"{_points(gain, sign)} {word}."
    )


def _against_better(rival: StrategyResult) -> str:
    told = _points(_gain(rival), -1)
    return f"At the same cost, {_spoken(rival)} scores {told} more than the router."


def _spoken(rival: StrategyResult) -> str:
    """Name what could have chosen as a sentence does: "the classifier"."""
    if rival.kind == "single":
        return rival.name.replace("always", "always using", 1)
    if rival.name.startswith("random mix"):
        return "a random mix of single models"
    words = rival.name if rival.name.endswith(")") else f"the {rival.name}"
    return f"{words} rule" if rival.kind == "rule" else words


def _costs_no_more(one: StrategyResult, router: StrategyResult) -> bool:
    return one.cost_usd.value <= router.cost_usd.value * (1 + 1e-9)


def _gain(one: StrategyResult) -> Interval:
    return one.router_gain or Interval(0.0, 0.0, 0.0)


def _points(value: Interval, sign: int = 1) -> str:
    low, high = sorted((sign * value.low, sign * value.high))
    return f"{sign * value.value:.3f} ({low:.3f} to {high:.3f})"


def _percent(value: Interval) -> str:
    return f"{value.value:.1%} ({value.low:.1%} to {value.high:.1%})"
