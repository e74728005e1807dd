"""The figures of the curve, on sets where some models were never scored."""

import numpy as np
import pytest

from semroute.evaluate.figures import curve_figures
from semroute.evaluate.paired import chosen_shares, resample
from semroute.evaluate.results import CurveFigures
from semroute.evaluate.tolerance import expectations, tolerances
from tests.evaluate.sets import NAN, decision, frozen_set, policy


def _figures(
    scores: np.ndarray, costs_usd: tuple[float, ...], losses: tuple[float | None, ...]
) -> CurveFigures:
    models = ("large", "small", "never")[: len(costs_usd)]
    frozen = frozen_set(scores, costs_usd, models=models)
    judge = resample(frozen)
    decisions = [decision("small", losses, costs_usd=costs_usd, models=models) for _ in scores]
    expected = expectations(policy(tolerance=0.1, n_models=len(models)), decisions, frozen)
    points = [
        judge.first(200).draws(chosen_shares(expected.choose(one), len(models)))
        for one in tolerances(expected)
    ]
    return curve_figures(judge, expected, points, frozen.cheapest_column)


def test_a_cheap_model_nobody_scored_changes_no_figure() -> None:
    rng = np.random.default_rng(0)
    scores = (rng.uniform(size=(300, 2)) < (0.9, 0.8)).astype(float)
    without = _figures(scores, (0.1, 0.05), (0.0, 0.1))
    unscored = np.column_stack([scores, np.full(300, NAN)])
    beside = _figures(unscored, (0.1, 0.05, 0.0001), (0.0, 0.1, None))
    assert beside == without
    assert without.aiq is not None


def test_queries_without_both_scores_are_no_part_of_the_curve() -> None:
    """What the frontier gains is expected without an error; holes stand where it gains most."""
    rng = np.random.default_rng(1)
    scores = (rng.uniform(size=(200, 2)) < (0.9, 0.6)).astype(float)
    decisions = [decision("small", (0.0, large - small)) for large, small in scores]
    scores[np.flatnonzero(scores[:, 0] > scores[:, 1])[::2], 1] = NAN
    scores[:10, 0] = NAN
    known = scores[np.isfinite(scores).all(axis=1)]
    frozen = frozen_set(scores)
    expected = expectations(policy(tolerance=0.1), decisions, frozen)
    judge = resample(frozen)
    points = [judge.first(200).draws(chosen_shares(expected.choose(0.1), 2))]
    found = curve_figures(judge, expected, points, 1)
    # Sorted without an error the curve climbs by what is gained and falls by what is lost.
    gains = np.sort(known[:, 0] - known[:, 1])[::-1]
    heights = known[:, 1].mean() + np.concatenate([[0], np.cumsum(gains)]) / len(known)
    weak, strong = known[:, 1].mean(), known[:, 0].mean()
    area = (heights[1:] + heights[:-1]).mean() / 2
    assert found.apgr is not None
    assert found.apgr.value == pytest.approx((area - weak) / (strong - weak))
