"""What the figures come to, in plain sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from semroute.counted import are, counted
from semroute.evaluate.frozen import SMALL
from semroute.evaluate.paired import Interval
from semroute.evaluate.results import StrategyResult
from semroute.evaluate.wording import lost, more, saved

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
    return one.kind in ("single", "rule", "learned") and _costs_no_more(one, router)


def verdict(
    strategies: Sequence[StrategyResult],
    frontier: str,
    n_queries: int,
    *,
    is_frontier_alone: bool = False,
    told_saving: float | None = None,
) -> tuple[str, ...]:
    """Say what the router loses and saves, and whether something simpler does as well.

    Args:
        strategies: the router first.
        frontier: the name of the frontier model.
        n_queries: how many queries they were judged on.
        is_frontier_alone: nothing cheaper could be certified.
        told_saving: the share of cost saved that the build told of its held-out queries.
    """
    router, *rest = strategies

    def is_cheaper(one: StrategyResult) -> bool:
        return one.kind == "single" and not _costs_no_more(router, one)

    if sends_nothing_elsewhere(router):
        if not is_frontier_alone:
            return (_nothing_elsewhere(frontier, n_queries),)
        advice: tuple[str, ...] = (_NOTHING_CHEAPER,)
        if any(map(is_cheaper, rest)):
            advice = (*_possible(best_per_query(strategies)), _MORE_SCORES)
        return (_nothing_elsewhere(frontier, n_queries), *advice)
    singles = [one for one in rest if one.kind == "single"]
    mixes = [one for one in rest if one.name.startswith("random mix")]
    others = [one for one in rest if one.kind in ("rule", "learned") and one not in mixes]
    known = [one for one in others if one.router_gain and _costs_no_more(one, router)]
    better = [one for one in known if _gain(one).high < 0]
    return (
        *_too_few(n_queries),
        _against_frontier(router, frontier, told_saving),
        _against_singles(router, singles),
        *(_against_mix(mix) for mix in mixes),
        *(_against_equal(one) for one in known if _gain(one).holds_zero),
        *(_against_better(one) for one in better),
        *((_ADVICE,) if rivals(strategies).better else ()),
    )


def sends_nothing_elsewhere(router: StrategyResult) -> bool:
    """Say whether the frontier answered every query, so that nothing was at stake."""
    return router.frontier_share == 1


def best_per_query(strategies: Sequence[StrategyResult]) -> StrategyResult | None:
    """Return what hindsight does for each query, the last of its kind; None if it is not there."""
    hindsight = [one for one in strategies if one.kind == "hindsight"]
    return hindsight[-1] if hindsight else None


def telling(strategies: Sequence[StrategyResult]) -> tuple[StrategyResult, ...]:
    """Return what differs: where the router sends nothing elsewhere, it is "always" the frontier.

    So is then every rule and learner that sends nothing elsewhere for the same cost.
    """
    if not sends_nothing_elsewhere(strategies[0]):
        return tuple(strategies)
    others = ("single", "hindsight")
    return tuple(one for one in strategies if one.kind in others or one.frontier_share < 1)


def _possible(hindsight: StrategyResult | None) -> tuple[str, ...]:
    if hindsight is None or hindsight.saving.value <= 0:
        return ()
    told = (
        "With hindsight, the cheapest of the best models of each query would save "
        f"{saved(hindsight.saving)}: no router can, but it shows that there is something to save."
    )
    return (told,)


def _nothing_elsewhere(frontier: str, n_queries: int) -> str:
    queries = "The only query" if n_queries == 1 else f"All {n_queries:,} queries"
    return (
        f"{queries} went to {frontier}: nothing was routed elsewhere, so nothing "
        "was saved and nothing risked."
    )


def _too_few(n_queries: int) -> tuple[str, ...]:
    if n_queries >= SMALL:
        return ()
    queries = f"{counted(n_queries, 'query')} {are(n_queries)}"
    return (f"{queries} too few to judge by: take the intervals for nothing.",)


def _against_frontier(router: StrategyResult, frontier: str, told_saving: float | None) -> str:
    saving = saved(router.saving)
    cost = f"The router saves {saving} of what {frontier} costs"
    if saving.word == "added":
        cost = f"The router adds {saving} to what {frontier} costs"
    told = "" if told_saving is None else f" {_beside_build(told_saving, router.saving)}"
    if router.loss is None:
        return f"{cost}; what it scores is not known.{told}"
    loss = lost(router.loss)
    return f"{cost}, and {loss.value} of mean score is {loss.word} ({loss.interval}).{told}"


def _beside_build(told_saving: float, saving: Interval) -> str:
    """Hold what is saved here beside what the build told."""
    told = f"The build told {told_saving:.1%} saved on its held-out queries"
    if saving.low <= told_saving <= saving.high:
        return f"{told}, which the interval holds."
    side = "below" if told_saving < saving.low else "above"
    return f"{told}, {side} the interval: other traffic, or the luck of which were held out."


def _against_singles(router: StrategyResult, singles: Sequence[StrategyResult]) -> str:
    cheaper = [one for one in singles if _costs_no_more(one, router)]
    scored = [one for one in cheaper if one.router_gain]
    if not cheaper:
        return "No single model costs as little as the router."
    if not scored:
        return "How it compares with single models that cost as little is not known."
    # What scores more for certain first, however wide the interval of another.
    best = min(scored, key=lambda one: (_gain(one).high >= 0, _gain(one).low, one.cost_usd.value))
    gain, by = _gain(best), more(_gain(best))
    told = f"it scores {by.with_word}"
    if gain.low > 0:
        return (
            f"No single model that costs as little does as well{_but_for(cheaper, scored)}: "
            f"against the best of them, {best.name.removeprefix('always ')}, {told}."
        )
    if gain.high < 0:
        name = best.name.replace("always", "Always using", 1)
        return f"{name} costs no more and scores {by.value} more ({by.interval}) than the router."
    return (
        f"The router cannot be told apart from {best.name.replace('always', 'always using', 1)}, "
        f"which costs no more: {told}."
    )


def _but_for(cheaper: Sequence[StrategyResult], scored: Sequence[StrategyResult]) -> str:
    unknown = [one.name.removeprefix("always ") for one in cheaper if one not in scored]
    return f" ({' and '.join(unknown)} not judged for want of scores)" if unknown else ""


def _against_mix(mix: StrategyResult) -> str:
    if mix.router_gain is None:
        return "How it compares with a random mix of models at the same cost is not known."
    by = more(mix.router_gain)
    told = f"it scores {by.with_word} than a random mix of single models at the same cost"
    if mix.router_gain.high < 0:
        return f"Routing does worse than chance: {told}."
    found = "earns its keep" if mix.router_gain.low > 0 else "cannot be told apart from chance"
    return f"Routing {found}: {told}."


def _against_equal(rival: StrategyResult) -> str:
    return (
        f"At the same cost, {_spoken(rival)} cannot be told apart from the router, which scores "
        f"{more(_gain(rival)).with_word}."
    )


def _against_better(rival: StrategyResult) -> str:
    by = more(_gain(rival))
    told = f"scores {by.value} more ({by.interval}) than the router"
    return f"At the same cost, {_spoken(rival)} {told}."


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
