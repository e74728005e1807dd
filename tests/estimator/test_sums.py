"""Sums of terms: what they say of held-out folds, and half of it by the two scores."""

from dataclasses import replace

import numpy as np
import pytest

from semroute.estimator.sums import Clusters, SumOfTerms, fit_sums, half_by_scores
from tests.estimator.logs import N_CLUSTERS, rows_of

WIDTHS = {"topic": N_CLUSTERS, "wording": 16, "text": 5}
N_MODELS = 2


def _sum(seed: int) -> SumOfTerms:
    random = np.random.default_rng(seed)
    return SumOfTerms(
        share=float(random.uniform()),
        means=random.normal(size=(N_CLUSTERS, N_MODELS)),
        by_column={n: random.normal(size=(width, N_MODELS)) for n, width in WIDTHS.items()},
        intercept=random.normal(size=N_MODELS),
        out_of_fold=random.normal(size=(10, N_MODELS)),
    )


def _said(sums: SumOfTerms, columns: dict[str, np.ndarray]) -> np.ndarray:
    head = sum(columns[name] @ sums.by_column[name] for name in WIDTHS) + sums.intercept
    return sums.share * columns["topic"] @ sums.means + (1 - sums.share) * head


def test_half_of_it_is_what_the_scores_differ_by() -> None:
    loss, frontier, model = map(_sum, range(3))
    half = half_by_scores(loss, frontier, model)
    random = np.random.default_rng(9)
    columns = {name: random.normal(size=(4, width)) for name, width in WIDTHS.items()}
    said = [_said(one, columns) for one in (half, loss, frontier, model)]
    assert said[0] == pytest.approx(0.5 * (said[1] + said[2] - said[3]))
    oof = [one.out_of_fold for one in (half, loss, frontier, model)]
    assert oof[0] == pytest.approx(0.5 * (oof[1] + oof[2] - oof[3]))
    assert half.means is loss.means


def test_half_of_it_when_clusters_alone_said_the_loss() -> None:
    """Then the head had no weight, and has some now."""
    loss, frontier, model = replace(_sum(0), share=1.0), _sum(1), _sum(2)
    half = half_by_scores(loss, frontier, model)
    columns = {name: np.ones((1, width)) for name, width in WIDTHS.items()}
    said = [_said(one, columns) for one in (half, loss, frontier, model)]
    assert said[0] == pytest.approx(0.5 * (said[1] + said[2] - said[3]))


def test_clusters_say_of_a_fold_what_the_others_say() -> None:
    rows = rows_of(40)[0]
    values = np.random.default_rng(1).uniform(size=(40, 2))
    clusters = Clusters(rows, N_CLUSTERS, n_neighbours=1, temperature=8.0, pseudo_rows=5.0)
    found = clusters.out_of_fold(values)
    for row in range(40):
        others = values[rows.folds != rows.folds[row]]
        nearest = rows.cluster_ids[rows.folds != rows.folds[row], 0]
        here = others[nearest == rows.cluster_ids[row, 0]]
        expected = (here.sum(axis=0) + 5 * others.mean(axis=0)) / (len(here) + 5)
        assert found[row] == pytest.approx(expected)


def test_each_kind_is_fitted_as_if_it_were_alone() -> None:
    rows = rows_of(200)[0]
    random = np.random.default_rng(2)
    kinds = [
        random.uniform(size=(200, 2)),
        rows.vectors[:, :2] + 0.1 * random.normal(size=(200, 2)),
    ]
    clusters = Clusters(rows, N_CLUSTERS, n_neighbours=4, temperature=8.0, pseudo_rows=20.0)
    blocks = {"topic": np.eye(N_CLUSTERS)[rows.cluster_ids[:, 0]], "wording": rows.vectors}
    well = np.array([True, True])
    for kind, together in zip(kinds, fit_sums(kinds, well, blocks, clusters), strict=True):
        (alone,) = fit_sums([kind], well, blocks, clusters)
        assert together.share == alone.share
        assert together.out_of_fold == pytest.approx(alone.out_of_fold)
        for name, weights in alone.by_column.items():
            assert together.by_column[name] == pytest.approx(weights)
