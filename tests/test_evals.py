"""Evaluation data: holes stay holes, strangers are counted, contradictions are refused."""

import csv
import io
import json
import logging
import math
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.errors import InputError, RowsError
from semroute.evals import EvalTable, no_evals, read_evals, told_unknown_models
from tests.broken_files import parquet

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
NAN = math.nan

Read = Callable[[str], EvalTable]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str) -> EvalTable:
        path = tmp_path / "evals.csv"
        path.write_text(text, encoding="utf-8")
        return read_evals(path, ("a", "b", "c"), ("large", "small"))

    return read_text


def test_scores_and_costs_stand_at_their_query_and_model_and_the_rest_is_unknown(
    read: Read,
) -> None:
    table = read("query_id,model,score,cost_usd\nb,small,0.25,0.001\na,large,1,\nb,large,,0.02\n")
    np.testing.assert_array_equal(table.scores, [[1, NAN], [NAN, 0.25], [NAN, NAN]])
    np.testing.assert_array_equal(table.costs_usd, [[NAN, NAN], [0.02, 0.001], [NAN, NAN]])
    assert table.scores.dtype == table.costs_usd.dtype == np.float64
    assert table.models == ("large", "small")
    assert table.n_scores == 2
    assert (table.unknown_models, table.n_unknown_queries) == ((), 0)


def test_the_cost_column_may_be_absent(read: Read) -> None:
    table = read("query_id,model,score\na,large,1\n")
    assert np.isnan(table.costs_usd).all()


@pytest.mark.parametrize(
    ("written", "score"),
    [
        ("0", 0),
        ("1", 1),
        ("1.0", 1),
        (" 0.5 ", 0.5),
        ("5e-1", 0.5),
        ("true", 1),
        ("FALSE", 0),
        ("WAHR", 1),
        ("FALSCH", 0),
        ("FAUX", 0),
        ("FAŁSZ", 0),
    ],
)
def test_scores_are_read_from_text(written: str, score: float, read: Read) -> None:
    assert read(f"query_id,model,score\na,large,{written}\n").scores[0, 0] == score


@pytest.mark.parametrize(
    ("written", "score"),
    [("0.5", 0.5), ("1", 1), ("true", 1), ("false", 0), ('"0.5"', 0.5), ("null", NAN), ('""', NAN)],
)
def test_scores_are_read_from_json(written: str, score: float, tmp_path: Path) -> None:
    path = tmp_path / "evals.jsonl"
    path.write_text(f'{{"query_id": "a", "model": "large", "score": {written}}}')
    np.testing.assert_array_equal(read_evals(path, ["a"], ["large"]).scores, [[score]])


def test_scores_are_read_from_parquet(tmp_path: Path) -> None:
    columns = {
        "query_id": [1, 1, 2],
        "model": ["large", "small", "large"],
        "score": [Decimal("0.25"), None, Decimal("1.00")],
        "cost_usd": [0.5, None, 0.0],
    }
    path = tmp_path / "evals.parquet"
    path.write_bytes(parquet(columns)())
    table = read_evals(path, ("1", "2"), ("large", "small"))
    np.testing.assert_array_equal(table.scores, [[0.25, NAN], [1, NAN]])
    np.testing.assert_array_equal(table.costs_usd, [[0.5, NAN], [0, NAN]])


def test_rows_of_unknown_models_and_queries_are_counted_and_not_used(read: Read) -> None:
    table = read(
        "query_id,model,score\na,large,1\na,tiny,0\nb,huge,0\nx,large,0\nx,small,0\ny,tiny,0\n"
    )
    assert table.unknown_models == ("huge", "tiny")
    assert table.n_unknown_queries == 2
    assert table.n_scores == 1


def test_models_that_are_not_used_are_told_with_what_they_may_be_meant_as(read: Read) -> None:
    table = read("query_id,model,score\na,large,1\na,huge,0\na,LARGE,0\na,smalll,0\n")
    assert told_unknown_models(table) == (
        "scores of models that are not in the config were not used: 'LARGE' (did you mean "
        "'large'?), 'smalll' (did you mean 'small'?), 'huge'"
    )
    assert not told_unknown_models(read("query_id,model,score\na,large,1\n"))


def test_a_bad_value_of_an_unknown_model_still_stops(read: Read) -> None:
    with pytest.raises(InputError, match="line 3, column score: must be a number from 0 to 1"):
        read("query_id,model,score\na,large,1\na,tiny,7\n")


def test_equal_rows_count_once(read: Read) -> None:
    table = read("query_id,model,score,cost_usd\na,large,1,\na,large,1.0,\nb,small,,\nb,small,,\n")
    assert table.n_scores == 1


def test_a_spreadsheet_with_decimal_commas_says_the_same_as_one_with_points(read: Read) -> None:
    points = read("query_id,model,score,cost_usd\na,large,1,0.0123\na,small,0.75,1.5\n")
    commas = read("query_id;model;score;cost_usd\na;large;1;0,0123\na;small;0,75;1,500\n")
    quoted = read('query_id,model,score,cost_usd\na,large,"1,0","0,0123"\na,small,"0,75","1,5"\n')
    for table in (commas, quoted):
        np.testing.assert_array_equal(table.scores, points.scores)
        np.testing.assert_array_equal(table.costs_usd, points.costs_usd)


@pytest.mark.parametrize("second", ["0,0.1", "1,0.2", ",0.1", "1,"])
def test_rows_that_contradict_each_other_are_refused_naming_both_lines(
    second: str, read: Read
) -> None:
    text = f"query_id,model,score,cost_usd\na,large,1,0.1\nb,small,1,\na,large,{second}\n"
    with pytest.raises(InputError, match=r"line 4, .+ have two values, on lines 2 and 4; keep one"):
        read(text)


def test_several_faulty_rows_are_told_at_once(read: Read) -> None:
    rows = ["a,large,1,", "a,small,85%,", ",large,1,", "b,large,1,$2", "a,large,0,"]
    with pytest.raises(RowsError) as raised:
        read("query_id,model,score,cost_usd\n" + "\n".join(rows) + "\n")
    head, *told = str(raised.value).splitlines()
    assert head.endswith("evals.csv: 4 rows cannot be read:")
    starts = ("line 3, column score", "line 4, column query_id", "line 5, column cost_usd")
    assert [line.startswith(start) for line, start in zip(told, starts, strict=False)] == [True] * 3
    assert told[0].endswith("(found '85%')")
    assert told[3].endswith("on lines 2 and 6; keep one of them (found '0')")


def test_what_ends_the_reading_is_told_after_the_faulty_rows(read: Read) -> None:
    with pytest.raises(RowsError, match="at least 2 rows cannot be read:") as raised:
        read("query_id,model,score\na,large,85\na,small,1\nb,large\nb,small,77\n")
    assert [error.line for error in raised.value.first] == [2, 4]
    assert "the header has 3 columns and this row 2" in str(raised.value)


def test_a_column_per_model_is_told_how_it_should_be(read: Read) -> None:
    with pytest.raises(InputError, match=r"'model' is missing; .*one row per query and model"):
        read("query_id,large,small\na,1,0.5\n")


def test_unknown_columns_are_named(read: Read, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "semroute"):
        read("query_id,zone,model,score,answer\na,1,large,1,yes\n")
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.endswith("evals.csv: columns not used: answer, zone")


@pytest.mark.parametrize("column", ["cost", "Cost (USD)", "price", "Cost_USD", "cost usd"])
def test_a_cost_under_another_name_is_told(
    column: str, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    told = f"the column {column!r} of the evals is not used"
    table = read(f"query_id,model,score,{column}\na,large,1,0.1\n")
    assert np.isnan(table.costs_usd).all()
    assert len(table.warnings) == 1
    assert told in table.warnings[0]
    assert "rename it to cost_usd" in table.warnings[0]
    assert [told in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("column", ["cost_eur", "answer", "prompt_tokens", "purpose", "seconds"])
def test_a_column_of_something_else_is_not_taken_for_the_cost(
    column: str, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    assert not read(f"query_id,model,score,{column}\na,large,1,0.1\n").warnings
    assert not read(f"query_id,model,score,cost_usd,cost\na,large,1,0.1,{column}\n").warnings
    assert not caplog.records


def test_no_evals_is_a_table_of_unknowns() -> None:
    table = no_evals(3, ["large", "small"])
    assert table.scores.shape == table.costs_usd.shape == (3, 2)
    assert np.isnan(table.scores).all()
    assert np.isnan(table.costs_usd).all()
    assert (table.models, table.n_scores) == (("large", "small"), 0)
    assert not np.shares_memory(table.scores, table.costs_usd)


SCORES = st.none() | st.floats(0, 1)
COSTS = st.none() | st.floats(0, 1e6)
KEYS = st.tuples(st.sampled_from("abcx"), st.sampled_from(["large", "small", "tiny"]))
# One row is always for a known query and model: without any, the file is refused.
CELLS = st.dictionaries(KEYS, st.tuples(SCORES, COSTS), max_size=12).map(
    lambda cells: {("a", "large"): (0.5, None), **cells}
)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@settings(max_examples=150, deadline=None, database=None)
@given(cells=CELLS, seed=st.integers(0, 99))
def test_every_measured_cell_and_no_other_is_in_the_table(
    suffix: str,
    tmp_path_factory: pytest.TempPathFactory,
    cells: dict[tuple[str, str], tuple[float | None, float | None]],
    seed: int,
) -> None:
    rows = [(*key, *values) for key, values in cells.items()]
    random.Random(seed).shuffle(rows)
    names = ("query_id", "model", "score", "cost_usd")
    written = io.StringIO()
    if suffix == ".csv":
        csv.writer(written).writerows([names, *rows])
    else:
        written.writelines(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
    path = tmp_path_factory.getbasetemp() / f"cells{suffix}"
    path.write_text(written.getvalue())
    table = read_evals(path, "abc", ("large", "small"))
    for row, query_id in enumerate("abc"):
        for column, model in enumerate(("large", "small")):
            score, cost_usd = cells.get((query_id, model), (None, None))
            expected = [NAN if value is None else value for value in (score, cost_usd)]
            found = [table.scores[row, column], table.costs_usd[row, column]]
            np.testing.assert_array_equal(found, expected)
    assert table.n_scores == np.isfinite(table.scores).sum()
    assert table.n_unknown_queries == any(query_id == "x" for query_id, _ in cells)
    assert table.unknown_models == (("tiny",) if any(m == "tiny" for _, m in cells) else ())


@pytest.mark.real_data
def test_real_evals_are_read_whole_and_agree_with_a_plain_reading() -> None:
    path = SHARED / "routerbench" / "evals.csv"
    if not path.exists():
        pytest.skip("the shared data sets are not there")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    query_ids = sorted({row["query_id"] for row in rows})
    models = sorted({row["model"] for row in rows})
    table = read_evals(path, query_ids, models)
    assert table.n_scores == sum(row["score"] != "" for row in rows)
    for name in models:
        scores = [float(row["score"]) for row in rows if row["model"] == name and row["score"]]
        assert np.nanmean(table.scores[:, models.index(name)]) == pytest.approx(np.mean(scores))


def test_ids_that_could_be_the_text_of_a_query_are_not_repeated(read: Read) -> None:
    with pytest.raises(InputError, match="the file has an id of 18 characters, exp") as raised:
        read("query_id,model,score\nwhere is my order?,large,1\n")
    assert "order" not in str(raised.value)


def test_a_cost_whose_sum_would_overflow_is_refused(read: Read) -> None:
    with pytest.raises(InputError, match="line 2, column cost_usd: must be a number of dol"):
        read("query_id,model,score,cost_usd\na,large,1,1e308\n")


def test_no_file_tells_nothing() -> None:
    table = read_evals([], ("a", "b"), ("large", "small"))
    assert table.n_scores == 0
    assert np.isnan(table.scores).all()


def test_a_misnamed_column_of_two_files_is_told_once(tmp_path: Path) -> None:
    for name, query in (("one.csv", "a"), ("two.csv", "b")):
        (tmp_path / name).write_text(f"query_id,model,score,cost\n{query},large,1,0.1\n")
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    table = read_evals(paths, ("a", "b"), ("large",))
    assert len(table.warnings) == 1


def test_a_score_that_is_a_list_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "evals.jsonl"
    path.write_text('{"query_id": "a", "model": "large", "score": [{"query": "a secret text"}]}\n')
    with pytest.raises(InputError, match="line 1, column score") as told:
        read_evals(path, ("a",), ("large",))
    assert "secret" not in str(told.value)
