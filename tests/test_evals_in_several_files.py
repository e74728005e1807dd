"""Scores in several files add up, and contradictions between them are refused."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from semroute.errors import InputError, RowsError
from semroute.evals import read_evals


def _two_files(tmp_path: Path, second: str) -> list[Path]:
    paths = [tmp_path / "evals.csv", tmp_path / "plan.csv"]
    paths[0].write_text("query_id,model,score,cost_usd\na,large,1,0.1\na,small,,0.01\n")
    paths[1].write_text(second)
    return paths


def test_several_files_add_up_and_what_one_leaves_open_another_tells(tmp_path: Path) -> None:
    second = "query_id,model,score,purpose\na,small,0.5,label\na,large,,label\nb,large,0,x\n"
    paths = _two_files(tmp_path, second)
    table = read_evals(paths, ("a", "b"), ("large", "small"))
    np.testing.assert_array_equal(table.scores, [[1, 0.5], [0, np.nan]])
    np.testing.assert_array_equal(table.costs_usd, [[0.1, 0.01], [np.nan, np.nan]])
    assert table.n_scores == 3
    swapped = read_evals(paths[::-1], ("a", "b"), ("large", "small"))
    np.testing.assert_array_equal(swapped.scores, table.scores)


def test_files_that_contradict_each_other_are_refused_naming_both_places(tmp_path: Path) -> None:
    paths = _two_files(tmp_path, "query_id,model,score\nb,small,1\na,large,0.5\n")
    told = r"plan\.csv, line 3, column score: .*two values, here and on line 2 of .*evals\.csv"
    with pytest.raises(InputError, match=told):
        read_evals(paths, ("a", "b"), ("large", "small"))

    paths[1].write_text("query_id,model,score,cost_usd\na,small,1,0.5\n")
    with pytest.raises(InputError, match=r"line 2, column cost_usd: query 'a' and model 'small'"):
        read_evals([str(path) for path in paths], ("a", "b"), ("large", "small"))  # type: ignore[misc]  # as users may


@pytest.mark.parametrize(("cost_usd", "is_same"), [("0.01004", True), ("0.0102", False)])
def test_costs_that_two_exports_round_otherwise_are_the_same(
    tmp_path: Path, cost_usd: str, is_same: bool
) -> None:
    paths = _two_files(tmp_path, f"query_id,model,score,cost_usd\na,small,1,{cost_usd}\n")
    with nullcontext() if is_same else pytest.raises(InputError, match="two values, here and on"):
        table = read_evals(paths, ("a", "b"), ("large", "small"))
        assert table.costs_usd[0].tolist() == [0.1, 0.01]
    paths[1].write_text("query_id,model,score\na,large,0.9999\n")
    with pytest.raises(InputError, match="two values, here and on"):
        read_evals(paths, ("a", "b"), ("large", "small"))


def test_all_contradictions_of_two_files_are_told_at_once(tmp_path: Path) -> None:
    rows = "".join(f"{query},large,{{}},{{}}\n" for query in "abcdefg")
    paths = _two_files(tmp_path, f"query_id,model,score,cost_usd\n{rows.format(*[0, 0.2] * 7)}")
    paths[0].write_text(f"query_id,model,score,cost_usd\n{rows.format(1, 0.1, *[0, 0.1] * 6)}")
    with pytest.raises(RowsError, match="7 rows cannot be read; the first 5:") as told:
        read_evals(paths, tuple("gfedcba"), ("large", "small"))
    _, first, second, *_ = str(told.value).splitlines()
    assert first == (
        "line 2, column score: query 'a' and model 'large' have two values, here and on line 2 of "
        f"{paths[0]} (there 1); keep one of them (found 0.0)"
    )
    assert second == (
        "line 3, column cost_usd: query 'b' and model 'large' have two values, here and on line 3 "
        f"of {paths[0]} (there 0.1); keep one of them (found 0.2)"
    )


def test_each_of_several_files_must_belong_to_the_log(tmp_path: Path) -> None:
    paths = _two_files(tmp_path, "query_id,model,score\nz,small,1\n")
    with pytest.raises(InputError, match=r"plan\.csv, column query_id: no row is for a query"):
        read_evals(paths, ("a", "b"), ("large", "small"))
