"""The error tree: exit codes, and messages that say where."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from semroute import errors
from semroute.errors import (
    BuildError,
    CheckFailedError,
    ConfigError,
    EncoderError,
    FaultyRows,
    IndexLockedError,
    InputError,
    InvalidIndexError,
    LabelsError,
    MissingExtraError,
    PublishError,
    RowsError,
    SemrouteError,
    require,
)

EXIT_CODES = {
    SemrouteError: 1,
    InputError: 3,
    ConfigError: 3,
    LabelsError: 3,
    RowsError: 3,
    InvalidIndexError: 4,
    IndexLockedError: 1,
    PublishError: 1,
    BuildError: 1,
    EncoderError: 1,
    MissingExtraError: 1,
    CheckFailedError: 5,
}

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
TREE = [kind for kind in CLASSES if issubclass(kind, Exception)]


def test_every_error_has_its_exit_code() -> None:
    assert {kind: kind.exit_code for kind in TREE} == EXIT_CODES


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_is_in_one_tree_and_says_what_it_means(kind: type[SemrouteError]) -> None:
    assert issubclass(kind, SemrouteError)
    assert inspect.getdoc(kind)


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if "──" in line]
    drawn = {}
    for line in lines:
        name, code, *_ = line.replace("│", " ").replace("├──", " ").replace("└──", " ").split()
        drawn[name] = int(code)
    expected = {kind.__name__: code for kind, code in EXIT_CODES.items()}
    assert {"SemrouteError": 1, **drawn} == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "is wrong; mend it"),
        ({"path": Path("a/q.csv")}, "a/q.csv: is wrong; mend it"),
        ({"path": "q.csv", "line": 3}, "q.csv, line 3: is wrong; mend it"),
        ({"path": "q.csv", "column": "text"}, "q.csv, column text: is wrong; mend it"),
        (
            {"path": "q.csv", "line": 3, "column": "score", "value": "85%"},
            "q.csv, line 3, column score: is wrong; mend it (found '85%')",
        ),
        ({"value": 0}, "is wrong; mend it (found 0)"),
        ({"value": "a\nb\x1b"}, r"is wrong; mend it (found 'a\nb\x1b')"),
    ],
)
def test_an_input_error_says_where_as_far_as_that_is_known(
    where: dict[str, object], message: str
) -> None:
    place: dict[str, Any] = where
    assert str(InputError("is wrong; mend it", **place)) == message
    of_config = message.replace("column", "key")
    assert str(ConfigError("is wrong; mend it", **place)) == of_config


def test_an_input_error_keeps_its_parts() -> None:
    error = InputError("is wrong", path=Path("q.csv"), line=3, column="score", value=2)
    assert (error.problem, error.path, error.line) == ("is wrong", "q.csv", 3)
    assert (error.column, error.value) == ("score", 2)


def test_a_long_value_is_cut() -> None:
    message = str(InputError("is wrong", value="x" * 10_000))
    assert len(message) < 100
    assert message.endswith("…)")


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    message = str(MissingExtraError("reading Parquet files", "build", "pyarrow"))
    assert message == (
        "reading Parquet files needs the package 'pyarrow', which is not installed; "
        "run: pip install 'semroute[build]'"
    )


def test_a_package_that_is_there_is_not_missing_and_another_is() -> None:
    require("a test", "build", json="json")
    with pytest.raises(MissingExtraError, match=r"a test needs the package 'no-such'.+\[build\]"):
        require("a test", "build", json="json", no_such_module="no-such")


def test_a_refused_write_and_a_damaged_index_name_the_file() -> None:
    refused = str(PublishError("clusters", "disk full"))
    assert refused == "cannot write clusters: disk full; what was published stays as it was"
    assert str(InvalidIndexError(Path("a/b.npy"), "is cut off")) == "a/b.npy: is cut off"


def test_a_labels_error_holds_every_problem() -> None:
    error = LabelsError("labels.csv", ["line 2: one", "line 5: two"])
    assert error.problems == ("line 2: one", "line 5: two")
    assert str(error) == ("labels.csv: 2 problems; nothing was applied\nline 2: one\nline 5: two")
    assert "1 problem;" in str(LabelsError("labels.csv", ["line 2: one"]))


def refusing(*rows: int) -> FaultyRows:
    faulty = FaultyRows()
    for line in rows:
        with faulty:
            raise InputError("is wrong", path="q.csv", line=line, column="score", value="85%")
    return faulty


def test_without_a_faulty_row_nothing_is_refused() -> None:
    refusing().refuse()


def test_one_faulty_row_is_told_as_it_is() -> None:
    with pytest.raises(InputError) as caught:
        refusing(4).refuse()
    assert type(caught.value) is InputError
    assert str(caught.value) == "q.csv, line 4, column score: is wrong (found '85%')"


@pytest.mark.parametrize(
    ("rows", "head"),
    [
        ((2, 9), "q.csv: 2 rows cannot be read:"),
        (range(1, 6), "q.csv: 5 rows cannot be read:"),
        (range(7, 2_007), "q.csv: 2,000 rows cannot be read; the first 5:"),
    ],
)
def test_of_several_faulty_rows_the_first_five_are_told(rows: Sequence[int], head: str) -> None:
    with pytest.raises(RowsError) as caught:
        refusing(*rows).refuse()
    told = [f"line {line}, column score: is wrong (found '85%')" for line in rows[:5]]
    assert str(caught.value).splitlines() == [head, *told]
    error = caught.value
    assert (error.path, error.line, error.column) == ("q.csv", rows[0], "score")
    assert (error.n_rows, [one.line for one in error.first]) == (len(rows), list(rows[:5]))


def test_where_a_row_ends_the_reading_more_may_be_faulty_than_were_counted() -> None:
    faulty = refusing(*range(6))
    with faulty.reading():
        raise InputError("is no JSON", path="q.csv", line=9)
    with pytest.raises(RowsError, match=r"q\.csv: at least 7 rows cannot be read; the first 5:"):
        faulty.refuse()


@pytest.mark.parametrize("other", [MissingExtraError("x", "y", "z"), KeyboardInterrupt()])
def test_what_is_no_fault_of_a_row_is_not_collected(other: BaseException) -> None:
    faulty = FaultyRows()
    with pytest.raises(type(other)), faulty:
        raise other
    faulty.refuse()
