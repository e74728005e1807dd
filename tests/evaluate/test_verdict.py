"""The sentences, and when the router is not worth having."""

import re
from dataclasses import replace
from typing import Any

import pytest

from semroute.evaluate import judge_decisions
from semroute.evaluate.paired import Interval
from semroute.evaluate.results import Evaluation
from semroute.evaluate.verdict import rivals, telling, verdict
from tests.evaluate.sets import decision, frozen_set
from tests.tiny_index import tiny_contents

MODELS, COSTS = ("large", "medium", "small"), (0.02, 0.004, 0.0005)


def _judged(chosen: list[str], scores: list[tuple[float, float, float]]) -> Evaluation:
    contents = tiny_contents()
    frozen = frozen_set(scores, COSTS, models=MODELS)
    decisions = [
        decision(model, (0.0, 0.1, 0.2), cluster_id=row % 2, costs_usd=COSTS, models=MODELS)
        for row, model in enumerate(chosen)
    ]
    vectors = contents.calibration.vectors[[0] * len(chosen)]
    return judge_decisions(contents, frozen, decisions, vectors)


def test_a_router_no_better_than_one_model_is_told_so() -> None:
    found = _judged(["large", "small"] * 40, [(1.0, 1.0, 1.0), (1.0, 1.0, 1.0)] * 40)
    assert "cannot be told apart from always using small" in found.verdict[1]
    assert "cannot be told apart from chance" in found.verdict[2]


def test_one_model_that_costs_no_more_and_does_better_is_named() -> None:
    found = _judged(["small", "large"] * 60, [(1.0, 1.0, 0.0), (1.0, 1.0, 1.0)] * 60)
    assert found.verdict[1].startswith(
        "Always using medium costs no more and scores 0.500 more (0.4"
    )
    assert found.verdict[1].endswith(") than the router.")


def test_a_model_that_scores_more_for_certain_is_named_before_one_that_may() -> None:
    found = _judged(["small", "large"] * 60, [(1.0, 1.0, 0.0), (1.0, 1.0, 1.0)] * 60)
    medium = next(one for one in found.strategies if one.name == "always medium")
    sure = replace(medium, router_gain=Interval(-0.2, -0.3, -0.1))
    unsure = replace(medium, name="always other", router_gain=Interval(0.0, -0.5, 0.5))
    for singles in ([sure, unsure], [unsure, sure]):
        told = verdict([found.router, *singles], "large", 120)
        assert told[1].startswith(
            "Always using medium costs no more and scores 0.200 more (0.100 to"
        )


@pytest.mark.parametrize(
    ("gain", "single", "mix"),
    [
        (Interval(0.1, -0.1, 0.3), "The router cannot be told apart", "Routing cannot be told"),
        (Interval(-0.1, -0.3, 0.1), "The router cannot be told apart", "Routing cannot be told"),
        (Interval(0.2, 0.1, 0.3), "No single model that costs as", "Routing earns its keep"),
        (Interval(-0.2, -0.3, -0.1), "Always using medium costs no", "Routing does worse than"),
    ],
)
def test_only_an_interval_without_nothing_decides_what_does_better(
    gain: Interval, single: str, mix: str
) -> None:
    found = _judged(["small", "large"] * 60, [(1.0, 1.0, 0.0), (1.0, 1.0, 1.0)] * 60)
    names = ("always medium", "random mix at the same cost")
    others = [replace(o, router_gain=gain) for o in found.strategies if o.name in names]
    told = verdict([found.router, *others], "large", 120)
    assert [told[1].startswith(single), told[2].startswith(mix)] == [True, True]
    assert ("build again" in told[-1]) == (gain.high < 0)


def test_what_is_saved_in_dollars_is_what_is_saved_of_the_frontiers_cost() -> None:
    found = _judged(["large", "small"] * 40, [(1.0, 1.0, 1.0)] * 80)
    saved = found.router.saved_usd
    assert saved.value == pytest.approx((0.02 - 0.0005) / 2)
    assert saved.low < saved.value < saved.high
    always = next(one for one in found.strategies if one.name == "always large").saved_usd
    assert (always.value, always.low, always.high) == (0.0, 0.0, 0.0)


def test_where_all_goes_to_the_frontier_that_is_all_there_is_to_say() -> None:
    found = _judged(["large"] * 60, [(1.0, 0.5, 0.0)] * 60)
    (only,) = found.verdict
    assert only.startswith("All 60 queries went to large: nothing was routed elsewhere")
    *_, possible, advice = verdict(found.strategies, "large", 60, is_frontier_alone=True)
    assert "`semroute evals plan`" in advice
    assert possible.startswith("All 60 queries")  # hindsight too finds nothing cheaper as good
    easy = _judged(["large"] * 60, [(1.0, 1.0, 0.0)] * 60).strategies
    *_, possible, advice = verdict(easy, "large", 60, is_frontier_alone=True)
    assert possible.startswith("With hindsight, the cheapest of the best models of each query wo")
    assert "save 80.0% (80.0% to 80.0%): no router can" in possible
    assert "always large" in [one.name for one in telling(easy)]
    # The random mix finds that the medium model does as well; all others are the frontier again.
    kinds = [one.kind for one in telling(easy) if one.kind not in ("single", "hindsight")]
    assert kinds == ["rule"]
    free = Interval(0.0, 0.0, 0.0)
    costless = [replace(one, cost_usd=free) for one in found.strategies]
    *_, advice = verdict(costless, "large", 60, is_frontier_alone=True)
    assert advice.startswith("No other model of the config costs less on these queries")
    assert found.against_promise.outcome in ("not tried", "unknown")
    elsewhere = _judged(["large"] * 59 + ["small"], [(1.0, 0.5, 0.0)] * 60)
    assert elsewhere.verdict[0].startswith("The router saves 1.6%")
    assert telling(elsewhere.strategies) == elsewhere.strategies


@pytest.mark.parametrize(("small", "word"), [(0.5, "lost"), (1.0, "gained")])
def test_a_loss_and_a_gain_against_the_frontier_are_both_told_as_positive_figures(
    small: float, word: str
) -> None:
    """Half of the queries cost 0.0005 instead of 0.02, and lose or gain a half."""
    kinds = [(0.5, 0.5, 0.5), (1.5 - small, 0.5, small)]
    told = re.fullmatch(
        r"The router saves (\S+)% .+ large costs, and (\S+) of mean score is (\w+) "
        r"\((\S+) to (\S+)\)\. The build told .+",
        _judged(["large", "small"] * 40, kinds * 40).verdict[0],
    )
    assert told
    assert (told[1], told[2], told[3]) == ("48.8", "0.250", word)
    assert 0.1 < float(told[4]) < 0.25 < float(told[5]) < 0.4


@pytest.mark.parametrize(
    ("told_saving", "ending"),
    [
        (0.25, "The build told 25.0% saved on its held-out queries, which the interval holds."),
        (0.268, "The build told 26.8% saved on its held-out queries, above the interval: other"),
        (0.1, "below the interval: other traffic, or the luck of which were held out."),
        (None, "is lost (0.000 to 0.000)."),
    ],
)
def test_what_the_build_told_stands_beside_what_is_saved(
    told_saving: float | None, ending: str
) -> None:
    found = _judged(["large", "small"] * 40, [(1.0, 1.0, 1.0)] * 80)
    router = replace(found.router, saving=Interval(0.24, 0.22, 0.26))
    strategies = (router, *found.strategies[1:])
    first = verdict(strategies, "large", 80, told_saving=told_saving)[0]
    assert "saves 24.0% (22.0% to 26.0%) of what large costs" in first
    assert ending in first


def test_what_costs_more_than_the_frontier_is_said_to_add() -> None:
    found = _judged(["large", "small"] * 40, [(1.0, 1.0, 1.0)] * 80)
    router = replace(found.router, saving=Interval(-0.2, -0.3, 0.1))
    first = verdict((router, *found.strategies[1:]), "large", 80)[0]
    assert first.startswith("The router adds 20.0% (10.0% saved to 30.0% added) to what large")


def test_a_router_that_knows_which_queries_are_easy_earns_its_keep() -> None:
    found = _judged(["large", "small"] * 60, [(1.0, 0.5, 0.0), (1.0, 1.0, 1.0)] * 60)
    assert found.router.loss is not None
    assert found.router.loss.value == 0.0
    assert found.router.saving.value == pytest.approx(1 - 0.0205 / 0.04)
    assert found.verdict[1].startswith("No single model that costs as little does as well")
    assert found.verdict[2].startswith("Routing earns its keep")


def test_a_handful_of_queries_is_said_to_be_too_few() -> None:
    few = _judged(["large", "small"] * 3, [(1.0, 1.0, 1.0)] * 6).verdict
    assert few[0] == "6 queries are too few to judge by: take the intervals for nothing."
    one = _judged(["small"], [(1.0, 1.0, 1.0)]).verdict
    assert one[0].startswith("1 query is too few")
    enough = _judged(["large", "small"] * 15, [(1.0, 1.0, 1.0)] * 30).verdict
    assert enough[0].startswith("The router saves")


def test_a_rule_that_does_as_well_is_named() -> None:
    found = _judged(["large", "small"] * 40, [(1.0, 1.0, 1.0), (1.0, 1.0, 1.0)] * 40)
    start = "At the same cost, the length and keywords rule cannot be told apart from the router"
    assert found.verdict[3].startswith(start)


@pytest.mark.parametrize(
    ("gain", "told"),
    [
        (Interval(-0.008, -0.022, 0.004), "which scores 0.008 less (0.004 more to 0.022 less)."),
        (Interval(0.002, -0.004, 0.022), "which scores 0.002 more (0.004 less to 0.022 more)."),
        (Interval(0.008, 0.001, 0.022), None),
    ],
)
def test_what_learned_as_much_at_the_same_cost_is_named(gain: Interval, told: str | None) -> None:
    found = _judged(["large", "small"] * 40, [(1.0, 0.5, 0.0), (1.0, 1.0, 1.0)] * 40)
    learned = replace(found.router, name="classifier", kind="learned", router_gain=gain)
    said = verdict([found.router, learned], "large", 80)[-1]
    assert (told is not None) == said.startswith("At the same cost, the classifier cannot be told")
    assert told is None or said.endswith(told)


@pytest.mark.parametrize(
    ("name", "kind", "spoken"),
    [
        ("classifier", "learned", "the classifier"),
        ("nearest neighbours (kNN)", "learned", "nearest neighbours (kNN)"),
        ("length and keywords", "rule", "the length and keywords rule"),
    ],
)
def test_rules_and_learners_are_named_as_in_a_sentence(name: str, kind: Any, spoken: str) -> None:
    found = _judged(["large", "small"] * 40, [(1.0, 0.5, 0.0), (1.0, 1.0, 1.0)] * 40)
    rival = replace(found.router, name=name, kind=kind, router_gain=Interval(0.0, -1.0, 1.0))
    said = verdict([found.router, rival], "large", 80)[-1]
    assert said.startswith(f"At the same cost, {spoken} cannot be told apart from the router")


def test_what_does_better_at_the_same_cost_is_named() -> None:
    sure = Interval(-0.034, -0.067, -0.005)
    unsure = Interval(-0.034, -0.067, 0.005)
    found = _judged(["large", "small"] * 40, [(1.0, 0.5, 0.0), (1.0, 1.0, 1.0)] * 40)
    assert not any("build again" in sentence for sentence in found.verdict)
    for gain, expected in ((sure, True), (unsure, False)):
        others = [
            replace(one, router_gain=gain) if one.kind in ("rule", "learned") else one
            for one in found.strategies
            if not one.name.startswith("random mix")
        ]
        told = verdict(others, "large", 30)
        assert sum("build again" in sentence for sentence in told) == expected
        assert ("build again" in told[-1]) == expected
        better = [sentence for sentence in told if sentence.endswith(") than the router.")]
        assert bool(better) == expected
        assert all("0.034 more (0.005 to 0.067) than the router" in one for one in better)
        assert any("cannot be told apart from the router" in one for one in told) != expected


@pytest.mark.parametrize("gain", [Interval(0.0, -1.0, 1.0), Interval(-0.2, -0.3, -0.1)])
def test_what_cannot_be_had_at_the_same_cost_is_no_rival(gain: Interval) -> None:
    """The cheapest that a learner can do may cost more than the router."""
    found = _judged(["large", "small"] * 40, [(1.0, 0.5, 0.0), (1.0, 1.0, 1.0)] * 40)
    cost = found.router.cost_usd.value * 1.01
    rival = replace(
        found.router,
        name="classifier",
        kind="learned",
        cost_usd=Interval(cost, cost, cost),
        router_gain=gain,
    )
    assert not any("classifier" in one for one in verdict([found.router, rival], "large", 80))
    assert rivals([found.router, rival]) == rivals([found.router])


def test_a_cheaper_model_without_scores_is_not_said_to_do_worse() -> None:
    found = _judged(["small", "large"] * 60, [(1.0, 1.0, 0.0), (1.0, 1.0, 1.0)] * 60)
    medium = next(one for one in found.strategies if one.name == "always medium")
    worse = replace(medium, router_gain=Interval(0.2, 0.1, 0.3))
    unknown = replace(medium, name="always small", router_gain=None)
    told = verdict([found.router, worse, unknown], "large", 120)[1]
    assert told.startswith(
        "No single model that costs as little does as well (small not judged for want of scores): "
        "against the best of them, medium, it scores 0.200 more"
    )
    told = verdict([found.router, worse], "large", 120)[1]
    assert told.startswith("No single model that costs as little does as well: against the best")


def test_a_router_worse_than_chance_is_told_so_once() -> None:
    """It sends to the small model just what only the large one can do."""
    found = _judged(["small", "large"] * 60, [(1.0, 0.5, 0.0), (1.0, 1.0, 1.0)] * 60)
    told = [sentence for sentence in found.verdict if "random mix" in sentence]
    assert len(told) == 1
    assert re.match(
        r"Routing does worse than chance: it scores 0\.\d+ less \(0\.\d+ to 0\.\d+\) than", told[0]
    )
    assert "build again with more evaluations" in found.verdict[-1]


def test_what_is_simpler_and_does_as_well_or_better_is_told_apart() -> None:
    found = _judged(["large", "small"] * 60, [(1.0, 0.5, 0.0), (1.0, 1.0, 1.0)] * 60)
    small = next(one for one in found.strategies if one.name == "always small")
    mix = next(one for one in found.strategies if one.name.startswith("random mix"))
    rule = next(one for one in found.strategies if one.name.startswith("length"))
    sure, unsure, worse = Interval(-0.2, -0.3, -0.1), Interval(0, -1, 1), Interval(0.2, 0.1, 0.3)
    dear = replace(small, name="always dear", cost_usd=Interval(1.0, 1.0, 1.0))
    sorted_out = rivals(
        [
            found.router,
            replace(small, router_gain=sure),
            replace(dear, router_gain=sure),
            replace(mix, router_gain=unsure),
            replace(rule, router_gain=worse),
            replace(rule, kind="hindsight", router_gain=unsure),
        ]
    )
    assert sorted_out.better == ("always using small",)
    assert sorted_out.equal == ("a random mix of single models",)


def test_what_nobody_scored_is_said_to_be_unknown() -> None:
    nan = float("nan")
    found = _judged(["small"] * 30, [(1.0, 1.0, nan)] * 30)
    assert "what it scores is not known" in found.verdict[0]
    assert (
        found.verdict[1] == "How it compares with single models that cost as little is not known."
    )
    assert found.n_missing == {"large": 0, "medium": 0, "small": 30}
    assert found.router.n_unscored == 30
    assert found.to_dict()["strategies"][0]["score"] is None


def test_the_quality_of_models_nobody_scored_is_unknown_and_not_zero() -> None:
    """At any price the router would use the small model, which has no score."""
    contents, nan = tiny_contents(), float("nan")
    frozen = frozen_set([(1.0, 0.5, nan)] * 30, COSTS, models=MODELS)
    decisions = [
        decision("small", (0.0, 0.1, -0.2), cluster_id=0, costs_usd=COSTS, models=MODELS)
    ] * 30
    vectors = contents.calibration.vectors[[0] * 30]
    found = judge_decisions(contents, frozen, decisions, vectors).figures
    assert found.aiq is None
    assert found.saved_at_95 is None
    assert found.aiq_single_models is not None
