"""What is told of a plan of scores to buy."""

import re
from dataclasses import replace

import pytest

from semroute.cli.planning import print_plan
from semroute.planning import EvalPlan, Portion
from semroute.planning.files import Wanted


def test_where_every_score_is_known_there_is_nothing_to_buy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = EvalPlan(
        "v1", 60, n_queries=20, n_new=0, n_known=60, n_missing=0, scores=(), portions=()
    )
    print_plan(done, budget=10)
    assert capsys.readouterr().out.splitlines() == [
        "0 scores to buy of 0 missing; 60 are known",
        (
            "10 of the budget of 10 need not be spent: no more are missing, "
            "so add newer queries to the log to plan further"
        ),
    ]


@pytest.mark.parametrize("n_portions", [1, 2, 10, 47])
def test_what_is_shown_of_a_long_plan_reaches_to_its_end(
    n_portions: int, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = Wanted("q", "small", "label", 7, "c", "name")
    bought = tuple(Portion(100 * (k + 1), k, None, 0.1) for k in range(n_portions))
    found = EvalPlan("v1", 0, 9, None, 0, 9_000, (wanted,) * (100 * n_portions), bought)
    print_plan(found, budget=100 * n_portions)
    _, _, table = capsys.readouterr().out.partition("scores bought")
    lines = table.replace(",", "").splitlines()
    shown = [int(match[1]) for line in lines if (match := re.match(r" *(\d+00) ", line))]
    assert shown == sorted(set(shown))
    assert len(shown) == min(n_portions, 10)
    assert (shown[0], shown[-1]) == (100, 100 * n_portions)


def test_a_label_value_too_small_to_show_is_not_shown_as_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = (Wanted("q", "small", "label", 7, "c", "name"),)
    values = (0.0, 2.4e-7, 0.00123)
    steps = tuple(Portion(number, 1, 0.1, value) for number, value in enumerate(values))
    print_plan(EvalPlan("v1", 0, 9, None, 0, 9, wanted, steps), budget=2)
    _, _, table = capsys.readouterr().out.partition("label value\n")
    assert [line.split()[-1] for line in table.splitlines()[:3]] == ["0", "<0.00001", "0.00123"]


def test_a_plan_names_the_models_that_answer_nothing_so_far(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = (Wanted("q1", "small", "certificate", 0, "k0", "orders"),)
    found = EvalPlan("v1", 0, 9, None, 0, 9, wanted, (), "new answers nothing")
    print_plan(replace(found, known_after={"new": 0.384}, least_known=0.4), budget=5)
    assert (
        "new answers nothing. A plan that brings them to less than 40.0% changes nothing of it; "
        "this one brings new to about 38.4%\n"
    ) in capsys.readouterr().out


def test_two_clusters_of_one_name_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = (Wanted("q", "small", "label", 7, "c", "mail"),) * 3
    wanted += (Wanted("r", "small", "label", 8, "d", "mail"),) * 2
    print_plan(EvalPlan("v1", 0, 9, None, 0, 9, wanted, ()), budget=5)
    _, _, table = capsys.readouterr().out.partition("most label scores\n")
    rows = [line.split() for line in table.splitlines()[1:]]
    assert rows == [["7:", "mail", "small", "3"], ["8:", "mail", "small", "2"]]
