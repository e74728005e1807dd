import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from semroute.vectors import SMALLEST_NORM, unit_parts, unit_rows, usable_parts, usable_rows

any_rows = st_numpy.arrays(
    st.sampled_from([np.float32, np.float64]),
    st.tuples(st.integers(0, 8), st.integers(1, 6)),
)


@given(any_rows)
def test_every_row_comes_back_as_a_unit_row_or_as_nan(rows: np.ndarray) -> None:
    scaled = unit_rows(rows)
    assert scaled.shape == rows.shape
    assert scaled.dtype == np.float32
    lost = np.isnan(scaled).all(axis=1)
    assert (usable_rows(scaled) == ~lost).all()


@given(
    st_numpy.arrays(np.float64, (4, 3), elements=st.floats(-1e6, 1e6)),
    st.floats(1e-3, 1e3),
)
def test_direction_is_kept_whatever_the_length(rows: np.ndarray, factor: float) -> None:
    norms = np.linalg.norm(rows, axis=1)
    long_enough = norms * min(factor, 1.0) > 2 * SMALLEST_NORM
    expected = rows[long_enough] / norms[long_enough, None]
    np.testing.assert_allclose(unit_rows(rows * factor)[long_enough], expected, atol=1e-6)


@pytest.mark.parametrize(
    "row", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [1e-7, 0.0], [-np.inf, np.nan]]
)
def test_a_row_without_a_direction_becomes_nan_and_leaves_the_others(row: list[float]) -> None:
    scaled = unit_rows(np.array([[3.0, 4.0], row, [0.0, -2.0]]))
    assert np.isnan(scaled[1]).all()
    np.testing.assert_allclose(scaled[[0, 2]], [[0.6, 0.8], [0.0, -1.0]], atol=1e-7)


@given(any_rows)
def test_usable_rows_are_the_finite_ones_of_length_one(rows: np.ndarray) -> None:
    usable = usable_rows(rows)
    assert usable.shape == (len(rows),)
    for row, verdict in zip(rows.astype(np.longdouble), usable, strict=True):
        length = np.sqrt((row * row).sum()) if np.isfinite(row).all() else np.nan
        if not abs(abs(length - 1.0) - 1e-3) < 1e-6:
            assert verdict == (abs(length - 1.0) <= 1e-3)


def test_rows_a_little_off_are_usable_and_others_are_not() -> None:
    rows = np.array([[1.0005, 0.0], [1.01, 0.0], [0.9, 0.0], [np.nan, 1.0], [np.inf, 0.0]])
    assert usable_rows(rows).tolist() == [True, False, False, False, False]


@given(any_rows, st.integers(1, 6))
def test_both_parts_of_a_row_come_back_as_unit_rows_or_the_row_as_nan(
    rows: np.ndarray, dimension: int
) -> None:
    scaled = unit_parts(rows, dimension)
    assert scaled.shape == rows.shape
    assert scaled.dtype == np.float32
    parts = [unit_rows(part) for part in np.split(rows, [dimension], axis=1) if part.shape[1]]
    lost = np.any([np.isnan(part).any(axis=1) for part in parts], axis=0)
    expected = np.concatenate(parts, axis=1)
    np.testing.assert_array_equal(scaled[~lost], expected[~lost])
    assert np.isnan(scaled[lost]).all()
    assert (usable_parts(scaled, dimension) == ~lost).all()


def test_a_row_is_usable_only_if_both_parts_are() -> None:
    rows = np.array([[1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0], [0.6, 0.8, 0.8, 0.6]])
    assert usable_parts(rows, 2).tolist() == [True, False, False, True]
    assert usable_parts(rows[:, :2], 2).tolist() == [True, True, False, True]
