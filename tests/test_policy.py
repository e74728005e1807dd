"""What the policy itself decides; what every policy promises is in tests/contracts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.policy import NO_OVERRIDE, REASONS, RoutingPolicy, Traffic

LARGE, MEDIUM, SMALL = range(3)


def _policy(**changes: object) -> RoutingPolicy:
    values: dict[str, object] = {
        "frontier": LARGE,
        "tolerance": 0.02,
        "measured": np.ones((2, 3), dtype=bool),
        "overrides": np.full(2, NO_OVERRIDE),
        "ood_threshold": 0.5,
        "windows": np.full(3, np.inf),
    }
    return RoutingPolicy(**{**values, **changes})  # type: ignore[arg-type]


def _one(
    losses: tuple[float, float, float] = (0.0, 0.0, 0.0),
    costs: tuple[float, float, float] = (0.02, 0.004, 0.001),
    *,
    cluster: int = 0,
    similarity: float = 0.9,
    n_chars: int = 10,
) -> Traffic:
    return Traffic(
        cluster_ids=np.array([cluster]),
        similarities=np.array([similarity]),
        losses=np.array([losses]),
        costs_usd=np.array([costs]),
        n_chars=np.array([n_chars]),
    )


def _decide(policy: RoutingPolicy, traffic: Traffic) -> tuple[int, str]:
    found = policy.choose(traffic)
    return int(found.columns[0]), REASONS[int(found.reasons[0])]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ((0, 0.01, 0.02), (SMALL, "matched")),
        ((0, 0.01, 0.021), (MEDIUM, "matched")),
        ((0, 0.03, 0.5), (LARGE, "insufficient_evidence")),
        ((0, np.nan, np.nan), (LARGE, "insufficient_evidence")),
        ((0, np.nan, 0.0), (SMALL, "matched")),
    ],
)
def test_the_cheapest_model_within_the_tolerance_wins(
    losses: tuple[float, float, float], expected: tuple[int, str]
) -> None:
    assert _decide(_policy(), _one(losses)) == expected


def test_nothing_certified_trusts_no_estimate() -> None:
    assert _decide(_policy(tolerance=None), _one((0, -1, -1))) == (LARGE, "insufficient_evidence")


def test_a_tolerance_below_zero_asks_for_a_gain() -> None:
    policy = _policy(tolerance=-0.05)
    assert _decide(policy, _one((0, -0.06, -0.04)))[0] == MEDIUM


def test_a_model_that_costs_as_much_as_the_frontier_is_not_chosen() -> None:
    assert _decide(_policy(), _one((0, 0.5, -0.5), (0.02, 0.004, 0.02)))[0] == LARGE


def test_of_two_equally_cheap_models_the_better_one_wins() -> None:
    assert _decide(_policy(), _one((0, -0.02, 0.0), (0.02, 0.001, 0.001)))[0] == MEDIUM


def test_equal_costs_that_were_rounded_apart_are_equal() -> None:
    below = np.nextafter(0.02, 0.0), np.nextafter(0.001, 0.0)
    assert _decide(_policy(), _one((0, 0.5, -0.5), (0.02, 0.004, below[0])))[0] == LARGE
    assert _decide(_policy(), _one((0, -0.02, 0.0), (0.02, 0.001, below[1])))[0] == MEDIUM


def test_a_model_not_measured_on_the_nearest_cluster_is_not_chosen() -> None:
    measured = np.array([[True, True, False], [True, True, True]])
    assert _decide(_policy(measured=measured), _one())[0] == MEDIUM
    assert _decide(_policy(measured=measured), _one(cluster=1))[0] == SMALL


def test_a_free_model_still_needs_evidence() -> None:
    assert _decide(_policy(), _one((0, 0.5, 0.5), (0.02, 0.004, 0.0)))[0] == LARGE


def test_an_analysts_label_of_the_nearest_cluster_wins() -> None:
    policy = _policy(overrides=np.array([MEDIUM, NO_OVERRIDE]))
    assert _decide(policy, _one((0, 1, 1))) == (MEDIUM, "override")
    assert _decide(policy, _one((0, 1, 0), cluster=1)) == (SMALL, "matched")


def test_a_label_does_not_catch_unknown_text() -> None:
    policy = _policy(overrides=np.array([SMALL, SMALL]))
    assert _decide(policy, _one(similarity=0.49)) == (LARGE, "ood")
    assert _decide(policy, _one(similarity=float("nan"))) == (LARGE, "ood")
    assert _decide(policy, _one(similarity=0.5)) == (SMALL, "override")


def test_a_request_that_may_not_fit_goes_to_the_frontier() -> None:
    policy = _policy(windows=np.array([np.inf, np.inf, 100.0]))
    assert _decide(policy, _one(n_chars=200)) == (SMALL, "matched")
    assert _decide(policy, _one(n_chars=201)) == (LARGE, "too_long")


def _brute_force(policy: RoutingPolicy, traffic: Traffic, row: int) -> int:
    cluster = traffic.cluster_ids[row]
    losses, costs = traffic.losses[row], traffic.costs_usd[row]
    if not traffic.similarities[row] >= policy.ood_threshold:
        return policy.frontier
    best = policy.frontier
    for model in range(3):
        good = losses[model] <= policy.tolerance and policy.measured[cluster, model]
        if not good or costs[model] >= costs[policy.frontier]:
            continue
        same = costs[model] == costs[best]
        if costs[model] < costs[best] or (same and losses[model] < losses[best]):
            best = model
    if policy.overrides[cluster] != NO_OVERRIDE:
        best = int(policy.overrides[cluster])
    return policy.frontier if traffic.n_chars[row] / 2 > policy.windows[best] else best


@given(st.integers(0, 2**32 - 1))
def test_it_decides_as_a_plain_loop_over_the_models(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 40
    losses = random.choice([-0.1, 0.0, 0.02, 0.1, np.nan], size=(n, 3))
    losses[:, LARGE] = 0.0
    traffic = Traffic(
        cluster_ids=random.integers(0, 2, n),
        similarities=random.choice([0.4, 0.5, 0.9, np.nan], size=n),
        losses=losses,
        costs_usd=random.choice([0.0, 0.001, 0.02], size=(n, 3)),
        n_chars=random.integers(0, 400, n),
    )
    policy = _policy(
        measured=random.uniform(size=(2, 3)) < 0.7,
        overrides=random.choice([NO_OVERRIDE, NO_OVERRIDE, 0, 1, 2], size=2),
        windows=random.choice([100.0, np.inf], size=3),
        tolerance=float(random.choice([-0.05, 0.0, 0.02, 1.0])),
    )
    found = policy.choose(traffic).columns.tolist()
    assert found == [_brute_force(policy, traffic, row) for row in range(n)]
