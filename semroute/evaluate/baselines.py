"""What else could have chosen the models: rules, learners and hindsight."""

import importlib.util
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from semroute.artifact.contents import Calibration
from semroute.evaluate.frontiers import hull
from semroute.evaluate.frozen import FrozenSet, Numbers
from semroute.evaluate.paired import PairedBootstrap, chosen_shares
from semroute.evaluate.tolerance import Columns, at_cost, estimated, tolerances
from semroute.vectors import Vectors

KNN = "nearest neighbours (kNN)"
CLASSIFIER = "classifier"

N_NEIGHBOURS = 100
FEWEST_NEIGHBOURS = 5
FEWEST_SCORES = 20

_HARD_WORDS = re.compile(
    r"\b(prove|proof|derive|explain|why|analy[sz]e|compare|evaluate|review|debug|refactor|implement"
    r"|function|algorithm|code|sql|python|theorem|integral|equation|contract|clause|legal|diagnos"
    r"\w*|step by step)\b|```|[=<>∑∫√]",
    re.IGNORECASE,
)


def random_mix(judge: PairedBootstrap, cost_usd: float) -> Numbers:
    """Mix the single models at random so that they cost what is asked for and score most.

    The two models are the ends of the edge at that cost of the hull of single models, from the
    cheapest up (RouterBench's zero router). They are chosen with hindsight: no better random mix
    exists.
    """
    frozen = judge.frozen
    costs, scores = single_points(judge)
    known = np.flatnonzero(np.isfinite(scores))
    cheapest = known[np.lexsort((-scores[known], costs[known]))[0]]
    # The cheapest model takes the null router's place: a mix with that would not answer at all.
    costs, scores = costs - costs[cheapest], scores - scores[cheapest]
    corners = hull(costs[known], scores[known])
    points = [*zip(costs.tolist(), scores.tolist(), strict=True)]
    on_hull = zip(corners.cost_usd.tolist(), corners.score.tolist(), strict=True)
    always = [np.full(len(frozen.texts), points.index(corner)) for corner in on_hull]
    return at_cost(always, frozen, cost_usd)


def single_points(judge: PairedBootstrap) -> tuple[Numbers, Numbers]:
    """Return mean cost and mean score of always using each model, shape (n_models,) each."""
    n, n_models = judge.frozen.scores.shape
    alone = [judge.draws(chosen_shares(np.full(n, m), n_models)) for m in range(n_models)]
    return np.array([d.cost_usd[0] for d in alone]), np.array([d.score[0] for d in alone])


def length_and_keywords(frozen: FrozenSet, cheapest: int, cost_usd: float) -> Numbers:
    """Send long texts, and those with words that sound hard, to the frontier.

    Each such word counts like a doubling of the length. How many texts go to the frontier is set
    by the cost.
    """
    difficulty = np.array(
        [
            np.log2(len(text) + 1) + len(set(map(str.lower, _hard_words(text))))
            for text in frozen.texts
        ]
    )
    bars = [np.inf, *np.unique(difficulty)[::-1]]
    ladder = [np.where(difficulty >= bar, frozen.frontier_column, cheapest) for bar in bars]
    return at_cost(ladder, frozen, cost_usd)


def _hard_words(text: str) -> list[str]:
    return [match.group() for match in _HARD_WORDS.finditer(text)]


def learned(expected_loss: Numbers, frozen: FrozenSet, cost_usd: float) -> Numbers:
    """Let the policy choose by a learner, at the tolerance at which it costs what is asked."""
    expected = estimated(expected_loss, frozen)
    ladder = [expected.choose(tolerance) for tolerance in tolerances(expected, most=200)]
    return at_cost(ladder, frozen, cost_usd)


Learner = Callable[[Vectors, Calibration, int], Numbers]


def learners() -> tuple[dict[str, Learner], tuple[str, ...]]:
    """Return the learners by name, and the names of those that lack their package."""
    if importlib.util.find_spec("sklearn") is None:
        return {KNN: knn_loss}, (CLASSIFIER,)
    return {KNN: knn_loss, CLASSIFIER: classifier_loss}, ()


def knn_loss(vectors: Vectors, known: Calibration, frontier: int) -> Numbers:
    """Estimate each model's loss by the mean over the nearest queries that have both scores.

    Args:
        vectors: float32 (n, dimension); rows of NaN get no estimate.
        known: queries with scores, to learn from.
        frontier: the frontier's column.

    Returns:
        float64 (n, n_models); NaN where fewer than `FEWEST_NEIGHBOURS` of the nearest
        `N_NEIGHBOURS` have both scores, 0 for the frontier.
    """
    losses = known.scores[:, [frontier]] - known.scores
    estimate = np.full((len(vectors), losses.shape[1]), np.nan)
    n_near = min(N_NEIGHBOURS, len(losses))
    for start in range(0, len(vectors) if n_near else 0, 1000):
        similarity = vectors[start : start + 1000] @ known.vectors.T
        nearest = np.argpartition(-similarity, n_near - 1, axis=1)[:, :n_near]
        near = losses[nearest]
        paired = np.isfinite(near).sum(axis=1)
        total = np.where(np.isfinite(near), near, 0.0).sum(axis=1)
        mean = np.where(paired >= FEWEST_NEIGHBOURS, total / np.maximum(paired, 1), np.nan)
        estimate[start : start + 1000] = mean
    estimate[~np.isfinite(vectors).all(axis=1)] = np.nan
    estimate[:, frontier] = 0.0
    return estimate


def classifier_loss(vectors: Vectors, known: Calibration, frontier: int) -> Numbers:
    """Estimate each model's loss by logistic regressions of the scores on the embedding.

    One regression per model; a score between 0 and 1 counts as that share of a success. A model
    with fewer than `FEWEST_SCORES` scores gets no estimate. It needs scikit-learn (see `learners`).
    """
    usable = np.isfinite(vectors).all(axis=1)
    predicted = np.full((len(vectors), known.scores.shape[1]), np.nan)
    for column in range(known.scores.shape[1]):
        scored = np.isfinite(known.scores[:, column])
        if scored.sum() >= FEWEST_SCORES and usable.any():
            success = _success(known.vectors[scored], known.scores[scored, column])
            predicted[usable, column] = success(vectors[usable])
    losses = predicted[:, [frontier]] - predicted
    losses[:, frontier] = 0.0
    return np.asarray(losses)


def _success(vectors: Vectors, scores: Numbers) -> Any:
    from sklearn.linear_model import LogisticRegression

    if scores.min() == scores.max() and scores.min() in {0.0, 1.0}:
        return lambda rows: np.full(len(rows), scores[0])
    both = np.concatenate([vectors, vectors])
    outcomes = np.concatenate([np.ones(len(scores)), np.zeros(len(scores))])
    weights = np.concatenate([scores, 1 - scores])
    model = LogisticRegression(max_iter=1000)
    model.fit(both[weights > 0], outcomes[weights > 0], sample_weight=weights[weights > 0])
    return lambda rows: model.predict_proba(rows)[:, 1]


def cluster_oracle(
    cluster_ids: Sequence[int | None], frozen: FrozenSet, cost_usd: float
) -> Numbers:
    """Label clusters with hindsight: the labels of highest score at a cost.

    Labels maximise mean score less a price times cost, for every price; the two nearest the cost
    are mixed. It has seen the scores it is judged by, so no labels of these clusters do better.
    """
    ids = np.array([-1 if one is None else one for one in cluster_ids])
    loss, cost = np.zeros((len(ids), len(frozen.models))), np.zeros((len(ids), len(frozen.models)))
    for cluster in np.unique(ids):
        rows = ids == cluster
        known = np.isfinite(frozen.losses[rows])
        total = np.where(known, frozen.losses[rows], 0.0).sum(axis=0)
        loss[rows] = np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.inf)
        cost[rows] = frozen.costs_usd[rows].mean(axis=0)
    loss[:, frozen.frontier_column] = 0.0
    scale = 1 / max(float(cost.max()), 1e-12)
    prices = [0.0, *np.geomspace(1e-4, 1e3, 200) * scale]
    return at_cost([(loss + price * cost).argmin(axis=1) for price in prices], frozen, cost_usd)


def query_oracle(frozen: FrozenSet) -> Columns:
    """Choose with hindsight the cheapest of the models that score best on each query, (n,)."""
    scores = np.where(np.isfinite(frozen.scores), frozen.scores, -1.0)
    best = np.equal(scores, scores.max(axis=1, keepdims=True))
    chosen = np.where(best, frozen.costs_usd, np.inf).argmin(axis=1)
    scored = np.isfinite(frozen.scores).any(axis=1)
    return np.where(~scored, frozen.frontier_column, chosen)
