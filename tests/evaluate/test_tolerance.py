"""From what decisions expect to choices at every tolerance."""

import numpy as np
import pytest

from semroute.evaluate.curves import apgr, call_performance_threshold, quality_curve
from semroute.evaluate.figures import N_RESAMPLES, curve_figures, gain_of_frontier
from semroute.evaluate.paired import chosen_shares, resample
from semroute.evaluate.tolerance import loss_table, tolerances
from tests.evaluate.sets import decision, frozen_set

FROZEN = frozen_set([[1.0, 1.0], [1.0, 0.0], [1.0, 0.5], [1.0, 0.0], [1.0, 1.0]])
DECISIONS = [
    decision("small", (0.0, 0.01)),
    decision("large", (0.0, 0.3), reason="insufficient_evidence"),
    decision("large", (0.0, None), reason="ood"),
    decision("small", (0.0, 0.9), reason="override"),
    decision("large", (0.0, None), reason="encoder_error", cluster_id=None),
]


def test_the_cheapest_model_within_the_tolerance_answers_and_the_rest_stays() -> None:
    table = loss_table(DECISIONS, FROZEN)
    assert tolerances(table).tolist() == [-np.inf, 0.0, 0.01, 0.3, 0.9]
    assert table.choose(-np.inf, 0).tolist() == [0, 0, 0, 1, 0]
    assert table.choose(0.02, 0).tolist() == [1, 0, 0, 1, 0]
    assert table.choose(0.3, 0).tolist() == [1, 1, 0, 1, 0]


def test_weighing_cost_goes_from_quality_to_thrift() -> None:
    table = loss_table(DECISIONS, FROZEN)
    assert table.weigh(0.0, 0).tolist() == [0, 0, 0, 1, 0]
    assert table.weigh(1.0, 0).tolist() == [1, 0, 0, 1, 0]
    assert table.weigh(1e6, 0).tolist() == [1, 1, 0, 1, 0]


def test_the_curves_figures_are_those_of_the_curve() -> None:
    rng = np.random.default_rng(0)
    gain = rng.uniform(size=300)
    scores = np.column_stack([np.ones(300), rng.uniform(size=300) < 1 - gain]).astype(float)
    frozen = frozen_set(scores)
    table = loss_table([decision("large", (0.0, one)) for one in gain], frozen)
    judge = resample(frozen).first(N_RESAMPLES)
    points = [judge.draws(chosen_shares(table.choose(t, 0), 2)) for t in tolerances(table)]
    found = curve_figures(judge, table, points, cheapest=1)
    curve = quality_curve(gain, scores[:, 1], scores[:, 0])
    assert found.apgr is not None
    assert found.cpt_50 is not None
    assert found.apgr.value == pytest.approx(apgr(curve))
    assert found.apgr.low < found.apgr.value < found.apgr.high
    assert found.cpt_50.value == pytest.approx(call_performance_threshold(curve, 0.5))
    assert found.saved_at_95 is not None
    assert 0 < found.saved_at_95.value < 0.9


def test_gain_is_infinite_where_the_choice_is_fixed() -> None:
    gain = gain_of_frontier(loss_table(DECISIONS, FROZEN), cheapest=1, frontier=0)
    assert gain.tolist() == [0.01, 0.3, np.inf, -np.inf, np.inf]


def test_where_the_frontier_is_no_better_there_is_no_gap_to_recover() -> None:
    frozen = frozen_set([[0.5, 1.0]] * 20)
    table = loss_table([decision("small", (0.0, -0.5))] * 20, frozen)
    judge = resample(frozen).first(N_RESAMPLES)
    points = [judge.draws(chosen_shares(table.choose(t, 0), 2)) for t in tolerances(table)]
    found = curve_figures(judge, table, points, cheapest=1)
    assert found.apgr is None
    assert found.cpt_80 is None
    assert found.saved_at_99 is not None
    assert found.saved_at_99.value == pytest.approx(0.9)
