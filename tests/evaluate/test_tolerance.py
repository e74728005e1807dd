"""From what decisions expect to choices at every tolerance."""

from dataclasses import replace

import numpy as np
import pytest

from semroute.evaluate.curves import apgr, call_performance_threshold, quality_curve
from semroute.evaluate.figures import N_RESAMPLES, curve_figures
from semroute.evaluate.paired import chosen_shares, resample
from semroute.evaluate.tolerance import expectations, tolerances
from semroute.policy import NO_OVERRIDE
from tests.evaluate.sets import decision, frozen_set, policy

FROZEN = frozen_set([[1.0, 1.0], [1.0, 0.0], [1.0, 0.5], [1.0, 0.0], [1.0, 1.0]])
DECISIONS = [
    decision("small", (0.0, 0.01)),
    decision("large", (0.0, 0.3), reason="insufficient_evidence"),
    decision("large", (0.0, None), reason="ood"),
    decision("small", (0.0, 0.9), reason="override", cluster_id=1),
    decision("large", (0.0, None), reason="encoder_error", cluster_id=None),
]

LABELLED = policy(overrides=(NO_OVERRIDE, 1))


def test_the_cheaper_model_answers_from_the_tolerance_its_loss_takes_and_the_rest_stays() -> None:
    expected = expectations(LABELLED, DECISIONS, FROZEN)
    # Nine tenths of a usual cost are saved.
    assert tolerances(expected) == pytest.approx([-np.inf, 0.01 / 0.9, 0.3 / 0.9, 1.0])
    assert expected.choose(-np.inf).tolist() == [0, 0, 0, 1, 0]
    assert expected.choose(0.02).tolist() == [1, 0, 0, 1, 0]
    assert expected.choose(0.34).tolist() == [1, 1, 0, 1, 0]


def test_no_label_and_no_tolerance_moves_a_query_of_new_words() -> None:
    """It is as similar to its cluster as a known one."""
    strange = replace(decision("large", (0.0, None), reason="ood", cluster_id=1), similarity=0.9)
    expected = expectations(LABELLED, [*DECISIONS[:4], strange], FROZEN)
    assert expected.choose(-np.inf)[4] == expected.choose(1.0)[4] == expected.weigh(1e6)[4] == 0
    assert expected.gain_of_frontier(cheap=1)[4] == np.inf


def test_every_tolerance_lets_another_query_go() -> None:
    losses = np.random.default_rng(0).uniform(-0.5, 1, size=50)
    frozen = frozen_set(np.ones((50, 2)))
    expected = expectations(policy(), [decision("large", (0.0, one)) for one in losses], frozen)
    assert [expected.choose(t).sum() for t in tolerances(expected)] == list(range(51))


def test_weighing_cost_goes_from_quality_to_thrift() -> None:
    expected = expectations(LABELLED, DECISIONS, FROZEN)
    assert expected.weigh(0.0).tolist() == [0, 0, 0, 1, 0]
    assert expected.weigh(1.0).tolist() == [1, 0, 0, 1, 0]
    assert expected.weigh(1e6).tolist() == [1, 1, 0, 1, 0]


def test_the_curves_figures_are_those_of_the_curve() -> None:
    rng = np.random.default_rng(0)
    gain = rng.uniform(size=300)
    scores = np.column_stack([np.ones(300), rng.uniform(size=300) < 1 - gain]).astype(float)
    frozen = frozen_set(scores)
    expected = expectations(policy(), [decision("large", (0.0, one)) for one in gain], frozen)
    judge = resample(frozen).first(N_RESAMPLES)
    points = [judge.draws(chosen_shares(expected.choose(t), 2)) for t in tolerances(expected)]
    found = curve_figures(judge, expected, points, cheapest=1)
    curve = quality_curve(gain, scores[:, 1], scores[:, 0])
    assert found.apgr is not None
    assert found.cpt_50 is not None
    assert found.apgr.value == pytest.approx(apgr(curve))
    assert found.apgr.low < found.apgr.value < found.apgr.high
    assert found.cpt_50.value == pytest.approx(call_performance_threshold(curve, 0.5))
    assert found.saved_at_95 is not None
    assert 0 < found.saved_at_95.value < 0.9


def test_gain_is_infinite_where_the_choice_is_fixed() -> None:
    gain = expectations(LABELLED, DECISIONS, FROZEN).gain_of_frontier(cheap=1)
    assert gain.tolist() == [0.01, 0.3, np.inf, -np.inf, np.inf]


def test_a_query_nothing_is_known_of_leaves_the_figures_of_the_others_alone() -> None:
    frozen = frozen_set([[1.0, 1.0]] * 19 + [[1.0, 0.0]])
    strange = decision("large", (0.0, None), reason="ood", costs_usd=(0.1, None))
    expected = expectations(policy(), [decision("small", (0.0, 0.0))] * 19 + [strange], frozen)
    judge = resample(frozen).first(N_RESAMPLES)
    points = [judge.draws(chosen_shares(expected.choose(t), 2)) for t in tolerances(expected)]
    found = curve_figures(judge, expected, points, cheapest=1)
    assert found.aiq is not None
    # The whole score costs 0.01 for 19 of 20 queries and 0.1 for one: 0.0145. By hand, from 0.01.
    corner = (0.0145 - 0.01) / 0.09
    at_cheapest = 0.01 / 0.0145
    assert found.aiq.value == pytest.approx(corner * (at_cheapest + 1) / 2 + 1 - corner)


def test_where_the_frontier_is_no_better_there_is_no_gap_to_recover() -> None:
    frozen = frozen_set([[0.5, 1.0]] * 20)
    expected = expectations(policy(), [decision("small", (0.0, -0.5))] * 20, frozen)
    judge = resample(frozen).first(N_RESAMPLES)
    points = [judge.draws(chosen_shares(expected.choose(t), 2)) for t in tolerances(expected)]
    found = curve_figures(judge, expected, points, cheapest=1)
    assert found.apgr is None
    assert found.cpt_80 is None
    assert found.saved_at_99 is not None
    assert found.saved_at_99.value == pytest.approx(0.9)
