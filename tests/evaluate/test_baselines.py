"""Baselines against brute force, scikit-learn and work by hand."""

import dataclasses
import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from semroute.artifact.contents import Calibration
from semroute.evaluate.baselines import (
    N_NEIGHBOURS,
    classifier_loss,
    cluster_oracle,
    knn_loss,
    learned,
    length_and_keywords,
    query_oracle,
    random_mix,
)
from semroute.evaluate.paired import chosen_shares, resample
from semroute.vectors import unit_rows
from tests.evaluate.sets import NAN, frozen_set


def _held_out(vectors: np.ndarray, scores: np.ndarray) -> Calibration:
    n = len(vectors)
    unknown = np.full((n, 2), NAN)
    return Calibration(
        vectors=vectors,
        scores=scores,
        costs_usd=unknown,
        cluster_ids=np.zeros(n, dtype=np.int64),
        similarities=np.ones(n, dtype=np.float32),
        expected_losses=unknown,
        expected_costs_usd=unknown,
        n_chars=np.zeros(n, dtype=np.int64),
        text_ids=np.arange(n, dtype=np.int64),
        models=("large", "small"),
    )


def _known(n: int = 250, seed: int = 0) -> Calibration:
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng.standard_normal((n, 8)))
    easy = vectors[:, 0] > 0
    scores = np.column_stack([np.full(n, 0.9), np.where(easy, 0.9, 0.1)])
    scores[rng.uniform(size=n) < 0.2, 1] = NAN
    return _held_out(vectors, scores)


def test_knn_is_brute_force() -> None:
    known, asked = _known(), unit_rows(np.random.default_rng(5).standard_normal((30, 8)))
    found = knn_loss(asked, known, 0)
    losses = known.scores[:, 0] - known.scores[:, 1]
    for row, vector in enumerate(asked):
        nearest = np.argsort(-(known.vectors @ vector))[:N_NEIGHBOURS]
        assert found[row, 1] == pytest.approx(np.nanmean(losses[nearest]))
    assert not found[:, 0].any()


def test_knn_knows_nothing_without_neighbours_or_a_vector() -> None:
    known = _known()
    few = _held_out(known.vectors[:4], known.scores[:4])
    none = _held_out(known.vectors[:0], known.scores[:0])
    for given in (few, none):
        assert np.isnan(knn_loss(known.vectors[:3], given, 0)[:, 1]).all()
    blank = np.full((1, 8), np.nan, dtype=np.float32)
    assert np.isnan(knn_loss(blank, known, 0)[0, 1])


def test_the_classifier_is_scikit_learns_on_scores_of_0_and_1() -> None:
    rng = np.random.default_rng(2)
    vectors = unit_rows(rng.standard_normal((300, 6)))
    scores = np.column_stack(
        [rng.uniform(size=300) < 0.9, rng.uniform(size=300) < 0.5 + vectors[:, 0] / 2]
    ).astype(float)
    found = classifier_loss(vectors, _held_out(vectors, scores), 0)
    models = [LogisticRegression(max_iter=1000).fit(vectors, scores[:, m]) for m in (0, 1)]
    strong, weak = (model.predict_proba(vectors)[:, 1] for model in models)
    assert np.allclose(found[:, 1], strong - weak, atol=1e-4)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_model_that_always_succeeds_or_fails_is_expected_to_go_on(score: float) -> None:
    vectors = _known(40).vectors
    scores = np.column_stack([np.tile([0.0, 1.0], 20), np.full(40, score)])
    found = classifier_loss(vectors, _held_out(vectors, scores), 0)
    frontier = LogisticRegression(max_iter=1000).fit(vectors, scores[:, 0])
    assert np.allclose(found[:, 1], frontier.predict_proba(vectors)[:, 1] - score, atol=1e-4)


def test_a_learner_spends_what_it_is_given() -> None:
    frozen = frozen_set([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    estimate = np.array([[0, 0.1], [0, 0.5], [0, 0.4], [0, 0.0]])
    for cost in (0.01, 0.03, 0.055, 0.0777, 0.1):
        shares = learned(estimate, frozen, cost)
        assert (shares * frozen.costs_usd).sum(axis=1).mean() == pytest.approx(cost)
        assert shares.sum(axis=1) == pytest.approx(1)
    assert resample(frozen).draws(learned(estimate, frozen, 0.055)).loss[0] == pytest.approx(0)


def test_the_random_mix_costs_what_is_asked_where_the_cheapest_model_scores_little() -> None:
    """0.1 for 0.01 lies below the line from nothing at all to 0.9 for 0.02, and is a model yet."""
    scores, costs = [[1.0, 0.9, 0.1]] * 4, (0.1, 0.02, 0.01)
    judge = resample(frozen_set(scores, costs, models=("large", "mid", "small")))
    for cost, score in ((0.01, 0.1), (0.015, 0.5), (0.06, 0.95)):
        found = judge.draws(random_mix(judge, cost))
        assert found.cost_usd[0] == pytest.approx(cost)
        assert found.score[0] == pytest.approx(score)


def test_where_every_model_scores_the_same_the_random_mix_is_the_cheapest() -> None:
    for score in (0.0, 1.0):
        judge = resample(frozen_set([[score, score]] * 4))
        assert random_mix(judge, 0.05).tolist() == [[0.0, 1.0]] * 4


def test_the_random_mix_is_on_the_line_between_single_models() -> None:
    judge = resample(frozen_set([[1.0, 0.5], [1.0, 0.0]]))
    assert judge.draws(random_mix(judge, 0.055)).score[0] == pytest.approx((1 + 0.25) / 2)


def test_long_texts_and_hard_words_go_to_the_frontier_first() -> None:
    texts = ("hi", "prove this theorem", "x" * 5000, "thanks a lot")
    frozen = dataclasses.replace(frozen_set([[1.0, 1.0]] * 4), texts=texts)
    shares = length_and_keywords(frozen, 1, 0.055)
    assert shares[:, 0] == pytest.approx([0.0, 1.0, 1.0, 0.0])


def test_no_labels_do_better_than_hindsight_at_its_cost() -> None:
    rng = np.random.default_rng(3)
    scores, ids = rng.uniform(size=(60, 3)), [row % 4 for row in range(60)]
    frozen = frozen_set(scores, (0.1, 0.03, 0.01), models=("a", "b", "c"))
    judge = resample(frozen)
    for cost in (0.02, 0.04, 0.07):
        best = judge.draws(cluster_oracle(ids, frozen, cost))
        assert best.cost_usd[0] <= cost + 1e-9
        for labels in itertools.product(range(3), repeat=4):
            other = judge.draws(chosen_shares(np.array([labels[one] for one in ids]), 3))
            if other.cost_usd[0] <= cost:
                assert best.loss[0] <= other.loss[0] + 1e-9


def test_the_oracle_takes_the_cheapest_of_the_best_and_never_a_hole() -> None:
    frozen = frozen_set([[1.0, 1.0], [1.0, 0.5], [0.5, NAN], [NAN, NAN], [0.0, 0.0]])
    assert query_oracle(frozen).tolist() == [1, 0, 0, 0, 1]
