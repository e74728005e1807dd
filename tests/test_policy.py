"""What the policy itself decides; what every policy promises is in tests/contracts."""

import numpy as np
import pytest

from semroute.evidence import Evidence, LossEstimate
from semroute.policy import BoundedLoss, Label

MODELS = ("large", "medium", "small")


def _label(
    bounds: list[float],
    *,
    costs: tuple[float, ...] = (0.02, 0.004, 0.001),
    pairs: int = 50,
    expected: list[float] | None = None,
) -> Label:
    n_paired = np.full((1, 3), pairs)
    evidence = Evidence(
        models=MODELS,
        frontier="large",
        size=np.array([100]),
        n_scored=n_paired,
        mean_score=np.full((1, 3), 0.5),
        n_paired=n_paired,
        mean_loss=np.zeros((1, 3)),
        loss_variance=np.zeros((1, 3)),
        mean_cost_usd=np.array([costs]),
    )
    estimate = LossEstimate(np.array([expected or bounds]), np.array([bounds]))
    return BoundedLoss(max_loss=0.02).label(evidence, estimate)[0]


@pytest.mark.parametrize(
    ("bounds", "model", "reason"),
    [
        ([0, 0.01, 0.02], "small", "matched"),
        ([0, 0.01, 0.021], "medium", "matched"),
        ([0, 0.03, 0.5], "large", "insufficient_evidence"),
        ([0, float("nan"), float("inf")], "large", "insufficient_evidence"),
    ],
)
def test_the_cheapest_model_within_the_bound_wins(
    bounds: list[float], model: str, reason: str
) -> None:
    assert _label(bounds) == Label(model, reason)


def test_a_model_that_costs_as_much_as_the_frontier_is_not_chosen() -> None:
    assert _label([0, 0.5, -0.5], costs=(0.02, 0.004, 0.02)).model == "large"


def test_of_two_equally_cheap_models_the_better_one_wins() -> None:
    label = _label([0, 0.01, 0.01], costs=(0.02, 0.001, 0.001), expected=[0, -0.02, 0.0])
    assert label.model == "medium"


def test_fewer_than_five_pairs_are_no_evidence() -> None:
    assert _label([0, -0.5, -0.5], pairs=4).reason == "insufficient_evidence"
    assert _label([0, -0.5, -0.5], pairs=5).reason == "matched"


def test_a_free_model_still_needs_evidence() -> None:
    assert _label([0, 0.5, 0.5], costs=(0.02, 0.004, 0.0)).model == "large"
