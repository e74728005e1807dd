"""The curve on the sums of terms: what is easy for all, or too hard for all, loses little.

A sum of terms cannot say that the frontier gains most in between. So what it is expected to score
is estimated on the same columns, and a model's loss regressed on the sum, on the expected mean
score of the model and the frontier, and on the square of that (docs/estimates.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from semroute.estimator.blending import (
    Integers,
    Numbers,
    blended_out_of_fold,
    neighbour_weights,
    shrunk_means,
)
from semroute.estimator.estimating import LossEstimator
from semroute.estimator.ridge import BlockRidge, start_scales
from semroute.estimator.rows import FitRows
from semroute.estimator.squared_error import SquaredError, blend_share
from semroute.features import FEATURES

SEEN = (0.005, 0.995)
"""Quantiles of the expected mean scores beyond which the curve goes on flat: nothing was seen."""

FEWEST_SCORES = 200
"""Of the frontier, and losses of a model beside it, to learn a curve from."""


@dataclass(frozen=True)
class Sums:
    """Sums of terms predicted for held-out folds, and the losses, (n, n_known); NaN where unknown.

    `columns` (n_known,) are those of the models among all of the estimator's.
    """

    columns: Integers
    predicted: Numbers
    losses: Numbers


class _Score(NamedTuple):
    """The frontier's score, less its mean: by cluster, by column, and for held-out folds."""

    topic: Numbers
    beta: Mapping[str, Numbers]
    out_of_fold: Numbers


def with_curve(
    estimator: LossEstimator,
    rows: FitRows,
    blocks: Mapping[str, Numbers],
    n_clusters: int,
    sums: Sums,
    error: SquaredError,
) -> LossEstimator:
    """Add the curve, if estimates of held-out folds are better with it by a standard error.

    Args:
        estimator: with its sums of terms.
        rows: those it was fitted on.
        blocks: their columns, see `BlockRidge`.
        n_clusters: how many there are.
        sums: of models known on many of the rows; the others keep their sums as they are.
        error: of these models.
    """
    enough = np.isfinite(sums.losses).sum(axis=0) >= FEWEST_SCORES
    if np.isfinite(rows.frontier_scores).sum() < FEWEST_SCORES or not enough.all():
        return estimator
    score = _score(estimator, rows, blocks, n_clusters)
    ease = score.out_of_fold - 0.5 * sums.predicted
    seen = np.nanquantile(ease, SEEN, axis=0)
    ease = np.clip(ease, *seen)
    tried = np.full_like(sums.predicted, np.nan)
    for held_out in rows.each_fold():
        curve = _curve(sums.predicted[~held_out], ease[~held_out], sums.losses[~held_out])
        tried[held_out] = _bent(sums.predicted[held_out], ease[held_out], curve)
    if not _is_better(tried, sums.predicted, error):
        return estimator
    whole = estimator.curve.copy()
    curve = _curve(sums.predicted, ease, sums.losses)
    whole[:, sums.columns] = np.concatenate([curve, seen])
    text, products = np.split(score.beta["text"], [len(FEATURES)])
    words = [score.beta[name] for name in ("wording", "hidden") if name in blocks]
    return replace(
        estimator,
        score_topic=score.topic,
        score_wording=np.concatenate(words),
        score_text=text,
        score_products=products,
        curve=whole,
    )


def _score(
    estimator: LossEstimator, rows: FitRows, blocks: Mapping[str, Numbers], n_clusters: int
) -> _Score:
    """Estimate the frontier's score as a loss is: by clusters and a head of its own penalties."""
    scores = (rows.frontier_scores - np.nanmean(rows.frontier_scores))[:, None]
    error, nearest = SquaredError(scores), rows.cluster_ids[:, 0]
    weights = neighbour_weights(rows.similarities, estimator.n_neighbours, estimator.temperature)
    folds = rows.each_fold()
    pseudo_rows = estimator.pseudo_rows
    by_fold = [shrunk_means(scores[~f], nearest[~f], n_clusters, pseudo_rows) for f in folds]
    of_clusters = blended_out_of_fold(weights, rows.cluster_ids, folds, by_fold)
    ridge = BlockRidge(blocks, scores, rows.folds)
    scales = ridge.tuned_scales(start_scales(blocks), error.mean)
    out_of_fold = ridge.out_of_fold(scales)
    share = blend_share(of_clusters, out_of_fold, error)
    beta, intercept = ridge.weights(scales)
    ends = np.cumsum([block.shape[1] for block in blocks.values()])[:-1]
    weighted = dict(zip(blocks, np.split((1 - share) * beta[:, 0], ends), strict=True))
    means = shrunk_means(scores, nearest, n_clusters, estimator.pseudo_rows)[:, 0]
    topic = share * means + weighted["topic"] + (1 - share) * intercept[0]
    return _Score(topic, weighted, share * of_clusters + (1 - share) * out_of_fold)


def _columns(predicted: Numbers, ease: Numbers) -> Numbers:
    return np.stack([np.ones_like(predicted), predicted, ease, ease**2], axis=1)


def _curve(predicted: Numbers, ease: Numbers, losses: Numbers) -> Numbers:
    """Regress each model's losses by least squares; shape (4, n_models)."""
    found = []
    for column in range(losses.shape[1]):
        columns = _columns(predicted[:, column], ease[:, column])
        known = np.isfinite(columns).all(axis=1) & np.isfinite(losses[:, column])
        found.append(np.linalg.lstsq(columns[known], losses[known, column], rcond=None)[0])
    return np.stack(found, axis=1)


def _bent(predicted: Numbers, ease: Numbers, curve: Numbers) -> Numbers:
    every = range(predicted.shape[1])
    return np.stack([_columns(predicted[:, c], ease[:, c]) @ curve[:, c] for c in every], axis=1)


def _is_better(tried: Numbers, predicted: Numbers, error: SquaredError) -> bool:
    both = np.isfinite(tried) & np.isfinite(predicted)
    left, right = (error.per_row(np.where(both, one, np.nan)) for one in (predicted, tried))
    gain = left - right
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)))
