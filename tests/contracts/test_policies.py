"""What every policy promises, over every policy found in `semroute.policy`.

Each is judged behind the estimator it is served with: no model is ever chosen for want of data.
"""

import inspect
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute import policy as policies
from semroute.estimator import FitRows, fit_estimator
from semroute.evidence import measure
from semroute.features import FEATURES
from semroute.index import CentroidIndex
from semroute.ood import SimilarityThreshold
from semroute.policy import FEWEST_PAIRS, NO_OVERRIDE, Choices, Policy, Traffic
from semroute.vectors import unit_rows

MODELS = ("large", "medium", "small")
N_CLUSTERS, DIMENSION = 4, 8
TOLERANCE = 0.05


class Table(NamedTuple):
    """A log: `scores` and `costs` (n, 3), the cluster of each query, and how hard it looks."""

    scores: np.ndarray
    costs: np.ndarray
    ids: np.ndarray
    hardness: np.ndarray | float = 0.0


def _found() -> list[type[Policy]]:
    classes = (c for _, c in inspect.getmembers(policies, inspect.isclass))
    return [c for c in classes if hasattr(c, "choose") and c is not Policy]


POLICIES = _found()


@st.composite
def tables(draw: st.DrawFn, *, is_large: bool = False) -> Table:
    """Scores with holes, costs of which some are zero, and cluster ids.

    In large tables queries look as hard as they are, so that estimates mostly have a curve.
    """
    n = draw(st.integers(600, 1_200) if is_large else st.integers(1, 80))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    scores = generator.choice([0.0, 0.5, 1.0], size=(n, 3))
    hardness = generator.normal(size=n)
    if is_large:
        failing = 1 / (1 + np.exp(-4 * (hardness[:, None] - generator.uniform(-1, 1, size=3))))
        scores = (generator.uniform(size=(n, 3)) > failing).astype(np.float64)
    scores[generator.uniform(size=(n, 3)) < draw(st.floats(0, 1))] = np.nan
    costs = np.tile(generator.choice([0.0, 0.001, 0.02], size=3), (n, 1))
    return Table(scores, costs, generator.integers(0, N_CLUSTERS, size=n), hardness)


def _choose(policy: type[Policy], table: Table) -> tuple[Traffic, Choices]:
    """Fit on a table, then route its own queries."""
    scores, costs, ids, hardness = table
    n = len(ids)
    centroids = unit_rows(np.random.default_rng(1).standard_normal((N_CLUSTERS, DIMENSION)))
    near = CentroidIndex(centroids).search(centroids[ids], N_CLUSTERS)
    losses = scores[:, [0]] - scores
    losses[:, 0] = 0.0
    features, folds, n_chars = np.zeros((n, len(FEATURES))), np.arange(n) % 4, np.full(n, 10)
    features[:, 0] = hardness
    vectors, hidden = centroids[ids], centroids[ids][:, :0]
    rows = FitRows(
        near.cluster_ids,
        near.similarities,
        vectors,
        hidden,
        features,
        losses,
        costs,
        n_chars,
        folds,
        scores[:, 0],
    )
    estimator = fit_estimator(rows, N_CLUSTERS, MODELS, "large")
    at = near.cluster_ids, near.similarities, centroids[ids], features
    found = estimator.estimate(*at, n_chars)
    evidence = measure(scores, costs, ids, N_CLUSTERS, MODELS, "large")
    traffic = Traffic(
        near.cluster_ids[:, 0],
        near.similarities[:, 0],
        found.losses,
        found.costs_usd,
        n_chars,
    )
    chosen = policy(
        frontier=0,
        tolerance=TOLERANCE,
        measured=evidence.n_paired >= FEWEST_PAIRS,
        overrides=np.full(N_CLUSTERS, NO_OVERRIDE),
        ood_rule=SimilarityThreshold(0.0),
        windows=np.full(3, np.inf),
        usual_cost_usd=float(costs[:, 0].mean()),
    ).choose(traffic)
    return traffic, chosen


def test_at_least_one_policy_is_found() -> None:
    assert policies.RoutingPolicy in POLICIES


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
class TestEveryPolicy:
    @settings(max_examples=60, deadline=None)
    @given(table=tables())
    def test_no_model_is_chosen_for_want_of_data(self, policy: type[Policy], table: Table) -> None:
        self._assert_none_is_chosen_for_want_of_data(policy, table)

    @settings(max_examples=10, deadline=None)
    @given(table=tables(is_large=True))
    def test_no_model_is_chosen_for_want_of_data_where_estimates_have_a_curve(
        self, policy: type[Policy], table: Table
    ) -> None:
        self._assert_none_is_chosen_for_want_of_data(policy, table)

    def _assert_none_is_chosen_for_want_of_data(self, policy: type[Policy], table: Table) -> None:
        scores, costs, ids, _ = table
        paired = ~np.isnan(scores) & ~np.isnan(scores[:, [0]])
        _, chosen = _choose(policy, table)
        for cluster, column in zip(ids, chosen.columns, strict=True):
            if column != 0:
                assert paired[ids == cluster, column].sum() >= FEWEST_PAIRS
                assert paired[:, column].sum() >= 30
                assert costs[0, column] < costs[0, 0]

    @settings(max_examples=30, deadline=None)
    @given(table=tables())
    def test_every_text_gets_a_known_model_and_reason(
        self, policy: type[Policy], table: Table
    ) -> None:
        traffic, chosen = _choose(policy, table)
        assert chosen.columns.shape == chosen.reasons.shape == traffic.cluster_ids.shape
        reasons = [policies.REASONS[reason] for reason in chosen.reasons]
        for column, reason in zip(chosen.columns, reasons, strict=True):
            assert (reason == "matched") == (column != 0)

    @settings(max_examples=30, deadline=None)
    @given(table=tables(), more=st.floats(0, 1))
    def test_a_text_does_not_depend_on_the_others(
        self, policy: type[Policy], table: Table, more: float
    ) -> None:
        traffic, _ = _choose(policy, table)
        rule = policy(
            frontier=0,
            tolerance=more,
            measured=np.ones((N_CLUSTERS, 3), dtype=bool),
            overrides=np.array([NO_OVERRIDE, 1, NO_OVERRIDE, 2]),
            ood_rule=SimilarityThreshold(0.5),
            windows=np.full(3, np.inf),
            usual_cost_usd=0.01,
        )
        together = rule.choose(traffic).columns.tolist()
        parts = vars(traffic).values()
        for row in range(len(together)):
            alone = Traffic(*(part[[row]] for part in parts))
            assert rule.choose(alone).columns.tolist() == [together[row]]

    @given(
        seed=st.integers(0, 2**32 - 1),
        tolerance=st.none() | st.floats(-0.5, 1),
        ood_threshold=st.floats(0, 1),
        kind=st.sampled_from([np.float32, np.float64]),
    )
    def test_one_text_is_decided_as_a_row_among_others(
        self,
        policy: type[Policy],
        seed: int,
        tolerance: float | None,
        ood_threshold: float,
        kind: type[np.floating],
    ) -> None:
        generator = np.random.default_rng(seed)
        rule = policy(
            frontier=0,
            tolerance=tolerance,
            measured=generator.uniform(size=(N_CLUSTERS, 3)) < 0.8,
            overrides=generator.choice([NO_OVERRIDE, NO_OVERRIDE, 0, 2], size=N_CLUSTERS),
            ood_rule=SimilarityThreshold(ood_threshold),
            windows=generator.choice([1.0, 100.0, 150.0, np.inf], size=3),
            passes_on_too_long=bool(generator.integers(2)),
            usual_cost_usd=generator.choice([0.0, 0.01]),
            most_cost_usd=generator.choice([0.0, 0.015, np.inf]),
        )
        traffic = Traffic(
            cluster_ids=generator.integers(0, N_CLUSTERS, size=30),
            similarities=generator.choice([ood_threshold, 0.5, np.nan], size=30).astype(kind),
            losses=generator.choice([-0.1, 0.0, 0.01, 0.3, np.nan], size=(30, 3)),
            costs_usd=generator.choice([0.0, 0.001, 0.02], size=(30, 3)),
            n_chars=generator.integers(1, 400, size=30),
        )
        together = rule.choose(traffic)
        rows = zip(*(part.tolist() for part in vars(traffic).values()), strict=True)
        expected = [policies.REASONS[reason] for reason in together.reasons]
        assert [rule.choose_one(*row) for row in rows] == list(
            zip(together.columns.tolist(), expected, strict=True)
        )

    def test_a_cheap_model_that_is_as_good_is_chosen(self, policy: type[Policy]) -> None:
        scores, costs = np.ones((400, 3)), np.tile([0.02, 0.004, 0.001], (400, 1))
        _, chosen = _choose(policy, Table(scores, costs, np.arange(400) % 4))
        assert set(chosen.columns.tolist()) == {2}

    def test_a_cheap_model_that_is_clearly_worse_is_not(self, policy: type[Policy]) -> None:
        scores, costs = np.ones((400, 3)), np.tile([0.02, 0.004, 0.001], (400, 1))
        scores[:, 1:] = 0.5
        _, chosen = _choose(policy, Table(scores, costs, np.arange(400) % 4))
        assert set(chosen.columns.tolist()) == {0}

    def test_one_lucky_score_buys_nothing(self, policy: type[Policy]) -> None:
        scores = np.full((400, 3), np.nan)
        scores[:, 0] = 0.9
        scores[0] = [0.0, 1.0, 1.0]
        costs = np.tile([0.02, 0.004, 0.0], (400, 1))
        _, chosen = _choose(policy, Table(scores, costs, np.arange(400) % 4))
        assert set(chosen.columns.tolist()) == {0}

    def test_models_as_dear_as_the_frontier_are_never_chosen(self, policy: type[Policy]) -> None:
        scores, costs = np.ones((400, 3)), np.full((400, 3), 0.02)
        _, chosen = _choose(policy, Table(scores, costs, np.arange(400) % 4))
        assert set(chosen.columns.tolist()) == {0}
