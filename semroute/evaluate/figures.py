"""Figures of the whole curve of a router, with bootstrap intervals."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.evaluate.curves import (
    QualityCurve,
    apgr,
    call_performance_threshold,
    quality_curve,
)
from semroute.evaluate.frontiers import aiq, hull, saving_at
from semroute.evaluate.frozen import Numbers
from semroute.evaluate.paired import Draws, Interval, PairedBootstrap, chosen_shares, interval
from semroute.evaluate.results import CurveFigures
from semroute.evaluate.tolerance import Expectations

N_RESAMPLES = 200
"""For figures that need a whole curve on each resample."""

N_PRICES = 60


def curve_figures(
    judge: PairedBootstrap, expected: Expectations, points: Sequence[Draws], cheapest: int
) -> CurveFigures:
    """Work out APGR, CPT, savings and AIQ.

    Args:
        judge: the frozen set and its resamples.
        expected: what the router expects of each model on each query.
        points: its figures at every tolerance, on `judge.first(N_RESAMPLES)`. AIQ is of
            RouterBench's family instead, whose prices rise until nothing but cost counts.
        cheapest: the column of the cheap model APGR and CPT compare with the frontier.
    """
    judge = judge.first(N_RESAMPLES)
    draws = _curve_draws(judge, expected, cheapest)
    costs, scores = _stacked(points)
    frontier = judge.frontier_cost_usd, judge.frontier_score

    def saved(kept: float) -> Interval | None:
        return _interval(
            [
                saving_at(costs[:, d], scores[:, d], kept, (frontier[0][d], frontier[1][d]))
                for d in range(costs.shape[1])
            ]
        )

    n, n_models = judge.frozen.scores.shape
    alone = [judge.draws(chosen_shares(np.full(n, m), n_models)) for m in range(n_models)]
    single_costs, single_scores = _stacked(alone)
    scored_costs = np.where(np.isfinite(single_scores), single_costs, np.inf)
    weighed = [judge.draws(chosen_shares(columns, n_models)) for columns in _weighed(expected)]
    weighed_costs, weighed_scores = _stacked(weighed)
    return CurveFigures(
        apgr=_of_curves(draws, apgr),
        cpt_50=_of_curves(draws, lambda curve: call_performance_threshold(curve, 0.5)),
        cpt_80=_of_curves(draws, lambda curve: call_performance_threshold(curve, 0.8)),
        saved_at_95=saved(0.95),
        saved_at_99=saved(0.99),
        aiq=_aiq(weighed_costs, weighed_scores, scored_costs, frontier[0]),
        aiq_single_models=_aiq(single_costs, single_scores, scored_costs, frontier[0]),
    )


def _stacked(points: Sequence[Draws]) -> tuple[Numbers, Numbers]:
    """Return costs and scores of points, shape (n_points, n_draws) each."""
    return np.array([p.cost_usd for p in points]), np.array([p.score for p in points])


def _weighed(expected: Expectations) -> list[NDArray[np.int64]]:
    """Return the choices at every price of a dollar, from quality at any cost to the cheapest."""
    costs = expected.traffic.costs_usd
    scale = 1 / max(float(costs[np.isfinite(costs)].max(initial=0.0)), 1e-12)
    prices = [0.0, *np.geomspace(1e-3, 1e3, N_PRICES) * scale]
    return [expected.weigh(price) for price in prices]


def _curve_draws(
    judge: PairedBootstrap, expected: Expectations, cheapest: int
) -> list[QualityCurve | None]:
    frozen = judge.frozen
    gain = expected.gain_of_frontier(cheapest)
    cheap, strong = frozen.scores[:, cheapest], frozen.scores[:, frozen.frontier_column]
    known = np.flatnonzero(np.isfinite(cheap) & np.isfinite(strong))
    curves: list[QualityCurve | None] = []
    for weights in judge.weights:
        rows = np.repeat(known, weights[known].astype(np.int64))
        curves.append(quality_curve(gain[rows], cheap[rows], strong[rows]) if len(rows) else None)
    return curves


def _of_curves(
    curves: Sequence[QualityCurve | None], figure: Callable[[QualityCurve], float]
) -> Interval | None:
    """Summarise a figure that means something only where the frontier is the better model."""
    found = [
        figure(curve) if curve is not None and curve.strong > curve.weak else np.nan
        for curve in curves
    ]
    return _interval(found)


def _interval(values: Sequence[float | None]) -> Interval | None:
    return interval(np.array([np.nan if value is None else value for value in values]))


def _aiq(
    costs: Numbers, scores: Numbers, scored_costs: Numbers, frontier_cost: Numbers
) -> Interval | None:
    """Summarise AIQ from the cheapest model with a score to the frontier."""
    heights = [
        aiq(hull(costs[:, d], scores[:, d]), float(scored_costs[:, d].min()), frontier_cost[d])
        if np.isfinite(scores[:, d]).any()
        else None
        for d in range(costs.shape[1])
    ]
    return _interval(heights)
