"""Fitting the estimator; whatever is tuned is tuned on folds of the rows given, never beyond."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import (
    Integers,
    Numbers,
    neighbour_weights,
    placed,
    shrunk_means,
)
from semroute.estimator.curve import FEWEST_SCORES, with_curve
from semroute.estimator.estimating import LossEstimator, blank_estimator, products
from semroute.estimator.lengths import cluster_costs
from semroute.estimator.parts import feature_terms
from semroute.estimator.rows import FitRows
from semroute.estimator.squared_error import SquaredError
from semroute.estimator.sums import Clusters, SumOfTerms, fit_sums
from semroute.features import FEATURES

FEWEST_LOSSES = 30
"""Of a model, beside the frontier; with fewer it is unknown and never chosen."""

SHARE_TO_TUNE_ON = 0.5
"""Of the losses known of the model known best: with fewer a model takes what others chose."""

MOST_ROWS = 20_000
"""Above it the head is fitted on a sample; the evidence of clusters always counts every row."""

MOST_NEIGHBOURS = 32
"""The most clusters that may have a say in one estimate."""

N_NEIGHBOURS = (4, 8, 16, MOST_NEIGHBOURS)
TEMPERATURES = (4.0, 8.0, 15.0, 30.0)
PSEUDO_ROWS = (5.0, 20.0, 80.0)

_SMALLEST_SPREAD = 1e-9


def fit_estimator(
    rows: FitRows, n_clusters: int, models: tuple[str, ...], frontier: str, seed: int = 0
) -> LossEstimator:
    """Learn evidence and head.

    The number of neighbours, the temperature, the shrinkage, the penalties and the blend's share
    are chosen by the squared error on held-out folds. Of the blend's shares the largest is taken
    whose error is within one standard error of the least (Breiman et al., "Classification and
    Regression Trees", 1984): what clusters can explain is left to them. Models with fewer than
    `FEWEST_LOSSES` losses stay unknown; those with few beside others choose nothing of all that.
    """
    nearest = rows.cluster_ids[:, 0] if n_clusters else np.zeros(0, dtype=np.int64)
    costs = cluster_costs(rows.costs_usd, rows.n_chars, nearest, n_clusters)
    width = rows.vectors.shape[1] + rows.hidden.shape[1]
    blank = blank_estimator(models, n_clusters, width, costs)
    known = (~np.isnan(rows.losses)).sum(axis=0) >= FEWEST_LOSSES
    is_frontier = np.array([model == frontier for model in models])
    learned = np.flatnonzero(known & ~is_frontier)
    if learned.size:
        blank = _fit(rows, nearest, n_clusters, learned, blank, seed)
    return _with_zero_column(blank, int(np.flatnonzero(is_frontier)[0]))


def _with_zero_column(estimator: LossEstimator, column: int) -> LossEstimator:
    """Make the frontier lose nothing against itself."""
    changed: dict[str, Any] = {}
    for name in ("evidence", "topic", "wording", "text", "products", "intercept", "typical"):
        changed[name] = getattr(estimator, name).copy()
        changed[name][..., column] = 0.0
    return replace(estimator, **changed)


def _fit(
    rows: FitRows,
    nearest: Integers,
    n_clusters: int,
    learned: NDArray[np.intp],
    blank: LossEstimator,
    seed: int,
) -> LossEstimator:
    losses = rows.losses[:, learned]
    used = rows.some(_sample(len(losses), seed))
    y = used.losses[:, learned]
    well = _well_known(y)
    clusters = _tuned_clusters(used, y[:, well], n_clusters)
    spread = used.features.std(axis=0)
    evidence = shrunk_means(losses, nearest, n_clusters, clusters.pseudo_rows)
    estimator = replace(
        blank,
        n_neighbours=clusters.n_neighbours,
        temperature=clusters.temperature,
        pseudo_rows=clusters.pseudo_rows,
        centre=used.features.mean(axis=0),
        spread=np.where(spread > _SMALLEST_SPREAD, spread, 1.0),
        evidence=placed(blank.evidence, evidence, learned),
    )
    blocks = _blocks(used, estimator, n_clusters)
    sums, *scores = fit_sums(_kinds(used, y, well), well, blocks, clusters)
    if scores:
        frontier, model = scores
        estimator, sums = with_curve(estimator, sums, frontier, model, used, learned, well)
    return _with_head(estimator, blocks, sums, learned)


def _kinds(rows: FitRows, losses: Numbers, well: NDArray[np.bool_]) -> list[Numbers]:
    """Return losses and, if enough are known, the frontier's and the model's scores beside them."""
    frontier = np.where(np.isnan(losses), np.nan, rows.frontier_scores[:, None])
    if np.isfinite(frontier[:, well]).sum(axis=0).min() < FEWEST_SCORES:
        return [losses]
    return [losses, frontier, frontier - losses]


def _well_known(losses: Numbers) -> NDArray[np.bool_]:
    """Say which models all is tuned on: one of few losses must not change the others' estimates."""
    n_known = (~np.isnan(losses)).sum(axis=0)
    return np.asarray(n_known >= SHARE_TO_TUNE_ON * n_known.max())


def _sample(n_rows: int, seed: int) -> NDArray[np.intp]:
    if n_rows <= MOST_ROWS:
        return np.arange(n_rows)
    chosen = np.random.default_rng(seed).choice(n_rows, MOST_ROWS, replace=False)
    return np.sort(chosen)


def _tuned_clusters(rows: FitRows, losses: Numbers, n_clusters: int) -> Clusters:
    """Try every number of neighbours, temperature and shrinkage; the first of the best wins."""
    error = SquaredError(losses)
    tried = (
        Clusters(rows, n_clusters, k, temperature, pseudo)
        for k, temperature, pseudo in product(N_NEIGHBOURS, TEMPERATURES, PSEUDO_ROWS)
    )
    return min(tried, key=lambda clusters: error.mean(clusters.out_of_fold(losses)))


def _blocks(rows: FitRows, estimator: LossEstimator, n_clusters: int) -> dict[str, Numbers]:
    weights = neighbour_weights(rows.similarities, estimator.n_neighbours, estimator.temperature)
    topic = np.zeros((len(weights), n_clusters))
    np.put_along_axis(topic, rows.cluster_ids[:, : weights.shape[1]], weights, axis=1)
    z = estimator.standardised(rows.features)
    return {
        "topic": topic,
        "wording": rows.vectors.astype(np.float64),
        **({"hidden": rows.hidden.astype(np.float64)} if rows.hidden.size else {}),
        "text": np.concatenate([z, products(z)], axis=1),
    }


def _with_head(
    estimator: LossEstimator,
    blocks: dict[str, Numbers],
    sums: SumOfTerms,
    learned: NDArray[np.intp],
) -> LossEstimator:
    weights = sums.by_column
    means = {name: block.mean(axis=0) for name, block in blocks.items()}
    words = [name for name in ("wording", "hidden") if name in blocks]
    text, pairs = np.split(weights["text"], [len(FEATURES)])
    z, z_products = np.split(means["text"][None], [len(FEATURES)], axis=1)
    of_words = np.sum([means[n] @ weights[n] for n in words], axis=0)
    moved = [means["topic"] @ weights["topic"], of_words]
    typical = np.concatenate([moved, feature_terms(z, z_products, text, pairs)[0]])
    found: dict[str, Numbers] = {
        "topic": weights["topic"],
        "wording": np.concatenate([weights[name] for name in words]),
        "text": text,
        "products": pairs,
        "intercept": sums.intercept,
        "typical": typical,
    }
    changed: dict[str, Any] = {
        name: placed(getattr(estimator, name), values, learned) for name, values in found.items()
    }
    return replace(estimator, blend_share=sums.share, **changed)
