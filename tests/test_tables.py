"""Reading rows: suffixes, encodings, line numbers, and what the reader leaves alone."""

import csv
import hashlib
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from semroute.columns import suggest
from semroute.errors import InputError, MissingExtraError
from semroute.strict_json import kind_of
from semroute.tables import (
    DELIMITERS,
    MAX_CELL_CHARS,
    SUFFIXES,
    Row,
    identifier,
    listed,
    read_rows,
    sha256_of,
)
from tests.broken_files import parquet

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def rows_of(path: Path, *required: str) -> list[tuple[int, dict[str, Any]]]:
    return [(row.line, dict(row.values)) for row in read_rows(path, required)]


def test_the_same_table_reads_the_same_from_every_kind_of_file(write: Write) -> None:
    table = {"id": ["a", "b"], "n": ["1", "2"]}
    files = {
        ".csv": "id,n\na,1\nb,2\n",
        ".jsonl": '{"id": "a", "n": "1"}\n{"id": "b", "n": "2"}\n',
        ".parquet": parquet(table)(),
    }
    assert set(files) == set(SUFFIXES)
    for suffix, content in files.items():
        values = [values for _, values in rows_of(write(f"table{suffix}", content), "id")]
        assert values == [{"id": "a", "n": "1"}, {"id": "b", "n": "2"}]


@pytest.mark.parametrize("mark", list(DELIMITERS))
@pytest.mark.parametrize("start", ["", "\n\n", "\ufeff", "\ufeff\r\n"])
def test_the_header_tells_what_separates_the_columns(write: Write, mark: str, start: str) -> None:
    """Cells that hold the other marks, quoted line breaks and names with marks change nothing."""
    others = "".join(one for one in DELIMITERS if one != mark)
    content = io.StringIO(newline="")
    table = csv.writer(content, delimiter=mark)
    table.writerows(
        [["query_id", "text", f"note{others}"], ["a", f"x{others}\ny{mark}", others * 3]]
    )
    path = write("table.csv", start + content.getvalue())
    expected = {"query_id": "a", "text": f"x{others}\ny{mark}", f"note{others}".strip(): others * 3}
    assert [values for _, values in rows_of(path, "query_id", "text")] == [expected]


def test_the_suffix_may_be_in_capitals(write: Write) -> None:
    assert rows_of(write("TABLE.CSV", "id\na\n"), "id") == [(2, {"id": "a"})]


def test_csv_lines_count_line_breaks_inside_cells_and_blank_lines(write: Write) -> None:
    text = 'id,text\n\na,"one\ntwo\r\nthree"\n,\nb,four\n'
    assert rows_of(write("table.csv", text)) == [
        (3, {"id": "a", "text": "one\ntwo\r\nthree"}),
        (7, {"id": "b", "text": "four"}),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old-mac"])
def test_every_line_ending_is_read_and_counted(write: Write, end: str) -> None:
    path = write("table.csv", end.join(["id,text", "a,x", "b,y"]))
    assert [line for line, _ in rows_of(path)] == [2, 3]
    path = write("table.jsonl", end.join(['{"id": "a"}', "", '{"id": "b"}']))
    assert [line for line, _ in rows_of(path)] == [1, 3]


def test_parquet_rows_are_numbered_from_one_across_batches(write: Write) -> None:
    path = write("table.parquet", parquet({"n": list(range(2_500))})())
    assert [(row.line, row.values["n"]) for row in read_rows(path, ())] == [
        (number + 1, number) for number in range(2_500)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_unicode_files_are_read_with_their_byte_order_mark(write: Write, encoding: str) -> None:
    texts = {
        "table.csv": "id,text\na,naïve 🙂 漢字\n",
        "table.jsonl": '{"id": "a", "text": "naïve 🙂 漢字"}',
    }
    for name, text in texts.items():
        if encoding == "utf-16-be-bom":
            content = b"\xfe\xff" + text.encode("utf-16-be")
        else:
            content = text.encode(encoding)
        [(_, values)] = rows_of(write(name, content), "id")
        assert values == {"id": "a", "text": "naïve 🙂 漢字"}


def test_column_names_lose_the_white_space_around_them_and_nameless_columns_go(
    write: Write,
) -> None:
    text = ",id, text ,\n0,a,x,\n1,b, y ,note\n"
    assert [values for _, values in rows_of(write("table.csv", text), "id", "text")] == [
        {"id": "a", "text": "x"},
        {"id": "b", "text": " y "},
    ]


def test_a_cell_of_a_million_characters_is_read_and_the_process_keeps_its_limit(
    write: Write,
) -> None:
    limit = csv.field_size_limit()
    assert limit < 1_000_000
    cell = "wörd, " * 170_000
    [(line, values)] = rows_of(write("table.csv", f'id,text\na,"{cell}"\n'))
    assert (line, values["text"]) == (2, cell)
    assert csv.field_size_limit() == limit


def test_an_open_quote_does_not_swallow_a_huge_file(write: Write) -> None:
    path = write("table.csv", 'id,text\na,"x\n' + "b,y\n" * (MAX_CELL_CHARS // 4 + 1))
    limit = csv.field_size_limit()
    with pytest.raises(InputError, match=r"larger than field limit.+; close every quote") as caught:
        rows_of(path)
    assert caught.value.line == 2
    assert csv.field_size_limit() == limit


def test_rows_come_one_by_one_so_that_good_rows_precede_the_broken_one(write: Write) -> None:
    rows = read_rows(write("table.csv", "id\na\nb\nc,d\n"), ("id",))
    assert next(rows) == Row(2, {"id": "a"})
    assert next(rows) == Row(3, {"id": "b"})
    with pytest.raises(InputError, match="line 4: the header has 1 columns and this row 2; "):
        next(rows)


def test_half_a_character_in_json_becomes_the_replacement_character(write: Write) -> None:
    text = r'{"id": "a", "whole": "\ud83d\ude42", "half": "cut \ud83d", "\udc00": ["\ud800"]}'
    [(_, values)] = rows_of(write("table.jsonl", text))
    assert values == {"id": "a", "whole": "🙂", "half": "cut \ufffd", "\ufffd": ["\ufffd"]}


def test_an_escaped_nul_in_json_is_kept(write: Write) -> None:
    [(_, values)] = rows_of(write("table.jsonl", json.dumps({"id": "a", "text": "x\0y"})))
    assert values["text"] == "x\0y"


def test_dates_and_times_of_parquet_are_iso_strings_even_to_the_nanosecond(write: Write) -> None:
    import pyarrow as pa

    moment = datetime(2025, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
    columns = {
        "at": pa.array([moment]),
        "nanoseconds": pa.array([1_738_324_800_000_000_001], pa.timestamp("ns")),
        "day": pa.array([moment.date()]),
    }
    [(_, values)] = rows_of(write("table.parquet", parquet(columns)()))
    assert datetime.fromisoformat(values["at"]) == moment
    assert values["nanoseconds"] == "2025-01-31 12:00:00.000000001"
    assert values["day"] == "2025-01-31"


UNREADABLE_AS_TIMES = [1_738_324_800_000_000_001]


def test_parquet_columns_that_are_not_used_are_not_read(write: Write) -> None:
    import pyarrow as pa

    odd = pa.array([UNREADABLE_AS_TIMES], pa.list_(pa.timestamp("ns")))
    path = write("table.parquet", parquet({"odd": odd, "odd.id": odd, "id": ["a"]})())
    [row] = read_rows(path, ("id",), used=("id", "text"))
    assert row.values == {"odd": None, "odd.id": None, "id": "a"}


def test_a_parquet_column_that_cannot_be_read_is_named(write: Write) -> None:
    import pyarrow as pa

    odd = pa.array([UNREADABLE_AS_TIMES], pa.list_(pa.timestamp("ns")))
    path = write("table.parquet", parquet({"id": ["a"], "odd": odd})())
    with pytest.raises(InputError, match=r"column odd: .+ type list<.+timestamp\[ns\]> .+ as text"):
        rows_of(path)


def test_durations_of_parquet_are_read_even_to_the_nanosecond(write: Write) -> None:
    import pyarrow as pa

    took = pa.array([1_500_000_001], pa.duration("ns"))
    [(_, values)] = rows_of(write("table.parquet", parquet({"took": took})()))
    assert values["took"] == timedelta(seconds=1.5)


def test_nested_parquet_columns_are_lists_and_objects(write: Write) -> None:
    messages = [{"role": "user", "content": "hi"}]
    [(_, values)] = rows_of(write("table.parquet", parquet({"messages": [messages]})()))
    assert values["messages"] == messages


def test_parquet_written_with_checksums_gives_a_changed_value_away(write: Write) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    buffer = io.BytesIO()
    table = pa.table({"id": ["first value", "second value"]})
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    write_table(table, buffer, write_page_checksum=True, **options)
    content = buffer.getvalue()
    assert len(rows_of(write("table.parquet", content))) == 2
    assert content.count(b"second value") == 1
    path = write("table.parquet", content.replace(b"second value", b"sEcond value"))
    with pytest.raises(InputError, match=r"damaged or cannot be read .+; write it again"):
        rows_of(path)


def test_parquet_without_pyarrow_names_the_command_that_installs_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("table.parquet", parquet({"id": ["a"]})())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"'pyarrow'.+pip install 'semroute\[build\]'"):
        rows_of(path)


def test_csv_and_json_lines_do_without_pyarrow(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert rows_of(write("table.csv", "id\na\n")) == [(2, {"id": "a"})]
    assert rows_of(write("table.jsonl", '{"id": "a"}')) == [(1, {"id": "a"})]


def test_a_file_one_may_not_read_is_refused_with_the_reason(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("table.csv", "id\na\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(permission denied\); check the path"):
        rows_of(path)
    with pytest.raises(InputError, match=r"cannot be read \(permission denied\); check the path"):
        sha256_of(path)


def test_an_error_of_the_disk_in_the_middle_of_a_file_is_an_input_error(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    path = write("table.csv", "id\na\n")
    monkeypatch.setattr("semroute.tables._lines", fail)
    with pytest.raises(InputError, match=r"cannot be read \(input/output error\)"):
        rows_of(path)


def test_an_error_of_the_caller_is_not_taken_for_one_of_the_file(write: Write) -> None:
    path = write("table.csv", "id\na\n")
    with pytest.raises(OSError, match="disk full"):  # noqa: PT012 - the loop is what is tested
        for _ in read_rows(path, ("id",)):
            raise OSError("disk full")


def test_the_hash_is_that_of_the_bytes(write: Write) -> None:
    content = bytes(range(256)) * 10_000
    assert sha256_of(write("table.bin", content)) == hashlib.sha256(content).hexdigest()


def test_the_hash_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file; check the path"):
        sha256_of(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("value", "expected"), [("a", "a"), (" a ", " a "), (7, "7"), ("007", "007")]
)
def test_an_identifier_is_a_string_or_the_digits_of_a_whole_number(
    value: object, expected: str
) -> None:
    assert identifier(Path("x.csv"), Row(1, {"id": value}), "id") == expected


@pytest.mark.parametrize("value", [None, "", " \t", 1.0, True, ["a"], {"a": 1}, b"a"])
def test_nothing_else_is_an_identifier(value: object) -> None:
    with pytest.raises(InputError, match=r"x\.csv, line 9, column id: (is empty|must be a string)"):
        identifier(Path("x.csv"), Row(9, {"id": value}), "id")


def test_kinds_are_named_as_json_does() -> None:
    values = [True, 1, 1.5, "x", [], {}, None, b""]
    assert [kind_of(value) for value in values] == [
        "true or false",
        "a number",
        "a decimal number",
        "a string",
        "a list",
        "an object",
        "null",
        "of type bytes",
    ]


def test_a_close_name_is_suggested_whatever_its_case_and_a_far_one_is_not() -> None:
    assert suggest("query_id", ["Text", "QUERY_ID"]) == "; did you mean 'QUERY_ID'?"
    assert suggest("query_id", ["colour"]) == ""
    assert (
        suggest("atlas", ["atlas-xl", "atlas-s", "o1"]) == "; did you mean 'atlas-s' or 'atlas-xl'?"
    )


def test_long_lists_are_cut_and_the_rest_counted() -> None:
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed(list("abcdef"), limit=2) == "'a', 'b' and 4 more"
