"""Mean scores by paired losses, holes and resamples."""

import numpy as np
import pytest
from scipy.stats import norm

from semroute.evaluate.paired import chosen_shares, interval, resample, score_interval
from tests.evaluate.sets import NAN, frozen_set

HAND = [[1.0, 1.0], [1.0, 0.0], [0.5, 0.5], [1.0, 0.5]]


def test_four_queries_worked_by_hand() -> None:
    judge = resample(frozen_set(HAND))
    found = judge.draws(chosen_shares(np.array([1, 0, 1, 1]), 2))
    assert found.loss[0] == pytest.approx((0 + 0 + 0 + 0.5) / 4)
    assert found.score[0] == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert found.cost_usd[0] == pytest.approx((0.01 + 0.1 + 0.01 + 0.01) / 4)
    assert found.saving[0] == pytest.approx(1 - 0.13 / 0.4)
    assert found.frontier_share[0] == 0.25


def test_always_the_frontier_loses_and_saves_nothing_in_every_draw() -> None:
    found = resample(frozen_set(HAND)).draws(chosen_shares(np.zeros(4, int), 2))
    assert not found.loss.any()
    assert not found.saving.any()


def test_a_mix_is_the_mean_of_what_it_mixes() -> None:
    judge = resample(frozen_set(HAND))
    always = [judge.draws(chosen_shares(np.full(4, m), 2)) for m in (0, 1)]
    mixed = judge.draws(np.full((4, 2), 0.5))
    assert np.allclose(mixed.score, (always[0].score + always[1].score) / 2)
    assert np.allclose(mixed.cost_usd, (always[0].cost_usd + always[1].cost_usd) / 2)


def _plain_score(scores: np.ndarray, chosen: np.ndarray, weights: np.ndarray) -> float:
    """Judge plain choices query by query: the frontier's mean less what each model lost."""

    def mean(values: np.ndarray, rows: np.ndarray) -> float:
        known = [row for row in rows if np.isfinite(values[row])]
        return sum(weights[row] * values[row] for row in known) / sum(weights[known])

    everything, lost = np.arange(len(scores)), 0.0
    for model in set(chosen.tolist()):
        losses = scores[:, 0] - scores[:, model]
        sent = np.flatnonzero(chosen == model)
        is_scored = (
            np.isfinite(losses[sent]).any() and weights[sent][np.isfinite(losses[sent])].any()
        )
        lost += weights[sent].sum() * mean(losses, sent if is_scored else everything)
    return mean(scores[:, 0], everything) - lost / weights.sum()


@pytest.mark.parametrize("seed", range(5))
def test_every_draw_of_a_set_full_of_holes_is_what_judging_query_by_query_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.uniform(size=(30, 3))
    scores[rng.uniform(size=scores.shape) < 0.3] = NAN
    scores[:9, 2] = NAN
    chosen = np.where(np.arange(30) < 9, 2, rng.integers(2, size=30))
    judge = resample(frozen_set(scores, (0.1, 0.01, 0.02), models=("large", "small", "tiny")), seed)
    found = judge.draws(chosen_shares(chosen, 3)).score
    for draw in range(0, 200, 7):
        assert found[draw] == pytest.approx(_plain_score(scores, chosen, judge.weights[draw]))


def test_holes_where_the_frontier_is_good_do_not_favour_the_cheap_model() -> None:
    """Scored on the easy half only, the cheap model looks perfect; paired, it does not gain."""
    easy, hard = [[1.0, 1.0]] * 50, [[0.2, NAN]] * 50
    judge = resample(frozen_set(easy + hard))
    cheap = judge.draws(chosen_shares(np.ones(100, int), 2))
    assert cheap.loss[0] == 0.0
    assert cheap.score[0] == pytest.approx(0.6)
    assert judge.n_unscored(chosen_shares(np.ones(100, int), 2)) == 50


def test_random_holes_move_a_routed_score_by_no_more_than_their_noise() -> None:
    rng = np.random.default_rng(0)
    scores = (rng.uniform(size=(4000, 2)) < (0.9, 0.6)).astype(float)
    chosen = chosen_shares((np.arange(4000) % 2), 2)
    whole = resample(frozen_set(scores)).draws(chosen).loss[0]
    holed = scores.copy()
    holed[rng.uniform(size=4000) < 0.5, 1] = NAN
    assert resample(frozen_set(holed)).draws(chosen).loss[0] == pytest.approx(whole, abs=0.02)


def test_what_nobody_scored_is_unknown_and_not_zero() -> None:
    judge = resample(frozen_set([[1.0, NAN], [0.0, NAN]]))
    assert interval(judge.draws(chosen_shares(np.array([1, 0]), 2)).score) is None
    assert interval(judge.draws(chosen_shares(np.array([0, 0]), 2)).score) is not None


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    scores = (np.random.default_rng(1).uniform(size=(900, 2)) < (0.8, 0.5)).astype(float)
    found = interval(resample(frozen_set(scores)).frontier_score)
    assert found is not None
    error = scores[:, 0].std() / 30
    assert found.value == pytest.approx(scores[:, 0].mean())
    assert found.high - found.low == pytest.approx(2 * norm.ppf(0.975) * error, rel=0.12)


def test_the_same_seed_draws_the_same_and_near_duplicates_are_drawn_together() -> None:
    frozen = frozen_set(HAND, groups=[0, 1, 1, 2])
    first, again = resample(frozen, 3), resample(frozen, 3)
    assert np.array_equal(first.weights, again.weights)
    assert not np.array_equal(first.weights, resample(frozen, 4).weights)
    assert np.array_equal(first.weights[:, 1], first.weights[:, 2])
    assert (first.weights[0] == 1).all()


def test_a_part_is_what_the_whole_is_on_those_queries_alone() -> None:
    judge = resample(frozen_set(HAND))
    shares = chosen_shares(np.array([1, 1, 0, 1]), 2)
    part = judge.part(np.array([1, 3])).draws(shares[[1, 3]])
    alone = resample(frozen_set([HAND[1], HAND[3]])).draws(shares[[1, 3]])
    assert part.loss[0] == alone.loss[0] == pytest.approx(0.75)


def test_no_mean_score_is_said_to_lie_outside_0_to_1() -> None:
    found = score_interval(np.array([0.98, *np.linspace(-0.1, 1.1, 200)]))
    assert found is not None
    assert (found.low, found.value, found.high) == (0.0, 0.98, 1.0)
    assert score_interval(np.array([np.nan, 0.5])) is None
