"""Weights of neighbours and shrunk means, against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.estimator.blending import blended, neighbour_weights, shrunk_means


def test_weights_are_a_softmax_of_the_nearest() -> None:
    weights = neighbour_weights(np.array([[0.9, 0.8, 0.1]]), 2, 10.0)
    assert weights[0] == pytest.approx(np.array([np.e, 1.0]) / (np.e + 1.0))


def test_a_row_of_nan_stays_nan() -> None:
    assert np.isnan(neighbour_weights(np.full((1, 3), np.nan), 2, 10.0)).all()


@given(st.integers(0, 2**32 - 1), st.floats(0, 100))
def test_shrunk_means_are_those_of_a_plain_loop(seed: int, pseudo_rows: float) -> None:
    random = np.random.default_rng(seed)
    values = random.uniform(-1, 1, (30, 2))
    values[random.uniform(size=values.shape) < 0.3] = np.nan
    ids = np.concatenate([[0, 1, 2], random.integers(0, 3, 27)])
    values[:3] = 0.25
    found = shrunk_means(values, ids, 3, pseudo_rows)
    for cluster in range(3):
        for column in range(2):
            cells = values[ids == cluster, column]
            known = cells[~np.isnan(cells)]
            total = known.sum() + pseudo_rows * np.nanmean(values[:, column])
            assert found[cluster, column] == pytest.approx(total / (len(known) + pseudo_rows))


def test_a_column_without_any_value_gives_zero() -> None:
    assert (shrunk_means(np.full((4, 1), np.nan), np.zeros(4, np.int64), 2, 5.0) == 0).all()


def test_blending_weighs_the_rows_of_the_nearest() -> None:
    table = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    found = blended(np.array([[0.25, 0.75]]), np.array([[2, 0, 1]]), table)
    assert found.tolist() == [[1.5, 15.0]]
