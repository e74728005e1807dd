"""What the policy itself decides; what every policy promises is in tests/contracts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.ood import SimilarityThreshold
from semroute.policy import LEAST_TOLERANCE, NO_OVERRIDE, REASONS, RoutingPolicy, Traffic

LARGE, MEDIUM, SMALL = range(3)


def _policy(**changes: object) -> RoutingPolicy:
    values: dict[str, object] = {
        "frontier": LARGE,
        "tolerance": 0.02,
        "measured": np.ones((2, 3), dtype=bool),
        "overrides": np.full(2, NO_OVERRIDE),
        "ood_rule": SimilarityThreshold(0.5),
        "windows": np.full(3, np.inf),
        "usual_cost_usd": 0.02,
    }
    return RoutingPolicy(**{**values, **changes})  # type: ignore[arg-type]  # mixed values


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
    decided = int(found.columns[0]), REASONS[int(found.reasons[0])]
    assert policy.choose_one(*(part.tolist()[0] for part in vars(traffic).values())) == decided
    return decided


def test_where_nothing_cheaper_may_answer_the_frontier_does_wherever_it_is_in_the_config() -> None:
    nowhere = np.zeros((2, 3), dtype=bool)
    for frontier in (LARGE, MEDIUM, SMALL):
        policy = _policy(frontier=frontier, measured=nowhere)
        assert _decide(policy, _one()) == (frontier, "insufficient_evidence")


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        # At 0.02 for all of the frontier's cost, what MEDIUM saves pays for 0.016, SMALL for 0.019.
        ((0, 0.01, 0.012), (SMALL, "matched")),
        ((0, 0.01, 0.014), (MEDIUM, "matched")),
        ((0, 0.015, 0.5), (MEDIUM, "matched")),
        ((0, 0.017, 0.5), (LARGE, "insufficient_evidence")),
        ((0, 0.5, 0.018), (SMALL, "matched")),
        ((0, 0.5, 0.02), (LARGE, "insufficient_evidence")),
        ((0, np.nan, np.nan), (LARGE, "insufficient_evidence")),
        ((0, np.nan, 0.0), (SMALL, "matched")),
    ],
)
def test_the_model_that_trades_score_for_cost_best_at_the_tolerance_wins(
    losses: tuple[float, float, float], expected: tuple[int, str]
) -> None:
    assert _decide(_policy(), _one(losses)) == expected


def test_nothing_certified_trusts_no_estimate() -> None:
    assert _decide(_policy(tolerance=None), _one((0, -1, -1))) == (LARGE, "insufficient_evidence")


def test_a_tolerance_below_zero_asks_for_a_gain() -> None:
    policy = _policy(tolerance=-0.05)
    assert _decide(policy, _one((0, -0.06, -0.04)))[0] == MEDIUM
    assert _decide(policy, _one((0, -0.04, -0.04)))[0] == LARGE


def test_what_is_saved_counts_in_usual_requests_of_the_frontier() -> None:
    dear, cheap = (0.04, 0.02, 0.02), (0.01, 0.0, 0.005)
    assert _decide(_policy(), _one((0, 0.019, 1), dear))[0] == MEDIUM
    assert _decide(_policy(), _one((0, 0.019, 1), cheap))[0] == LARGE
    assert _decide(_policy(usual_cost_usd=0.01), _one((0, 0.019, 1), cheap))[0] == MEDIUM


def test_a_request_of_a_huge_cost_counts_as_one_of_the_most_that_counts() -> None:
    """At three times the usual cost the models that save all but a fifth pay for 0.048."""
    huge, policy = (2.0, 0.4, 0.4), _policy(most_cost_usd=0.06)
    assert policy.accepted_losses(np.array([huge]))[0, 1:] == pytest.approx([0.048, 0.048])
    assert _decide(policy, _one((0, 0.047, 1), huge))[0] == MEDIUM
    assert _decide(policy, _one((0, 0.049, 1), huge))[0] == LARGE
    assert _decide(_policy(), _one((0, 0.9, 1), huge))[0] == MEDIUM
    assert _decide(policy, _one((0, 0.047, 1), (0.06, 0.012, 0.012)))[0] == MEDIUM


@pytest.mark.parametrize("tolerance", [-0.05, 0.0])
def test_of_models_expected_to_lose_the_same_the_cheaper_wins(tolerance: float) -> None:
    assert _decide(_policy(tolerance=tolerance), _one((0, -0.1, -0.1)))[0] == SMALL


def test_a_model_as_good_as_the_frontier_wins_without_any_tolerance() -> None:
    assert _decide(_policy(tolerance=0.0), _one((0, 0.1, 0.0)))[0] == SMALL


def test_where_the_frontier_is_free_it_answers() -> None:
    policy = _policy(usual_cost_usd=0.0)
    assert _decide(policy, _one((0, -0.5, -0.5), (0.0, 0.0, 0.0)))[0] == LARGE


def test_a_model_is_chosen_up_to_the_loss_that_is_accepted_of_it() -> None:
    for tolerance in (-0.05, 0.0, 0.02):
        policy = _policy(tolerance=tolerance)
        costs = np.array([[0.02, 0.004, 0.001]])
        accepted = policy.accepted_losses(costs)[0]
        assert np.isnan(accepted[LARGE])
        assert policy.accepted_one(0, costs[0].tolist()) == [None, *accepted[1:].tolist()]
        for model in (MEDIUM, SMALL):
            for more, expected in ((-1e-12, model), (1e-12, LARGE)):
                losses = np.ones(3)
                losses[model] = accepted[model] + more
                assert _decide(policy, _one(tuple(losses)))[0] == expected
    assert np.isnan(_policy(tolerance=None).accepted_losses(costs)).all()
    assert _policy(tolerance=None).accepted_one(0, costs[0].tolist()) == [None] * 3
    assert np.isnan(_policy().accepted_losses(np.full((1, 3), 0.02))).all()


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
    assert _decide(policy, _one(n_chars=201)) == (MEDIUM, "matched")
    both = replace(policy, windows=np.array([np.inf, 100.0, 100.0]))
    assert _decide(both, _one(n_chars=201)) == (LARGE, "too_long")
    assert _decide(policy, _one((0, 0.1, 0), n_chars=201)) == (LARGE, "too_long")
    as_before = replace(policy, passes_on_too_long=False)
    assert _decide(as_before, _one(n_chars=201)) == (LARGE, "too_long")


def test_a_request_that_may_not_fit_the_analysts_model_goes_to_the_frontier() -> None:
    """Nobody said that another cheap model would do."""
    of_analyst = np.array([SMALL, NO_OVERRIDE])
    policy = _policy(windows=np.array([np.inf, np.inf, 100.0]), overrides=of_analyst)
    assert _decide(policy, _one(n_chars=200)) == (SMALL, "override")
    assert _decide(policy, _one(n_chars=201)) == (LARGE, "too_long")


def test_a_request_that_may_not_fit_the_frontier_goes_there_if_no_other_model_is_defended() -> None:
    policy = _policy(windows=np.array([100.0, np.inf, np.inf]))
    assert _decide(policy, _one((0, 0.1, 0.1), n_chars=201)) == (LARGE, "too_long")
    assert _decide(policy, _one((0, 0.1, 0.0), n_chars=201)) == (SMALL, "matched")


def _brute_force(policy: RoutingPolicy, traffic: Traffic, row: int) -> int:
    cluster = traffic.cluster_ids[row]
    if not traffic.similarities[row] >= 0.5:
        return policy.frontier
    fitting = [m for m in range(3) if traffic.n_chars[row] / 2 <= policy.windows[m]]
    if policy.overrides[cluster] != NO_OVERRIDE:
        chosen = int(policy.overrides[cluster])
        return chosen if chosen in fitting else policy.frontier
    if policy.passes_on_too_long:
        return _best(policy, traffic, row, fitting)
    best = _best(policy, traffic, row, [0, 1, 2])
    return best if best in fitting else policy.frontier


def _best(policy: RoutingPolicy, traffic: Traffic, row: int, models: list[int]) -> int:
    cluster, losses, costs = (
        traffic.cluster_ids[row],
        traffic.losses[row],
        traffic.costs_usd[row],
    )
    best, most = policy.frontier, max(-policy.tolerance, 0.0)
    for model in models:
        saved = costs[policy.frontier] - costs[model]
        price = max(policy.tolerance, LEAST_TOLERANCE) / policy.usual_cost_usd
        if costs[policy.frontier] > policy.most_cost_usd:
            price *= policy.most_cost_usd / costs[policy.frontier]
        gain = price * saved - losses[model]
        better = gain > most or (gain == most and best == policy.frontier)
        if policy.measured[cluster, model] and saved > 0 and better:
            best, most = model, gain
    return best


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
        windows=random.choice([100.0, 150.0, np.inf], size=3),
        passes_on_too_long=bool(random.integers(2)),
        tolerance=float(random.choice([-0.05, 0.0, 0.02, 1.0])),
        most_cost_usd=float(random.choice([0.0005, 0.015, np.inf])),
    )
    found = policy.choose(traffic).columns.tolist()
    assert found == [_brute_force(policy, traffic, row) for row in range(n)]


def _estimates(seed: int, n: int = 60) -> Traffic:
    random = np.random.default_rng(seed)
    losses = random.normal(0.05, 0.1, size=(n, 3))
    losses[:, LARGE] = 0.0
    return Traffic(
        cluster_ids=np.zeros(n, dtype=np.int64),
        similarities=np.ones(n),
        losses=losses,
        costs_usd=random.uniform(size=(n, 3)) * [0.04, 0.02, 0.02],
        n_chars=np.zeros(n, dtype=np.int64),
    )


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, np.inf]))
def test_a_larger_tolerance_never_costs_more_nor_promises_less_loss(
    seed: int, most_cost_usd: float
) -> None:
    traffic, rows = _estimates(seed), np.arange(60)
    steps = np.linspace(-0.5, 1.0, 31)
    policies = [_policy(tolerance=float(t), most_cost_usd=most_cost_usd) for t in steps]
    chosen = [policy.choose(traffic).columns for policy in policies]
    costs = np.array([traffic.costs_usd[rows, columns] for columns in chosen])
    losses = np.array([traffic.losses[rows, columns] for columns in chosen])
    assert (np.diff(costs, axis=0) <= 0).all()
    assert (np.diff(losses[steps >= 0], axis=0) >= 0).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.001, 1))
def test_no_other_choice_saves_more_at_the_same_expected_loss(seed: int, tolerance: float) -> None:
    traffic, rows = _estimates(seed), np.arange(60)
    columns = _policy(tolerance=tolerance).choose(traffic).columns
    cost, loss = traffic.costs_usd[rows, columns], traffic.losses[rows, columns]
    cheaper = traffic.costs_usd < traffic.costs_usd[:, [LARGE]]
    allowed = np.where(cheaper | (np.arange(3) == LARGE), traffic.losses, np.inf)
    # The most that can be saved if choices may be mixed, by weak duality: no choice beats it.
    price = tolerance / 0.02
    bound = (allowed + price * traffic.costs_usd).min(axis=1).sum()
    assert loss.sum() + price * cost.sum() == pytest.approx(bound)


@given(st.integers(0, 2**32 - 1), st.floats(-0.5, 1))
def test_with_one_cheaper_model_at_fixed_costs_it_is_a_limit_to_the_expected_loss(
    seed: int, tolerance: float
) -> None:
    losses = np.random.default_rng(seed).normal(0.05, 0.1, size=(60, 3))
    traffic = replace(
        _estimates(seed), losses=losses, costs_usd=np.tile([0.02, 0.02, 0.005], (60, 1))
    )
    limit = 0.75 * tolerance if tolerance > 0 else tolerance
    chosen = _policy(tolerance=tolerance).choose(traffic).columns
    assert chosen.tolist() == np.where(losses[:, SMALL] <= limit, SMALL, LARGE).tolist()
