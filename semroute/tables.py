"""Rows of CSV, JSON Lines and Parquet files, each with the line it starts on."""

import csv
import hashlib
import io
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from semroute.columns import KNOWN_COLUMNS, is_header, rename_to
from semroute.errors import InputError
from semroute.parquet import ParquetTable
from semroute.strict_json import kind_of, parse_json

SUFFIXES = (".csv", ".jsonl", ".parquet")

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
"""What may separate the columns of a CSV file, and its name."""

MAX_CELL_CHARS = 10_000_000
"""Above this a CSV cell is taken for a quote that was never closed."""

_OTHER_FORMATS = {
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
    b"PK\x03\x04": "is a zip archive or an Excel workbook; save it as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save it as CSV (UTF-8)",
    b"PAR1": "is a Parquet file; rename it to end in .parquet",
}
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
_COLUMN_NAME = re.compile(r"[\w.-]{1,40}")
_ID = re.compile(r"[\w.:/#@+-]{1,80}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file it starts on, counted from 1, and its values by column.

    Of a Parquet file `line` is the number of the row, also counted from 1. CSV values are strings,
    the others whatever JSON or Arrow hold; dates and times of Parquet are ISO 8601 strings.
    """

    line: int
    values: Mapping[str, Any]


Required = Collection[str | tuple[str, ...]]
"""Columns that must be there; of a tuple of them one is enough."""


def read_rows(path: Path, required: Required, used: Collection[str] | None = None) -> Iterator[Row]:
    """Read the rows of a file one by one; its suffix (`SUFFIXES`) says what it is.

    CSV and JSON Lines are UTF-8, with or without a byte order mark, or UTF-16 with one. The header
    of a CSV file tells which of `DELIMITERS` separates its columns. Left out are blank lines, CSV
    rows of empty cells, and CSV columns without a name. In JSON Lines a lone surrogate, half of a
    character, becomes U+FFFD.

    Args:
        path: of the file.
        required: the columns that must be there, in JSON Lines as a key of every object; of a
            tuple of names one is enough.
        used: the columns whose values are wanted, None for all. Of a Parquet file the others are
            not read, and None.

    Raises:
        InputError: the file cannot be read, is not what its suffix says, has no rows, or a row is
            damaged.
        MissingExtraError: it is a Parquet file, and pyarrow is not installed.
    """
    n_rows = 0
    try:
        with path.open("rb") as file:
            for row in _reader(path, file, used)(path, file, required):
                n_rows += 1
                yield row
    except OSError as error:
        raise unreadable(path, error) from error
    if n_rows == 0:
        raise InputError("has no rows; write one row per record", path=path)


def unreadable(path: Path, error: OSError) -> InputError:
    """Say in words why the operating system would not give a file."""
    if isinstance(error, FileNotFoundError):
        return InputError("there is no such file; check the path", path=path)
    if isinstance(error, IsADirectoryError):
        return InputError("is a folder; give the path of a file in it", path=path)
    reason = (error.strerror or "unknown reason").lower()
    return InputError(f"cannot be read ({reason}); check the path and its permissions", path=path)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits, without holding the file in memory.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def identifier(path: Path, row: Row, column: str) -> str:
    """Return the id or name in a required column; whole numbers count as their digits.

    Raises:
        InputError: it is empty, or neither a string nor a whole number.
    """
    value = row.values[column]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        problem = "is empty; fill it in on every row"
    elif not isinstance(value, str):
        problem = f"must be a string or a whole number, not {kind_of(value)}; write it in quotes"
    else:
        return value
    raise InputError(problem, path=path, line=row.line, column=column)


def shown_id(value: str) -> str:
    """Return an id for an error message; one that could be a text is not repeated.

    >>> shown_id("q-17"), shown_id("where is my order?")
    ("'q-17'", 'an id of 18 characters')
    """
    return repr(value) if _ID.fullmatch(value) else f"an id of {len(value)} characters"


def listed(names: Collection[str], limit: int = 8, quote: Callable[[str], str] = repr) -> str:
    """Quote the first few names for a message, and count the others.

    >>> listed(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    shown = ", ".join(quote(name) for name in list(names)[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


_Record = tuple[int, list[str]]
Reader = Callable[[Path, BinaryIO, Required], Iterator[Row]]


def _reader(path: Path, file: BinaryIO, used: Collection[str] | None) -> Reader:
    parquet_rows = partial(_parquet_rows, used=used)
    readers: dict[str, Reader] = {
        ".csv": _csv_rows,
        ".jsonl": _jsonl_rows,
        ".parquet": parquet_rows,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        accepted = ", ".join(SUFFIXES)
        raise InputError(
            f"the suffix {suffix!r} is not one of {accepted}; convert or rename the file",
            path=path,
        )
    start = file.read(4)
    file.seek(0)
    if not start:
        raise InputError("is empty; write one row per record", path=path)
    for magic, problem in _OTHER_FORMATS.items():
        if start.startswith(magic) and (magic != b"PAR1" or suffix != ".parquet"):
            raise InputError(problem, path=path)
    return readers[suffix]


def _lines(path: Path, file: BinaryIO) -> Iterator[str]:
    start = file.read(3)
    mark = next((mark for mark in _BYTE_ORDER_MARKS if start.startswith(mark)), b"")
    encoding = _BYTE_ORDER_MARKS.get(mark, "utf-8")
    file.seek(len(mark))
    try:
        with io.TextIOWrapper(file, encoding, newline="") as lines:
            for number, line in enumerate(lines, 1):
                if "\0" in line:
                    problem = "holds a NUL byte: the file is damaged or not text; save it as UTF-8"
                    raise InputError(problem, path=path, line=number)
                yield line
    except UnicodeDecodeError:
        raise _undecodable(path, encoding) from None


def _undecodable(path: Path, encoding: str) -> InputError:
    if encoding == "utf-8":
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    problem = f"byte {error.start + 1} of the line is not UTF-8; save it as UTF-8"
                    byte = line[error.start : error.start + 1]
                    return InputError(problem, path=path, line=number, value=byte)
    return InputError(f"is not valid {encoding.upper()}; save it as UTF-8", path=path)


_ONE_ROW_EACH = "; write one row per query and model, not a column per model"


def _require(path: Path, line: int | None, names: Collection[str], wanted: Required) -> None:
    for column in wanted:
        choice = (column,) if isinstance(column, str) else column
        if any(one in names for one in choice):
            continue
        there = _named(names)
        shown = f"the columns are {there}" if there else "name the columns first"
        near = ((one, rename_to(one, names)) for one in choice)
        layout = _ONE_ROW_EACH if column == "model" else ""
        hint = next((f"; rename {name!r} to {one}" for one, name in near if name), layout)
        missing = " or ".join(map(repr, choice))
        raise InputError(f"the column {missing} is missing; {shown}{hint}", path=path, line=line)


def _named(names: Collection[str]) -> str:
    """List columns as they are in the file.

    Without a header they are data, perhaps a query: then only what looks like a name is shown.
    """
    if is_header(names):
        return listed([name[:40] for name in names if name])
    return listed([name for name in names if _COLUMN_NAME.fullmatch(name)])


def _refuse_twice(path: Path, line: int | None, names: Collection[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            problem = f"the column {name!r} is there twice; rename or remove one of them"
            raise InputError(problem, path=path, line=line)
        seen.add(name)


_FIELD_LIMIT = threading.Lock()


def _next_cells(reader: Iterator[list[str]]) -> list[str] | None:
    # The limit belongs to the whole process: it is raised for one row and put back.
    with _FIELD_LIMIT:
        limit = csv.field_size_limit(MAX_CELL_CHARS)
        try:
            return next(reader, None)
        finally:
            csv.field_size_limit(limit)


def _delimiter(header: str) -> str:
    """Tell what separates the columns: where most known names come of it, or most columns."""

    def found(delimiter: str) -> tuple[int, int]:
        names = {name.strip(' "\r\n') for name in header.split(delimiter)}
        return len(names.intersection(KNOWN_COLUMNS)), len(names)

    return max(DELIMITERS, key=found)


def _csv_records(path: Path, lines: Iterator[str], delimiter: str) -> Iterator[_Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = _next_cells(reader)
        except csv.Error as error:
            problem = (
                f"the quotes of the row that starts here do not match ({error}); close every "
                "quote, and write a quote inside a quoted cell twice"
            )
            raise InputError(problem, path=path, line=line) from None
        if cells is None:
            return
        if any(cells):
            yield line, cells


def _csv_rows(path: Path, file: BinaryIO, required: Required) -> Iterator[Row]:
    lines, head = _lines(path, file), [""]
    while not head[-1].strip() and (line := next(lines, None)) is not None:
        head.append(line)
    delimiter = _delimiter(head[-1])
    records = _csv_records(path, chain(head[1:], lines), delimiter)
    header_line, cells = next(records, (1, []))
    names = [name.strip() for name in cells]
    _refuse_twice(path, header_line, [name for name in names if name])
    _require(path, header_line, names, required)
    for number, cells in records:
        if len(cells) != len(names):
            problem = (
                f"the header has {len(names)} columns and this row {len(cells)}; "
                f"put a cell that holds {DELIMITERS[delimiter]} in quotes"
            )
            raise InputError(problem, path=path, line=number)
        values = dict(zip(names, cells, strict=True))
        values.pop("", None)
        yield Row(number, values)


def _jsonl_rows(path: Path, file: BinaryIO, required: Required) -> Iterator[Row]:
    for number, line in enumerate(_lines(path, file), 1):
        if not line.isspace():
            yield json_row(line, path, number, required)


def json_row(line: str, path: Path, number: int, required: Required) -> Row:
    """Read one line of JSON Lines; `path` and `number` are for errors.

    Raises:
        InputError: it is not a JSON object, or a required key is missing.
    """
    values = parse_json(line, path, number)
    if not isinstance(values, dict):
        problem = f"each line must be one JSON object, not {kind_of(values)}"
        raise InputError(f"{problem}; write {{...}} on each line", path=path, line=number)
    _require(path, number, values, required)
    return Row(number, values)


def _parquet_rows(
    path: Path, file: BinaryIO, required: Required, used: Collection[str] | None
) -> Iterator[Row]:
    table = ParquetTable(path, file)
    _refuse_twice(path, None, table.names)
    _require(path, None, table.names, required)
    for number, values in enumerate(table.rows(used), 1):
        yield Row(number, values)
