import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import adjusted_rand_score

from semroute.clustering import density
from semroute.clustering.contract import NOISE
from semroute.clustering.density import UMAPHDBSCAN
from tests.contracts.test_clusterers import planted


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_cluster_size": 1},
        {"min_samples": 0},
        {"n_components": 1},
        {"n_neighbors": 1},
        {"cluster_selection_method": "branch"},
        {"min_cluster_size": "many"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        UMAPHDBSCAN.model_validate(wrong)


def test_the_fewest_rows_follow_the_parameters() -> None:
    assert UMAPHDBSCAN().fewest_rows == 32
    assert UMAPHDBSCAN(min_cluster_size=20, min_samples=3).fewest_rows == 40
    assert UMAPHDBSCAN(min_cluster_size=5, min_samples=40).fewest_rows == 82


@pytest.mark.parametrize("min_cluster_size", [2, 3, 5, 8])
def test_two_groups_of_the_smallest_size_are_told_apart(min_cluster_size: int) -> None:
    clusterer = UMAPHDBSCAN(min_cluster_size=min_cluster_size)
    vectors, groups = planted(2, clusterer.fewest_rows)
    labels = clusterer.cluster(vectors, seed=0)
    assert set(labels[groups == 0].tolist()).isdisjoint(labels[groups == 1].tolist())
    assert labels.max() == 1


def test_both_selection_methods_find_the_groups() -> None:
    vectors, groups = planted(4, 160)
    for method in ("leaf", "eom"):
        labels = UMAPHDBSCAN(cluster_selection_method=method).cluster(vectors, seed=0)
        known = labels != NOISE
        pairs = set(zip(labels[known].tolist(), groups[known].tolist(), strict=True))
        assert len(pairs) == labels.max() + 1
        assert known.mean() > 0.8


def test_groups_smaller_than_the_smallest_cluster_are_not_found() -> None:
    vectors, groups = planted(2, 80)
    few = np.concatenate([np.flatnonzero(groups == 0), np.flatnonzero(groups == 1)[:3]])
    labels = UMAPHDBSCAN(min_cluster_size=10).cluster(vectors[few], seed=0)
    assert np.bincount(labels[labels != NOISE], minlength=1).min() in {0, *range(10, 44)}


def test_neighbours_found_exactly_group_rows_as_umap_does_that_compares_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors, _ = planted(5, 300)
    vectors[1:20] = vectors[0]
    by_umap = UMAPHDBSCAN().cluster(vectors, seed=0)
    monkeypatch.setattr(density, "_COMPARED_BY_UMAP", 2)
    found = UMAPHDBSCAN().cluster(vectors, seed=0)
    assert adjusted_rand_score(by_umap, found) > 0.95
    assert len(set(found[:20].tolist())) == 1


def test_the_nearest_of_many_rows_are_the_most_similar_and_copies_are_not_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(density, "_COMPARED_BY_UMAP", 2)
    vectors, _ = planted(5, 300)
    vectors[7] = vectors[3]
    nearest, apart, _ = density._nearest(vectors, 15)
    assert nearest is not None
    assert apart is not None
    similarities = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    expected = -np.sort(-similarities, axis=1)[:, :15]
    assert np.take_along_axis(similarities, nearest, axis=1) == pytest.approx(expected, abs=1e-6)
    assert apart == pytest.approx(1 - expected, abs=1e-5)
    assert np.count_nonzero(apart == 0, axis=1).tolist() == [
        2 if row in (3, 7) else 1 for row in range(300)
    ]
    assert density._nearest(vectors[:1], 1) == (None, None, None)
