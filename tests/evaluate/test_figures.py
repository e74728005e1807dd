"""The figures of the curve, on sets where some models were never scored."""

import numpy as np

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
