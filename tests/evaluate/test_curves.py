"""Curves by hand, and against a brute-force walk over every ordering of ties."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.evaluate.curves import (
    apgr,
    call_performance_threshold,
    quality_curve,
    saved_at,
    share_needed,
)

CHEAP = np.array([0.0, 1.0, 0.0, 1.0])
FRONTIER = np.ones(4)


def test_the_ideal_order_by_hand() -> None:
    curve = quality_curve(np.array([3.0, 1.0, 2.0, 0.0]), CHEAP, FRONTIER)
    assert curve.mean_score.tolist() == [0.5, 0.75, 1.0, 1.0, 1.0]
    # Trapezoids of width 1/4: 0.625, 0.875, 1, 1; less the weak 0.5, over the gap 0.5.
    assert apgr(curve) == pytest.approx((0.875 - 0.5) / 0.5)
    assert call_performance_threshold(curve, 0.5) == pytest.approx(0.25)
    assert call_performance_threshold(curve, 0.8) == pytest.approx(0.4)
    assert share_needed(curve, 0.95) == pytest.approx(0.45)
    assert saved_at(curve, 0.95, 1.0, 10.0) == pytest.approx(1 - (4.5 + 0.55) / 10)


def test_one_estimate_for_all_is_random() -> None:
    assert apgr(quality_curve(np.zeros(4), CHEAP, FRONTIER)) == pytest.approx(0.5)


def test_infinite_gains_tie_like_any_other() -> None:
    gain = np.array([np.inf, 1.0, np.inf, 0.0])
    assert quality_curve(gain, CHEAP, FRONTIER).frontier_share.tolist() == [0, 0.5, 0.75, 1]


def test_a_score_never_reached_needs_every_call() -> None:
    assert share_needed(quality_curve(np.zeros(4), CHEAP, FRONTIER), 1.5) == 1.0
    assert share_needed(quality_curve(np.zeros(4), CHEAP, FRONTIER), 0.2) == 0.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=2, max_size=5))
def test_ties_count_as_the_mean_over_all_their_orders(rows: list[tuple[int, int]]) -> None:
    gain = np.array([float(g) for g, _ in rows])
    cheap = np.array([float(c) for _, c in rows])
    frontier = np.ones(len(rows))
    if (cheap == 1).all():
        return
    areas = []
    for order in permutations(range(len(rows))):
        if any(gain[a] < gain[b] for a, b in pairwise(order)):
            continue
        scores = [cheap.mean()]
        for row in order:
            scores.append(scores[-1] + (1 - cheap[row]) / len(rows))
        areas.append(np.trapezoid(scores, dx=1 / len(rows)))
    curve = quality_curve(gain, cheap, frontier)
    assert np.trapezoid(curve.mean_score, curve.frontier_share) == pytest.approx(np.mean(areas))
