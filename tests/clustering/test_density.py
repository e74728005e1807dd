import numpy as np
import pytest
from pydantic import ValidationError

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
