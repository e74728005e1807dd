"""What is easy for all models, or too hard for all, loses little: no sum of terms can say so."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from semroute.estimator import FitRows, LossEstimator, fit_estimator, fitting, loss_parts
from semroute.estimator.estimating import curved, no_curve
from semroute.estimator.sums import SumOfTerms, fit_sums
from semroute.features import FEATURES

N, DIMENSION = 3_000, 8
MODELS = ("large", "small")
NO_CLUSTER = 1
NONE = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def _rows(seed: int, *, bent: bool) -> tuple[FitRows, np.ndarray]:
    """A log in which one direction of a text's vector says how hard it is; and true losses."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(N, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hardness = 3 * vectors[:, 0].astype(np.float64)
    large = 1 / (1 + np.exp(4 * (hardness - 0.8))) if bent else np.full(N, 0.9)
    small = 1 / (1 + np.exp(4 * (hardness + 0.8))) if bent else np.full(N, 0.7) - 0.1 * hardness
    scores = (random.uniform(size=(N, 2)) < np.stack([large, small], axis=1)).astype(np.float64)
    losses = np.stack([np.zeros(N), scores[:, 0] - scores[:, 1]], axis=1)
    rows = FitRows(
        cluster_ids=np.zeros((N, 1), dtype=np.int64),
        similarities=np.ones((N, 1), dtype=np.float32),
        vectors=vectors,
        hidden=vectors[:, :0],
        features=np.zeros((N, len(FEATURES))),
        losses=losses,
        costs_usd=np.tile([0.02, 0.001], (N, 1)),
        n_chars=np.full(N, 10),
        folds=np.arange(N) % 4,
        frontier_scores=scores[:, 0],
    )
    return rows, large - small


def _estimated(estimator: LossEstimator, rows: FitRows) -> np.ndarray:
    found = estimator.estimate(
        rows.cluster_ids, rows.similarities, rows.vectors, rows.features, rows.n_chars
    )
    assert not found.losses[:, 0].any()
    return found.losses[:, 1]


def test_what_is_in_between_is_expected_to_lose_most() -> None:
    rows, _ = _rows(0, bent=True)
    estimator = fit_estimator(rows, NO_CLUSTER, MODELS, "large")
    fresh, true = _rows(1, bent=True)
    without = replace(estimator, **no_curve(NO_CLUSTER, DIMENSION, len(FEATURES), 2))
    errors = [float(((_estimated(e, fresh) - true) ** 2).mean()) for e in (estimator, without)]
    assert errors[0] < 0.3 * errors[1]
    assert estimator.curve[3, 1] < -0.2
    assert estimator.curve[:, 0].tolist() == list(NONE)


@pytest.mark.parametrize(
    "changed",
    [
        lambda rows: replace(rows, frontier_scores=np.full(N, np.nan)),
        lambda rows: rows.some(np.arange(150)),
        lambda rows: replace(rows, frontier_scores=np.random.default_rng(3).permutation(N) / N),
    ],
    ids=["frontier not scored", "few scores", "scores that tell nothing"],
)
def test_a_curve_that_is_not_shown_to_help_is_none(changed) -> None:
    rows = changed(_rows(0, bent=False)[0])
    estimator = fit_estimator(rows, NO_CLUSTER, MODELS, "large")
    assert estimator.curve.T.tolist() == [list(NONE), list(NONE)]
    assert not estimator.score_wording.any()
    unscored = replace(rows, frontier_scores=np.full(len(rows.losses), np.nan))
    without = fit_estimator(unscored, NO_CLUSTER, MODELS, "large")
    assert _estimated(estimator, rows) == pytest.approx(_estimated(without, rows), abs=1e-9)


def test_scores_of_the_frontier_alone_change_no_estimate() -> None:
    """A model is compared with the frontier on the same queries, never with all of its scores."""
    rows, _ = _rows(0, bent=True)
    unscored = np.random.default_rng(5).uniform(size=N) < 0.4
    rows.losses[unscored, 1] = np.nan
    better = replace(rows, frontier_scores=np.where(unscored, 1.0, rows.frontier_scores))
    one, other = (fit_estimator(log, NO_CLUSTER, MODELS, "large") for log in (rows, better))
    assert one.curve[3, 1] < -0.2
    assert _estimated(one, rows) == pytest.approx(_estimated(other, rows))


def test_parts_with_a_curve_add_up_to_the_estimate() -> None:
    rows, _ = _rows(0, bent=True)
    estimator = fit_estimator(rows, NO_CLUSTER, MODELS, "large")
    losses = _estimated(estimator, rows)
    for row in range(20):
        of_row = rows.cluster_ids[row], rows.similarities[row], rows.vectors[row]
        parts = loss_parts(estimator, "small", np.ones(1), *of_row, rows.features[row])
        assert parts is not None
        sums = parts.base + parts.blend + parts.topic + parts.wording + sum(parts.features.values())
        assert parts.loss == pytest.approx(losses[row], abs=1e-9)
        assert parts.was_cut or parts.loss == pytest.approx(sums + parts.difficulty, abs=1e-9)
        assert "difficulty" in parts.largest_moves(3) or abs(parts.difficulty) < 0.2


def test_the_curve_by_hand() -> None:
    """The mean score of both is 0.1 - 0.05."""
    assert curved(0.1, 0.1, 0.02, 0.5, -0.2, -4.0, 3.0, -0.3, 0.3) == pytest.approx(
        0.02 + 0.05 - 0.2 * 0.05 - 4 * 0.0025 + 3 * 0.1 * 0.05
    )
    assert curved(0.1, 9.0, 0.0, 1.0, 0.0, -1.0, 0.0, -0.3, 0.2) == pytest.approx(0.1 - 0.04)
    assert curved(0.1, -9.0, 0.0, 1.0, 0.0, -1.0, 0.0, -0.3, 0.2) == pytest.approx(0.1 - 0.09)
    assert curved(0.3, 0.7, *NONE) == 0.3
    assert curved(2.0, 0.0, *NONE) == 1.0
    assert curved(-2.0, 0.0, *NONE) == -1.0
    assert np.isnan(curved(np.nan, 0.0, *NONE))


def _two_cheap(n_shared: int) -> tuple[FitRows, np.ndarray]:
    """A log with two like models, each scored on half of it, and both on some queries."""
    rows, _ = _rows(0, bent=True)
    losses = np.column_stack([rows.losses, rows.losses[:, 1]])
    is_even = np.arange(N) % 2 == 0
    losses[n_shared:, 1][~is_even[n_shared:]] = np.nan
    losses[n_shared:, 2][is_even[n_shared:]] = np.nan
    losses[-1, 2] = np.nan
    costs = np.column_stack([rows.costs_usd, rows.costs_usd[:, 1]])
    return replace(rows, losses=losses, costs_usd=costs), is_even


@pytest.mark.parametrize("n_shared", [0, 20, 600])
def test_a_model_not_scored_where_the_one_known_best_is_gets_no_curve(n_shared: int) -> None:
    """Nor is it thought to lose nothing: it stays as it is without a curve."""
    rows, _ = _two_cheap(n_shared)
    estimator = fit_estimator(rows, NO_CLUSTER, (*MODELS, "like small"), "large")
    assert estimator.curve[3, 1] < -0.2
    assert (estimator.curve[:, 2].tolist() == list(NONE)) == (n_shared < 400)
    fresh, true = _rows(1, bent=True)
    at = fresh.cluster_ids, fresh.similarities, fresh.vectors, fresh.features, fresh.n_chars
    assert estimator.estimate(*at).losses[:, 2].mean() == pytest.approx(true.mean(), abs=0.05)


def test_a_log_of_one_fold_gets_no_curve() -> None:
    rows, _ = _rows(0, bent=True)
    estimator = fit_estimator(replace(rows, folds=rows.folds * 0), NO_CLUSTER, MODELS, "large")
    assert estimator.curve.T.tolist() == [list(NONE), list(NONE)]


def _never_wrong(seed: int) -> FitRows:
    """A log whose frontier always scores 1; the other fails the more often the harder it gets."""
    rows, _ = _rows(seed, bent=True)
    hardness = 3 * rows.vectors[:, 0].astype(np.float64)
    fails = np.random.default_rng(seed).uniform(size=N) < 1 / (1 + np.exp(3 - 3 * hardness))
    losses = np.column_stack([np.zeros(N), fails])
    return replace(rows, losses=losses, frontier_scores=np.ones(N))


@pytest.mark.parametrize("seed", range(4))
def test_beyond_what_was_seen_a_larger_sum_is_no_smaller_loss(seed: int) -> None:
    """Also where the frontier's score tells nothing, so that the curve goes by the sum alone."""
    estimator = fit_estimator(_never_wrong(seed), NO_CLUSTER, MODELS, "large")
    assert estimator.curve[:, 1].tolist() != list(NONE)
    level = float(estimator.score_topic[0])
    sums = np.linspace(-1, 1, 41).tolist()
    losses = [curved(one, level, *estimator.curve[:, 1].tolist()) for one in sums]
    assert losses[-1] > 0.5
    assert np.all(np.diff([loss for one, loss in zip(sums, losses, strict=True) if one > 0.3]) >= 0)


def _said(sums: SumOfTerms, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    head = sum(blocks[name] @ sums.by_column[name] for name in blocks) + sums.intercept
    return sums.share * blocks["topic"] @ sums.means + (1 - sums.share) * head


def test_what_serves_is_the_formula_that_was_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three models with holes, the first known too little for a curve; with hidden states."""
    rows, _ = _rows(0, bent=True)
    random = np.random.default_rng(4)
    losses = rows.losses[:, [0, 1, 1, 1]].copy()
    for model, share in ((1, 0.8), (2, 0.3), (3, 0.1)):
        losses[random.uniform(size=N) < share, model] = np.nan
    hidden = random.normal(size=(N, 3)).astype(np.float32)
    features = random.normal(size=(N, len(FEATURES)))
    costs = np.ones((N, 4))
    rows = replace(rows, losses=losses, hidden=hidden, features=features, costs_usd=costs)
    fitted: list[list[SumOfTerms]] = []
    blocks: list[Mapping[str, np.ndarray]] = []

    def spied(kinds, well, columns, clusters):
        blocks.append(columns)
        fitted.append(fit_sums(kinds, well, columns, clusters))
        return fitted[-1]

    monkeypatch.setattr(fitting, "fit_sums", spied)
    estimator = fit_estimator(rows, NO_CLUSTER, ("large", "a", "b", "c"), "large")
    loss, frontier, model = (_said(sums, blocks[0]) for sums in fitted[0])
    sums = 0.5 * (loss + frontier - model)
    c0, c1, c2, c3, c4, least, most = estimator.curve[:, 1:]
    assert (c4 != 0).tolist() == [False, True, True]
    ease = np.clip(frontier[:, [2]] - sums / 2, least, most)
    expected = c0 + c1 * sums + c2 * ease + c3 * ease**2 + c4 * sums * ease
    wide = np.concatenate([rows.vectors, hidden], axis=1)
    found = estimator.estimate(
        rows.cluster_ids, rows.similarities, wide, features, rows.n_chars
    ).losses
    assert found[:, 1:] == pytest.approx(np.clip(expected, -1, 1), abs=1e-6)
