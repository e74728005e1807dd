"""Clusters of a log: what is sampled, where rows go, and how clusters are numbered."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.clustering.contract import NOISE
from semroute.clusters import group, sample_rows
from semroute.errors import BuildError
from semroute.index import CentroidIndex
from semroute.vectors import Vectors, unit_rows


def rows_around(centres: list[int], n_each: int, dimension: int = 12, seed: int = 0) -> Vectors:
    """Rows around axes of the space, `n_each` for each entry of `centres`."""
    generator = np.random.default_rng(seed)
    axes = np.eye(dimension)[np.repeat(centres, n_each)]
    return unit_rows(axes + 0.05 * generator.standard_normal(axes.shape))


def numbered(n: int) -> list[str]:
    return [f"text {i:05d}" for i in range(n)]


# Sampling


@given(st.integers(0, 500), st.integers(1, 600), st.integers(0, 2**32 - 1))
def test_a_sample_has_no_row_twice_and_is_the_same_for_the_same_seed(
    n_rows: int, max_sample: int, seed: int
) -> None:
    rows = sample_rows(n_rows, max_sample, seed)
    assert len(rows) == min(n_rows, max_sample)
    assert (np.diff(rows) > 0).all()
    assert set(rows.tolist()) <= set(range(n_rows))
    np.testing.assert_array_equal(rows, sample_rows(n_rows, max_sample, seed))


def test_another_seed_takes_another_sample() -> None:
    assert not np.array_equal(sample_rows(1_000, 100, 1), sample_rows(1_000, 100, 2))


# Grouping


@st.composite
def labelled(draw: st.DrawFn) -> tuple[Vectors, np.ndarray, np.ndarray]:
    """Rows, which of them were clustered, and labels with noise, one cluster at least."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k = draw(st.integers(1, 60)), draw(st.integers(1, 6))
    vectors = unit_rows(generator.standard_normal((n, 5)))
    fit_rows = np.flatnonzero(generator.uniform(size=n) < draw(st.floats(0.1, 1)))
    fit_rows = fit_rows if fit_rows.size else np.array([0])
    labels = generator.integers(-1, k, size=len(fit_rows))
    labels[0] = max(labels[0], 0)
    return vectors, fit_rows, np.unique(np.r_[-1, labels], return_inverse=True)[1][1:] - 1


@settings(deadline=None)
@given(labelled())
def test_grouping_agrees_with_a_slow_and_plain_computation(
    drawn: tuple[Vectors, np.ndarray, np.ndarray],
) -> None:
    vectors, fit_rows, labels = drawn
    keys = numbered(len(vectors))
    found = group(vectors, fit_rows, labels, keys)

    means = {}
    for label in sorted(set(labels.tolist()) - {NOISE}):
        mean = vectors[fit_rows[labels == label]].astype(np.float64).mean(axis=0)
        means[label] = mean / np.linalg.norm(mean)
    nearest = [max(means, key=lambda c: means[c] @ row) for row in vectors.astype(np.float64)]
    sizes = {label: nearest.count(label) for label in means if label in nearest}

    assert np.bincount(found.cluster_ids).tolist() == sorted(sizes.values(), reverse=True)
    np.testing.assert_allclose(
        found.centroids[found.cluster_ids], [means[label] for label in nearest], atol=1e-6
    )
    np.testing.assert_allclose(
        found.similarities, (found.centroids[found.cluster_ids] * vectors).sum(axis=1), atol=1e-6
    )
    assert found.n_noise == (labels == NOISE).sum()
    for cluster, medoid in enumerate(found.medoids):
        members = np.flatnonzero(found.cluster_ids == cluster)
        assert medoid in members
        assert found.similarities[medoid] >= found.similarities[members].max() - 2e-6


def test_noise_and_rows_that_were_not_clustered_go_to_the_nearest_centroid() -> None:
    vectors = rows_around([0, 1], 10)
    labels = np.repeat([0, 1], 5)
    fit_rows = np.r_[0:5, 10:15]
    labels[[4, 9]] = NOISE
    found = group(vectors, fit_rows, labels, numbered(20))
    assert len(set(found.cluster_ids[:10].tolist())) == 1
    assert len(set(found.cluster_ids[10:].tolist())) == 1
    assert found.cluster_ids[0] != found.cluster_ids[10]
    assert found.n_noise == 2


def test_clusters_are_numbered_by_size_then_by_the_tie_breaker_of_the_medoid() -> None:
    vectors = np.concatenate([rows_around([0], 4), rows_around([1, 2], 8, seed=1)])
    labels = np.repeat([0, 1, 2], [4, 8, 8])
    keys = ["z"] * 4 + ["y"] * 8 + ["x"] * 8
    found = group(vectors, np.arange(20), labels, keys)
    assert np.bincount(found.cluster_ids).tolist() == [8, 8, 4]
    assert [keys[medoid] for medoid in found.medoids] == ["x", "y", "z"]


def test_the_order_of_rows_renames_no_cluster() -> None:
    vectors, keys = rows_around([0, 1, 2, 3], 15), numbered(60)
    labels = np.repeat([0, 1, 2, 3], 15)
    first = group(vectors, np.arange(60), labels, keys)
    order = np.random.default_rng(1).permutation(60)
    renamed = np.array([2, 0, 3, 1])[labels[order]]
    again = group(vectors[order], np.arange(60), renamed, [keys[row] for row in order])
    np.testing.assert_array_equal(again.cluster_ids, first.cluster_ids[order])
    np.testing.assert_array_equal(order[again.medoids], first.medoids)
    np.testing.assert_allclose(again.centroids, first.centroids, atol=1e-6)


def test_similarities_are_those_of_serving_to_the_last_bit() -> None:
    vectors = unit_rows(np.random.default_rng(0).standard_normal((200, 384)))
    labels = np.repeat(np.arange(10), 20)
    found = group(vectors, np.arange(200), labels, numbered(200))
    index = CentroidIndex(found.centroids)
    served = np.array([index.search(row[None], 5).similarities[0, 0] for row in vectors])
    np.testing.assert_array_equal(found.similarities, served)


def test_of_members_equally_near_the_first_tie_breaker_is_the_medoid() -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32)[:1], 4, axis=0)
    found = group(vectors, np.arange(4), np.zeros(4, np.int64), ["d", "b", "a", "c"])
    assert found.medoids.tolist() == [2]


def test_a_cluster_that_is_nearest_to_no_row_is_dropped() -> None:
    # Two clusters of the same mean: the first wins every row.
    vectors = np.tile(rows_around([0], 2), (2, 1))
    found = group(vectors, np.arange(4), np.array([0, 0, 1, 1]), list("abcd"))
    assert len(found.centroids) == 1
    assert found.cluster_ids.tolist() == [0, 0, 0, 0]


def test_members_in_opposite_directions_make_no_centroid() -> None:
    vectors = np.array([[1, 0], [-1, 0], [0, 1], [0, 1]], dtype=np.float32)
    found = group(vectors, np.arange(4), np.array([0, 0, 1, 1]), list("abcd"))
    np.testing.assert_allclose(found.centroids, [[0, 1]], atol=1e-7)


def test_a_log_that_is_all_noise_is_refused_with_the_way_out() -> None:
    vectors = rows_around([0], 5)
    with pytest.raises(BuildError, match=r"none of the 5 .* lower min_cluster_size"):
        group(vectors, np.arange(5), np.full(5, NOISE), numbered(5))
