"""What every clusterer promises, over every clusterer the config knows."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from sklearn.metrics import adjusted_rand_score, homogeneity_score

from semroute.clustering.contract import NOISE, Clusterer
from semroute.config import ClustererSettings
from semroute.errors import BuildError
from semroute.vectors import Vectors, unit_rows
from tests.contracts.implementations import members

CLUSTERERS = members(ClustererSettings)


def made(kind: type[Any], n_groups: int) -> Clusterer:
    """With its defaults; one that has to be told the number of clusters is told it."""
    clusterer: Clusterer = kind(
        **({"n_clusters": n_groups} if "n_clusters" in kind.model_fields else {})
    )
    return clusterer


def planted(n_groups: int, n_rows: int, dimension: int = 48) -> tuple[Vectors, NDArray[np.int64]]:
    """Groups around random directions, rows shuffled, and the group of every row."""
    generator = np.random.default_rng(5)
    centres = unit_rows(generator.standard_normal((n_groups, dimension)))
    groups = generator.permutation(np.arange(n_rows) % n_groups)
    rows = centres[groups] + 0.04 * generator.standard_normal((n_rows, dimension))
    return unit_rows(rows), groups


@pytest.mark.parametrize("kind", CLUSTERERS, ids=lambda kind: kind.__name__)
class TestEveryClusterer:
    def test_planted_groups_are_found(self, kind: type[Any]) -> None:
        vectors, groups = planted(8, 200)
        labels = made(kind, 8).cluster(vectors, seed=0)
        assert adjusted_rand_score(groups, labels) > 0.95

    def test_labels_are_one_per_row_and_numbered_without_a_gap(self, kind: type[Any]) -> None:
        vectors, _ = planted(4, 120)
        labels = made(kind, 4).cluster(vectors, seed=0)
        assert labels.shape == (120,)
        assert labels.dtype == np.int64
        used = set(labels.tolist()) - {NOISE}
        assert used == set(range(len(used)))

    def test_the_same_seed_gives_the_same_labels_and_leaves_the_rows_alone(
        self, kind: type[Any]
    ) -> None:
        vectors, _ = planted(4, 120)
        before = vectors.copy()
        first, again = (made(kind, 4).cluster(vectors, seed=3) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(vectors, before)

    def test_rows_that_occur_many_times_stay_together(self, kind: type[Any]) -> None:
        vectors, groups = planted(4, 120)
        repeated = np.concatenate([vectors, np.repeat(vectors[:4], 30, axis=0)])
        labels = made(kind, 4).cluster(repeated, seed=0)
        for row in range(4):
            copies = labels[120 + 30 * row : 150 + 30 * row]
            assert len(set(copies.tolist())) == 1
        known = labels != NOISE
        assert known.mean() > 0.5
        all_groups = np.concatenate([groups, np.repeat(groups[:4], 30)])
        assert homogeneity_score(all_groups[known], labels[known]) > 0.95

    def test_rows_that_are_all_equal_are_labelled_without_an_error(self, kind: type[Any]) -> None:
        vectors = np.tile(planted(1, 1)[0], (60, 1))
        labels = made(kind, 2).cluster(vectors, seed=0)
        assert labels.shape == (60,)
        assert set(labels.tolist()) <= {NOISE, 0, 1}

    def test_the_fewest_rows_suffice_for_a_cluster(self, kind: type[Any]) -> None:
        clusterer = made(kind, 2)
        vectors, _ = planted(2, clusterer.fewest_rows)
        assert clusterer.cluster(vectors, seed=0).max() >= 0

    def test_fewer_rows_are_refused_with_both_numbers(self, kind: type[Any]) -> None:
        clusterer = made(kind, 2)
        n_rows = clusterer.fewest_rows - 1
        with pytest.raises(BuildError, match=f"at least {n_rows + 1} queries and got {n_rows}"):
            clusterer.cluster(planted(2, n_rows)[0], seed=0)

    @pytest.mark.parametrize("damage", [np.nan, np.inf])
    def test_a_row_that_is_not_finite_is_refused_by_number(
        self, kind: type[Any], damage: float
    ) -> None:
        vectors, _ = planted(4, 120)
        vectors[17, 2] = damage
        with pytest.raises(BuildError, match=r"1 of 120 vectors .* row 17"):
            made(kind, 4).cluster(vectors, seed=0)

    def test_parameters_are_frozen_survive_json_and_refuse_unknown_names(
        self, kind: type[Any]
    ) -> None:
        clusterer = kind()
        assert kind.model_validate_json(clusterer.model_dump_json()) == clusterer
        with pytest.raises(ValidationError, match="frozen"):
            clusterer.max_sample = 7
        with pytest.raises(ValidationError, match="Extra inputs"):
            kind(sise=3)

    def test_it_says_above_how_many_rows_a_sample_is_clustered(self, kind: type[Any]) -> None:
        assert kind().max_sample == 50_000
        with pytest.raises(ValidationError, match="greater than or equal to 2"):
            kind(max_sample=1)
