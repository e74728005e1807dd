"""What every label policy promises, over every policy found in `semroute.policy`."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute import policy as policies
from semroute.evidence import estimate_loss, measure
from semroute.policy import LabelPolicy

MODELS = ("large", "medium", "small")


def _found() -> list[type[LabelPolicy]]:
    classes = (c for _, c in inspect.getmembers(policies, inspect.isclass))
    return [c for c in classes if hasattr(c, "label") and c is not LabelPolicy]


POLICIES = _found()


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with holes, costs of which some are zero, and cluster ids."""
    n = draw(st.integers(1, 60))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    scores = generator.choice([0.0, 0.5, 1.0], size=(n, 3))
    scores[generator.uniform(size=(n, 3)) < draw(st.floats(0, 1))] = np.nan
    costs = np.tile(generator.choice([0.0, 0.001, 0.02], size=3), (n, 1))
    return scores, costs, generator.integers(0, 4, size=n)


def _label(
    policy: type[LabelPolicy], scores: np.ndarray, costs: np.ndarray, ids: np.ndarray
) -> tuple[policies.Label, ...]:
    evidence = measure(scores, costs, costs, ids, 4, MODELS, "large")
    return policy(max_loss=0.05).label(evidence, estimate_loss(evidence, 0.95))


def test_at_least_one_policy_is_found() -> None:
    assert policies.BoundedLoss in POLICIES


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
class TestEveryPolicy:
    @settings(max_examples=300, deadline=None)
    @given(table=tables())
    def test_no_model_is_chosen_for_want_of_data(
        self, policy: type[LabelPolicy], table: tuple[np.ndarray, np.ndarray, np.ndarray]
    ) -> None:
        scores, costs, ids = table
        paired = ~np.isnan(scores) & ~np.isnan(scores[:, [0]])
        for cluster, label in enumerate(_label(policy, scores, costs, ids)):
            column = MODELS.index(label.model)
            if column != 0:
                assert paired[ids == cluster, column].sum() >= 2

    @settings(max_examples=100, deadline=None)
    @given(table=tables())
    def test_every_cluster_gets_a_known_model_and_reason(
        self, policy: type[LabelPolicy], table: tuple[np.ndarray, np.ndarray, np.ndarray]
    ) -> None:
        labels = _label(policy, *table)
        assert len(labels) == 4
        assert all(label.model in MODELS for label in labels)
        assert all(label.reason != "matched" or label.model != "large" for label in labels)

    def test_a_cheap_model_that_is_as_good_is_chosen(self, policy: type[LabelPolicy]) -> None:
        scores, costs = np.ones((4000, 3)), np.tile([0.02, 0.004, 0.001], (4000, 1))
        labels = _label(policy, scores, costs, np.arange(4000) % 4)
        assert {label.model for label in labels} == {"small"}

    def test_a_cheap_model_that_is_clearly_worse_is_not(self, policy: type[LabelPolicy]) -> None:
        scores, costs = np.ones((4000, 3)), np.tile([0.02, 0.004, 0.001], (4000, 1))
        scores[:, 1:] = 0.5
        labels = _label(policy, scores, costs, np.arange(4000) % 4)
        assert {label.model for label in labels} == {"large"}

    def test_one_lucky_score_buys_nothing(self, policy: type[LabelPolicy]) -> None:
        scores = np.full((400, 3), np.nan)
        scores[:, 0] = 0.9
        scores[0] = [0.0, 1.0, 1.0]
        costs = np.tile([0.02, 0.004, 0.001], (400, 1))
        labels = _label(policy, scores, costs, np.arange(400) % 4)
        assert {label.model for label in labels} == {"large"}
