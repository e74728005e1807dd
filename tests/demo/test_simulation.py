import numpy as np
import pytest
from scipy.stats import binomtest

from semroute.demo.kinds import FRONTIER, KINDS, MODELS, Kind
from semroute.demo.phrases import Dice
from semroute.demo.simulation import NEARLY, simulate

ALL_SCORED = [1.0] * len(MODELS)
LEVEL = 0.001 / (len(KINDS) * len(MODELS))
FRONTIER_COLUMN = [model.name for model in MODELS].index(FRONTIER)


def scores_of(kind: Kind, n: int, seed: int = 5) -> np.ndarray:
    return simulate([kind] * n, ["x" * 80] * n, ALL_SCORED, Dice(seed)).scores


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_full_scores_are_as_frequent_as_the_stated_rates(kind: Kind) -> None:
    scores = scores_of(kind, 4000)
    for column, rate in enumerate(kind.rates):
        n_full = int((scores[:, column] == 1).sum())
        assert binomtest(n_full, 4000, rate).pvalue > LEVEL, MODELS[column].name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_half_scores_take_their_share_of_the_rest(kind: Kind) -> None:
    scores = scores_of(kind, 4000)
    for column, rate in enumerate(kind.rates):
        n_half = int((scores[:, column] == 0.5).sum())
        assert binomtest(n_half, 4000, NEARLY * (1 - rate)).pvalue > LEVEL, MODELS[column].name


def test_models_fail_on_the_same_queries() -> None:
    # Independent models with these rates would agree on far fewer of the frontier's failures.
    kind = next(kind for kind in KINDS if kind.name == "proofs")
    failed = scores_of(kind, 4000) < 1
    frontier, tiny = failed[:, FRONTIER_COLUMN], failed[:, -1]
    both = (frontier & tiny).mean()
    assert both > 0.95 * frontier.mean()
    assert not np.array_equal(frontier, failed[:, 1]), "yet not on exactly the same"


def test_equally_good_models_differ_by_less_than_a_quarter_of_what_independence_gives() -> None:
    kind = Kind("even", 1.0, 100, (0.8,) * len(MODELS), "query:\n    x\n")
    scores = scores_of(kind, 20_000)
    paired = (scores[:, 0] - scores[:, 1]).var()
    independent = scores[:, 0].var() + scores[:, 1].var()
    assert 0 < paired < independent / 4


def test_holes_are_as_frequent_as_the_coverage_says_and_costs_are_only_where_scores_are() -> None:
    coverage = [0.9, 0.5, 1.0, 0.2, 0.7]
    outcomes = simulate([KINDS[0]] * 5000, ["x"] * 5000, coverage, Dice(1))
    for column, share in enumerate(coverage):
        n_scored = int((~np.isnan(outcomes.scores[:, column])).sum())
        assert binomtest(n_scored, 5000, share).pvalue > 1e-4
    assert not (np.isnan(outcomes.scores) & ~np.isnan(outcomes.costs_usd)).any()


def test_costs_follow_prices_and_lengths() -> None:
    # 40 tokens of prompt and 800 / 4 of text in; 0.4 to 1.6 of the usual answer out.
    kind = Kind("even", 1.0, 100, (0.8,) * len(MODELS), "query:\n    x\n")
    costs = simulate([kind] * 2000, ["x" * 800] * 2000, ALL_SCORED, Dice(2)).costs_usd
    for column, model in enumerate(MODELS):
        known = costs[:, column][~np.isnan(costs[:, column])]
        fixed = 240 * model.usd_per_million_input_tokens
        assert known.min() >= (fixed + 40 * model.usd_per_million_output_tokens) / 1e6
        assert known.max() <= (fixed + 160 * model.usd_per_million_output_tokens) / 1e6
        middle = (fixed + 100 * model.usd_per_million_output_tokens) / 1e6
        assert known.mean() == pytest.approx(middle, rel=0.03)


def test_the_table_says_who_can_do_what() -> None:
    hard = {"concurrency", "proofs", "contract_review", "employment_law", "symptoms"}
    for kind in KINDS:
        others = [rate for at, rate in enumerate(kind.rates) if at != FRONTIER_COLUMN]
        lead = kind.rates[FRONTIER_COLUMN] - max(others)
        assert (lead > 0.1) == (kind.name in hard), kind.name
        assert len(kind.rates) == len(MODELS)
        assert all(0 < rate < 1 for rate in kind.rates)
