import numpy as np
import pytest
from pydantic import ValidationError

from semroute.clustering.spherical import SphericalKMeans
from semroute.vectors import unit_rows
from tests.contracts.test_clusterers import planted


@pytest.mark.parametrize("name", ["n_clusters", "n_iterations", "n_restarts"])
def test_parameters_below_one_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        SphericalKMeans.model_validate({name: 0})


def test_fewer_rows_than_clusters_give_a_cluster_per_row() -> None:
    vectors, _ = planted(7, 7)
    labels = SphericalKMeans(n_clusters=100).cluster(vectors, seed=0)
    assert sorted(labels.tolist()) == list(range(7))


def test_fewer_distinct_rows_than_clusters_give_no_more_clusters_than_those() -> None:
    vectors = np.repeat(planted(5, 5)[0], 12, axis=0)
    labels = SphericalKMeans(n_clusters=20).cluster(vectors, seed=0)
    assert labels.max() + 1 <= 5
    assert set(labels.tolist()) == set(range(labels.max() + 1))


def test_no_row_is_noise() -> None:
    vectors = unit_rows(np.random.default_rng(0).standard_normal((300, 16)))
    assert SphericalKMeans(n_clusters=9).cluster(vectors, seed=0).min() == 0


def test_every_row_is_with_its_most_similar_mean() -> None:
    vectors = unit_rows(np.random.default_rng(1).standard_normal((400, 8)))
    labels = SphericalKMeans(n_clusters=6, n_iterations=100).cluster(vectors, seed=0)
    means = unit_rows(np.array([vectors[labels == c].mean(axis=0) for c in range(6)]))
    assert (np.argmax(vectors @ means.T, axis=1) == labels).mean() > 0.99


def test_more_restarts_never_end_worse() -> None:
    vectors = unit_rows(np.random.default_rng(2).standard_normal((300, 12)))

    def total(n_restarts: int) -> float:
        labels = SphericalKMeans(n_clusters=10, n_restarts=n_restarts).cluster(vectors, seed=4)
        sums = [vectors[labels == c].sum(axis=0) for c in range(10)]
        return float(sum(np.linalg.norm(s) for s in sums))

    assert total(8) >= total(1) - 1e-3
