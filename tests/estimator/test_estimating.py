"""What the estimator learns, and that it says the same of a text alone or among others."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.estimator import FitRows, LossEstimator, fit_estimator, loss_parts
from semroute.estimator.blending import neighbour_weights, shrunk_means
from semroute.estimator.estimating import products
from semroute.estimator.fitting import FEWEST_LOSSES, PSEUDO_ROWS
from semroute.features import FEATURES
from semroute.vectors import unit_rows
from tests.estimator.logs import MODELS, N_CLUSTERS, rows_of

SHARES = np.full(N_CLUSTERS, 1 / N_CLUSTERS)


@pytest.fixture(scope="module")
def fitted() -> LossEstimator:
    return fit_estimator(rows_of()[0], N_CLUSTERS, MODELS, "large")


def _estimate(estimator: LossEstimator, rows: FitRows) -> np.ndarray:
    at = (rows.cluster_ids, rows.similarities, rows.vectors, rows.features, rows.n_chars)
    return estimator.estimate(*at).losses


def test_it_finds_what_depends_on_the_topic_and_what_on_the_wording(
    fitted: LossEstimator,
) -> None:
    fresh = rows_of(300, seed=1)[0]
    error = np.abs(_estimate(fitted, fresh) - fresh.losses).mean(axis=0)
    assert error[0] == 0
    assert error[1] < 0.05
    assert error[2] < 0.05


def test_it_finds_what_only_the_hidden_states_show_and_explains_it() -> None:
    """Losses that follow one hidden component; the parts of an estimate still add up to it."""
    rows, fresh = _with_hidden(rows_of(seed=8)[0]), _with_hidden(rows_of(300, seed=9)[0])
    seeing = fit_estimator(rows, N_CLUSTERS, MODELS, "large")
    blind = fit_estimator(
        dataclasses.replace(rows, hidden=rows.hidden[:, :0]), N_CLUSTERS, MODELS, "large"
    )
    wide = dataclasses.replace(fresh, vectors=np.concatenate([fresh.vectors, fresh.hidden], axis=1))
    errors = [
        np.abs(_estimate(estimator, asked) - fresh.losses)[:, 1].mean()
        for estimator, asked in ((seeing, wide), (blind, fresh))
    ]
    assert errors[0] < 0.5 * errors[1]
    expected = _estimate(seeing, wide)[0, 1]
    at = (wide.cluster_ids[0], wide.similarities[0], wide.vectors[0], wide.features[0])
    parts = loss_parts(seeing, MODELS[1], SHARES, *at)
    assert parts is not None
    total = parts.blend + parts.base + parts.topic + parts.wording + sum(parts.features.values())
    assert (parts.loss, total) == pytest.approx((expected, expected))


def _with_hidden(rows: FitRows) -> FitRows:
    hidden = unit_rows(
        np.random.default_rng(len(rows.losses)).standard_normal((len(rows.losses), 6))
    )
    losses = rows.losses.copy()
    losses[:, 1] = 0.5 * hidden[:, 2]
    return dataclasses.replace(rows, hidden=hidden, losses=losses)


def test_a_text_gets_the_same_alone_and_among_others(fitted: LossEstimator) -> None:
    rows = rows_of(60, seed=2)[0]
    together = _estimate(fitted, rows)
    for row in range(60):
        alone = _estimate(fitted, rows.some(np.array([row])))
        assert alone.tobytes() == together[[row]].tobytes()


def test_it_is_the_written_formula(fitted: LossEstimator) -> None:
    rows = rows_of(20, seed=3)[0]
    weights = neighbour_weights(rows.similarities, fitted.n_neighbours, fitted.temperature)
    dense = np.zeros((20, N_CLUSTERS))
    np.put_along_axis(dense, rows.cluster_ids[:, : weights.shape[1]], weights, axis=1)
    z = np.clip((rows.features - fitted.centre) / fitted.spread, -3, 3)
    head = dense @ fitted.topic + rows.vectors @ fitted.wording + z @ fitted.text
    head += products(z) @ fitted.products + fitted.intercept
    expected = fitted.blend_share * (dense @ fitted.evidence) + (1 - fitted.blend_share) * head
    assert _estimate(fitted, rows) == pytest.approx(np.clip(expected, -1, 1))


def test_costs_are_blended_over_the_nearest_clusters(fitted: LossEstimator) -> None:
    rows = rows_of(5, seed=4)[0]
    at = (rows.cluster_ids, rows.similarities, rows.vectors, rows.features, rows.n_chars)
    assert fitted.estimate(*at).costs_usd == pytest.approx(rows.costs_usd)


def test_the_parts_of_an_estimate_add_up_to_it(fitted: LossEstimator) -> None:
    rows = rows_of(20, seed=5)[0]
    whole = _estimate(fitted, rows)
    for row in range(20):
        for column, model in enumerate(MODELS):
            parts = loss_parts(
                fitted,
                model,
                SHARES,
                rows.cluster_ids[row],
                rows.similarities[row],
                rows.vectors[row],
                rows.features[row],
            )
            assert parts is not None
            total = parts.blend + parts.base + parts.topic + parts.wording
            total += sum(parts.features.values())
            assert parts.loss == pytest.approx(whole[row, column], abs=1e-9)
            assert parts.was_cut or total == pytest.approx(parts.loss, abs=1e-9)
            assert set(parts.features) == set(FEATURES)
            for n_most in (0, 2, 4, 40):
                moves = parts.largest_moves(n_most)
                assert parts.base + sum(moves.values()) == pytest.approx(total, abs=5e-4)
                told = [abs(move) for name, move in moves.items() if name != "all else"]
                assert told == sorted(told, reverse=True)
                assert len(told) <= n_most
                assert all(size >= 5e-4 for size in told)


def test_what_is_expected_in_general_is_the_mean_loss_of_the_log(fitted: LossEstimator) -> None:
    rows = rows_of(400)[0]
    shares = np.bincount(rows.cluster_ids[:, 0], minlength=N_CLUSTERS) / len(rows.losses)
    for column in (1, 2):
        parts = loss_parts(fitted, MODELS[column], shares, *_first(rows))
        assert parts is not None
        assert parts.base == pytest.approx(_estimate(fitted, rows)[:, column].mean(), abs=0.01)


def test_the_feature_that_decides_is_named(fitted: LossEstimator) -> None:
    rows = rows_of(50, seed=6)[0]
    row = int(np.argmax(rows.losses[:, 2]))
    one = (rows.cluster_ids[row], rows.similarities[row], rows.vectors[row], rows.features[row])
    parts = loss_parts(fitted, "small", SHARES, *one)
    assert parts is not None
    assert max(parts.features, key=lambda name: parts.features[name]) == "question marks"
    assert next(iter(parts.largest_moves(1))) == "question marks"
    assert set(parts.largest_moves(1)) == {"question marks", "all else"}


@pytest.mark.parametrize("sign", [1, -1])
def test_an_odd_text_moves_an_estimate_no_further_than_three_deviations(
    sign: int, fitted: LossEstimator
) -> None:
    rows = rows_of(1, seed=7)[0]
    three = np.tile(fitted.centre + sign * 3 * fitted.spread, (1, 1))
    at_three = dataclasses.replace(rows, features=three)
    far = dataclasses.replace(rows, features=np.full_like(three, sign * 1e9))
    assert _estimate(fitted, far) == pytest.approx(_estimate(fitted, at_three))


@pytest.mark.parametrize("most", [1, -1])
def test_an_estimate_is_cut_to_the_largest_loss_and_gain(most: int, fitted: LossEstimator) -> None:
    evidence = np.full_like(fitted.evidence, most * 1e6)
    extreme = dataclasses.replace(fitted, evidence=evidence, blend_share=0.5)
    assert (_estimate(extreme, rows_of(5)[0]) == most).all()


def test_too_few_losses_are_no_knowledge() -> None:
    rows = rows_of(200)[0]
    losses = rows.losses.copy()
    losses[FEWEST_LOSSES - 1 :, 2] = np.nan
    fitted = fit_estimator(dataclasses.replace(rows, losses=losses), N_CLUSTERS, MODELS, "large")
    estimates = _estimate(fitted, rows)
    assert np.isnan(estimates[:, 2]).all()
    assert np.isfinite(estimates[:, :2]).all()
    assert loss_parts(fitted, "small", SHARES, *_first(rows)) is None
    losses[FEWEST_LOSSES - 1, 2] = 0.5
    enough = fit_estimator(dataclasses.replace(rows, losses=losses), N_CLUSTERS, MODELS, "large")
    assert np.isfinite(_estimate(enough, rows)).all()


def test_where_losses_are_noise_means_are_shrunk_most_and_all_is_left_to_the_clusters() -> None:
    """Mostly: what a row's own loss says of its cluster must not count for its estimate."""
    rows = rows_of(300)[0]
    shrunk, shares = [], []
    for seed in range(6):
        losses = rows.losses.copy()
        losses[:, 1:] = np.random.default_rng(seed).normal(0, 0.3, losses[:, 1:].shape)
        noise = dataclasses.replace(rows, losses=losses)
        fitted = fit_estimator(noise, N_CLUSTERS, MODELS, "large")
        means = shrunk_means(losses, rows.cluster_ids[:, 0], N_CLUSTERS, fitted.pseudo_rows)
        assert np.allclose(fitted.evidence, means)
        shrunk.append(fitted.pseudo_rows)
        shares.append(fitted.blend_share)
    assert (np.median(shrunk), np.median(shares)) == (max(PSEUDO_ROWS), 1.0)


def test_what_was_not_scored_is_no_loss_of_nothing() -> None:
    """Of `small` a third is known, and loses 0.5: so it does where nothing is known of it."""
    rows = rows_of(300)[0]
    losses = rows.losses.copy()
    losses[:, 2] = np.where(np.arange(300) % 3 == 0, 0.5, np.nan)
    fitted = fit_estimator(dataclasses.replace(rows, losses=losses), N_CLUSTERS, MODELS, "large")
    for share in (0.0, 1.0):
        estimates = _estimate(dataclasses.replace(fitted, blend_share=share), rows)
        assert estimates[:, 2] == pytest.approx(0.5, abs=0.02)


def _first(rows: FitRows) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return rows.cluster_ids[0], rows.similarities[0], rows.vectors[0], rows.features[0]


def test_a_model_of_few_losses_changes_nothing_of_the_others() -> None:
    rows = rows_of(200)[0]
    losses = np.column_stack([rows.losses, np.random.default_rng(3).uniform(-1, 1, 200)])
    losses[60:, 3] = np.nan
    costs = np.column_stack([rows.costs_usd, np.full(200, 0.0001)])
    more = dataclasses.replace(rows, losses=losses, costs_usd=costs)
    alone = fit_estimator(rows, N_CLUSTERS, MODELS, "large")
    among = fit_estimator(more, N_CLUSTERS, (*MODELS, "new"), "large")
    assert np.isfinite(_estimate(among, more)[:, 3]).all()
    assert _estimate(among, more)[:, :3] == pytest.approx(_estimate(alone, rows), abs=1e-12)
    assert among.blend_share == alone.blend_share


def test_no_scores_at_all_leave_only_the_frontier_known() -> None:
    rows = rows_of(50)[0]
    losses = np.full_like(rows.losses, np.nan)
    fitted = fit_estimator(dataclasses.replace(rows, losses=losses), N_CLUSTERS, MODELS, "large")
    estimates = _estimate(fitted, rows)
    assert (estimates[:, 0] == 0).all()
    assert np.isnan(estimates[:, 1:]).all()


def test_holes_at_random_hardly_move_the_estimates(fitted: LossEstimator) -> None:
    holed = fit_estimator(rows_of(hole_share=0.3)[0], N_CLUSTERS, MODELS, "large")
    fresh = rows_of(300, seed=8)[0]
    assert np.abs(_estimate(holed, fresh) - _estimate(fitted, fresh)).mean() < 0.05


def test_the_same_rows_give_the_same_estimator(fitted: LossEstimator) -> None:
    again = fit_estimator(rows_of()[0], N_CLUSTERS, MODELS, "large")
    assert again.wording.tobytes() == fitted.wording.tobytes()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0, 1))
def test_any_table_gives_finite_estimates_or_none(seed: int, n: int, hole_share: float) -> None:
    rows = rows_of(n, seed=seed, hole_share=hole_share)[0]
    one_fold = dataclasses.replace(rows, folds=rows.folds * (seed % 2))
    estimates = _estimate(fit_estimator(one_fold, N_CLUSTERS, MODELS, "large"), rows)
    for column in range(3):
        known = (~np.isnan(rows.losses[:, column])).sum() >= FEWEST_LOSSES
        assert np.isfinite(estimates[:, column]).all() == (known or column == 0)


def test_a_text_without_a_usable_vector_has_no_estimate(fitted: LossEstimator) -> None:
    rows = rows_of(1)[0]
    lost = dataclasses.replace(
        rows,
        cluster_ids=np.full_like(rows.cluster_ids, -1),
        similarities=np.full_like(rows.similarities, np.nan),
        vectors=np.full_like(rows.vectors, np.nan),
    )
    assert np.isnan(_estimate(fitted, lost)).all()
