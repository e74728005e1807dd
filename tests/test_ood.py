import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.errors import BuildError
from semroute.ood import ALWAYS_UNKNOWN, SimilarityThreshold, calibrate_threshold

finite = st.floats(-1, 1, width=32)
shares = st.floats(0.001, 0.999)


@pytest.mark.parametrize(
    ("n", "max_false_fallback", "rank"),
    [
        (99, 0.02, 2),  # 0.02 * 100
        (98, 0.02, 1),  # 0.02 * 99 = 1.98, rounded down
        (49, 0.02, 1),  # 0.02 * 50: the fewest rows that keep the promise
        (48, 0.02, 1),  # too few: the lowest there is
        (1, 0.02, 1),
        (999, 0.05, 50),
        (9, 0.9, 9),
        (9, 0.999, 9),
    ],
)
def test_the_threshold_is_the_order_statistic_of_split_conformal_prediction(
    n: int, max_false_fallback: float, rank: int
) -> None:
    similarities = np.random.default_rng(0).permutation(np.linspace(0.1, 0.9, n))
    expected = np.linspace(0.1, 0.9, n)[rank - 1]
    assert calibrate_threshold(similarities, max_false_fallback) == expected


def test_new_traffic_falls_back_as_often_as_asked_on_average() -> None:
    generator = np.random.default_rng(1)
    shares = []
    for _ in range(4_000):
        similarities = generator.beta(8, 2, size=149)
        threshold = calibrate_threshold(similarities[:99], 0.05)
        shares.append(SimilarityThreshold(threshold).is_unknown(similarities[99:]).mean())
    # 5 of 100 by theory; the tolerance is four standard errors.
    assert np.mean(shares) == pytest.approx(0.05, abs=4 * np.std(shares) / np.sqrt(len(shares)))


@given(st.lists(finite, min_size=1, max_size=80), shares)
def test_of_the_calibration_rows_themselves_no_more_fall_back_than_asked(
    similarities: list[float], max_false_fallback: float
) -> None:
    rows = np.array(similarities, dtype=np.float32)
    threshold = calibrate_threshold(rows, max_false_fallback)
    assert (rows < threshold).mean() <= max_false_fallback


@given(st.lists(finite, min_size=1, max_size=80), shares, shares)
def test_allowing_more_false_fallbacks_never_lowers_the_threshold(
    similarities: list[float], one: float, other: float
) -> None:
    rows = np.array(similarities)
    low, high = sorted((one, other))
    assert calibrate_threshold(rows, low) <= calibrate_threshold(rows, high)


def test_without_known_traffic_every_text_is_unknown() -> None:
    assert calibrate_threshold(np.empty(0), 0.02) == ALWAYS_UNKNOWN
    assert SimilarityThreshold(ALWAYS_UNKNOWN).is_unknown(np.array([1.0])).all()


def test_equal_similarities_are_all_known() -> None:
    threshold = calibrate_threshold(np.full(200, 0.7, dtype=np.float32), 0.02)
    assert not SimilarityThreshold(threshold).is_unknown(np.full(5, 0.7, dtype=np.float32)).any()


def test_the_threshold_means_the_same_after_a_round_through_json() -> None:
    rows = np.random.default_rng(2).uniform(size=1_000).astype(np.float32)
    threshold = calibrate_threshold(rows, 0.02)
    read = json.loads(json.dumps(threshold))
    np.testing.assert_array_equal(rows < threshold, rows < read)
    assert (rows == read).sum() == 1


@pytest.mark.parametrize("damage", [np.nan, np.inf, -np.inf])
def test_similarities_that_are_not_finite_are_refused(damage: float) -> None:
    with pytest.raises(BuildError, match="finite similarities"):
        calibrate_threshold(np.array([0.5, damage, 0.7]), 0.02)
