"""The curve on the sums of terms: what is easy for all, or too hard for all, loses little.

A sum of terms cannot say that the frontier gains most in between. So both models' scores are
estimated too, and a model's loss is regressed on its estimate, on the expected mean score of the
model and the frontier, on the square of that and on the product of both (docs/estimates.md).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import Numbers, placed
from semroute.estimator.estimating import LossEstimator
from semroute.estimator.rows import FitRows
from semroute.estimator.squared_error import SquaredError
from semroute.estimator.sums import SumOfTerms, half_by_scores
from semroute.features import FEATURES

SEEN = (0.005, 0.995)
"""Quantiles of the expected mean scores beyond which the curve goes on flat: nothing was seen."""

FEWEST_SCORES = 200
"""On the same queries, of a model, the frontier and the model known best, to learn a curve from."""


def with_curve(
    estimator: LossEstimator,
    direct: SumOfTerms,
    frontier: SumOfTerms,
    model: SumOfTerms,
    rows: FitRows,
    learned: NDArray[np.intp],
    well: NDArray[np.bool_],
) -> tuple[LossEstimator, SumOfTerms]:
    """Add the curve, and return the losses' estimate that it is of, if both together do better.

    Better are the estimates of held-out folds; if they are not, all is returned as it was given.

    Args:
        estimator: without a head.
        direct: what losses are estimated at, by model.
        frontier: the frontier's score on the queries where a model's loss is known.
        model: that of the model.
        rows: those learned from.
        learned: columns of the models that are known at all.
        well: which of them are known well. Those get a curve that are known on enough of the
            queries of the one known best, which say what the frontier scores; others stay sums.
    """
    losses = rows.losses[:, learned[well]]
    best = int(np.argmax(np.isfinite(losses).sum(axis=0)))
    sums = half_by_scores(direct, frontier, model)
    score = frontier.out_of_fold[:, best]
    bent = _known_with(score, sums.out_of_fold)
    of_bent = [table[:, bent] for table in (sums.out_of_fold, losses, direct.out_of_fold)]
    curve = _useful_curve(rows, score, *of_bent) if bent.size else None
    if curve is None:
        return estimator, direct
    whole = placed(estimator.curve, curve, learned[well][bent])
    with_score = _with_score(estimator, frontier, int(np.flatnonzero(well)[best]))
    return replace(with_score, curve=whole), sums


def _known_with(score: Numbers, sums: Numbers) -> NDArray[np.intp]:
    """Return which models' `sums` are known on enough of the queries on which `score` is."""
    n_known = (np.isfinite(sums) & np.isfinite(score)[:, None]).sum(axis=0)
    return np.flatnonzero(n_known >= FEWEST_SCORES)


def _useful_curve(
    rows: FitRows, score: Numbers, sums: Numbers, losses: Numbers, direct: Numbers
) -> Numbers | None:
    """Return the curve, shape (7, n_models), if it does better on held-out folds than `direct`.

    `score` (n,), `sums` and `direct` (n, n_models) are estimates of held-out folds.
    """
    ease = score[:, None] - 0.5 * sums
    seen = np.nanquantile(ease, SEEN, axis=0)
    tried = np.full_like(sums, np.nan)
    for held_out in rows.each_fold():
        # Regressed uncut: where ease goes by the sum alone, the few cut rows would make the curve.
        curve = _curve(sums[~held_out], ease[~held_out], losses[~held_out])
        tried[held_out] = _bent(sums[held_out], np.clip(ease[held_out], *seen), curve)
    if not _is_better(tried, direct, SquaredError(losses)):
        return None
    return np.concatenate([_curve(sums, ease, losses), seen])


def _with_score(estimator: LossEstimator, scores: SumOfTerms, column: int) -> LossEstimator:
    """Add what the frontier is expected to score."""
    text, pairs = np.split(scores.weights("text")[:, column], [len(FEATURES)])
    words = [name for name in ("wording", "hidden") if name in scores.by_column]
    level = (1 - scores.share) * scores.intercept[column]
    return replace(
        estimator,
        score_topic=scores.weights("topic")[:, column] + level,
        score_wording=np.concatenate([scores.weights(name)[:, column] for name in words]),
        score_text=text,
        score_products=pairs,
    )


def _columns(predicted: Numbers, ease: Numbers) -> Numbers:
    ones = np.ones_like(predicted)
    return np.stack([ones, predicted, ease, ease**2, predicted * ease], axis=1)


def _curve(predicted: Numbers, ease: Numbers, losses: Numbers) -> Numbers:
    """Regress each model's losses by least squares; shape (5, n_models)."""
    found = []
    for column in range(losses.shape[1]):
        columns = _columns(predicted[:, column], ease[:, column])
        known = np.isfinite(columns).all(axis=1) & np.isfinite(losses[:, column])
        found.append(np.linalg.lstsq(columns[known], losses[known, column], rcond=None)[0])
    return np.stack(found, axis=1)


def _bent(predicted: Numbers, ease: Numbers, curve: Numbers) -> Numbers:
    every = range(predicted.shape[1])
    return np.stack([_columns(predicted[:, c], ease[:, c]) @ curve[:, c] for c in every], axis=1)


def _is_better(tried: Numbers, direct: Numbers, error: SquaredError) -> bool:
    both = np.isfinite(tried) & np.isfinite(direct)
    errors = [error.per_row(np.where(both, one, np.nan)).mean() for one in (tried, direct)]
    return bool(errors[0] < errors[1])
