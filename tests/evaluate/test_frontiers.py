"""Hulls, AIQ and savings against scipy and work by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from semroute.evaluate.frontiers import aiq, hull, saving_at

POINT = st.tuples(st.integers(1, 1000), st.integers(1, 1000))


@given(st.lists(POINT, min_size=3, max_size=20, unique=True))
def test_the_hull_is_the_upper_left_part_of_the_convex_hull(points: list[tuple[int, int]]) -> None:
    cost, score = (np.array(one, dtype=float) for one in zip(*points, strict=True))
    found = hull(cost, score)
    assert (np.diff(found.cost_usd) > 0).all()
    assert (np.diff(found.score) > 0).all()
    assert (np.interp(cost, found.cost_usd, found.score) >= score - 1e-9).all()
    with_null = np.vstack(
        [np.column_stack([cost, score]), [[0, 0], [2000, 0], [2000, score.max()]]]
    )
    oracle = {tuple(with_null[v]) for v in ConvexHull(with_null).vertices}
    assert oracle - {(2000.0, 0.0), (2000.0, score.max())} <= set(
        zip(found.cost_usd, found.score, strict=True)
    )


def test_aiq_by_hand() -> None:
    corners = hull(np.array([1.0, 3.0]), np.array([0.4, 0.8]))
    assert aiq(corners, 1.0, 3.0) == pytest.approx(0.6)
    assert aiq(corners, 1.0, 5.0) == pytest.approx((2 * 0.6 + 2 * 0.8) / 4)
    assert aiq(corners, 2.0, 2.0) is None


def test_saving_is_that_of_the_cheapest_point_that_is_good_enough() -> None:
    cost, score = np.array([10.0, 4.0, 1.0, 2.0]), np.array([1.0, 0.96, 0.5, np.nan])
    assert saving_at(cost, score, 0.95, (10.0, 1.0)) == pytest.approx(0.6)
    assert saving_at(cost, score, 0.99, (10.0, 1.0)) == 0.0
    assert saving_at(cost, score, 0.4, (0.0, 1.0)) == 0.0
    assert saving_at(cost, score * np.nan, 0.95, (10.0, 1.0)) is None


def test_saving_is_unknown_where_no_score_of_a_cheaper_point_is_known() -> None:
    cost, score = np.array([10.0, 4.0, 1.0]), np.array([1.0, np.nan, np.nan])
    assert saving_at(cost, score, 0.95, (10.0, 1.0)) is None
    assert saving_at(cost[:1], score[:1], 0.95, (10.0, 1.0)) == 0.0
    no_cheaper = np.array([10.0, 10.0 * (1 - 1e-12)])
    assert saving_at(no_cheaper, score[:2], 0.95, (10.0, 1.0)) == 0.0
