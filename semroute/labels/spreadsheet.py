"""Reading a sheet as spreadsheet programs leave it: any encoding, separator and line ending."""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from semroute.errors import LabelsError
from semroute.labels.cells import CODE_PAGES, restore, trimmed
from semroute.labels.sheet import CLUSTER_KEY

_DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r'\A"?sep=(.)"?[,;\t|" ]*(?:\r\n|\r|\n)', re.IGNORECASE)
_MISREAD_BOM = re.compile("|".join("\ufeff".encode().decode(page) for page in CODE_PAGES))
_WORKBOOKS = {
    b"PK\x03\x04": "a workbook (.xlsx or .ods)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
}


@dataclass(frozen=True)
class TableRow:
    """The cells of one row. `line` counts lines of the file, `row` rows as a spreadsheet shows."""

    line: int
    row: int
    cells: tuple[str, ...]

    @property
    def where(self) -> str:
        """The row's place, for messages."""
        shown = "" if self.row == self.line else f" (row {self.row} in a spreadsheet)"
        return f"line {self.line}{shown}"


@dataclass(frozen=True)
class Table:
    """A header, as normalised column names, and the rows below it that are not blank."""

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_table(path: Path, key_column: str, other_columns: Collection[str]) -> Table:
    """Read a table that has `key_column`, and perhaps `other_columns`, among others.

    Raises:
        LabelsError: the file cannot be read, is no CSV, or its first row has no `key_column`.
    """
    text = _decoded(path)
    separated = _SEP_LINE.match(text)
    stated = (separated[1],) if separated else ()
    body = text[separated.end() :] if separated else text
    wanted = {key_column, *other_columns}
    candidates = tuple(dict.fromkeys((*_DELIMITERS, *stated)))
    delimiter = max(candidates, key=lambda one: len(wanted & set(_header(body, one))))
    first_line = 2 if separated else 1
    if key_column not in _header(body, delimiter):
        found = (_header_below(body, one, key_column, first_line) for one in candidates)
        missing = _missing_key_column(_header(body, delimiter), key_column)
        raise LabelsError(path, [next(filter(None, found), missing)])
    try:
        header, *rows = _rows(body, delimiter, first_line)
    except _UnreadableRowError as error:
        raise LabelsError(path, [str(error)]) from error
    return Table(_column_names(header.cells), tuple(rows))


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LabelsError(path, [f"it cannot be read: {error.strerror or error}"]) from error
    workbook = _WORKBOOKS.get(content[:4])
    if workbook:
        raise LabelsError(path, [f"it is {workbook}; save it as CSV UTF-8 and apply that file"])
    try:
        text = content.decode(_encoding(content)).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        problem = f"it is not text in UTF-8, UTF-16 or Windows-1252 (byte {error.start})"
        raise LabelsError(path, [f"{problem}; save it as CSV UTF-8"]) from error
    if not text.strip():
        raise LabelsError(path, ["it is empty; export a fresh sheet"])
    return text


def _encoding(content: bytes) -> str:
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # A column name starts with a Latin letter: a zero byte beside it is UTF-16 that lost its BOM.
    if content[1:2] == b"\x00":
        return "utf-16-le"
    if content[:1] == b"\x00":
        return "utf-16-be"
    return "utf-8" if _is_utf8(content) else "cp1252"


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _header(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        return _column_names(next(_rows(text, delimiter)).cells)
    except (_UnreadableRowError, StopIteration):
        return ()


def _column_names(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(_column_name, cells))


def _column_name(cell: str) -> str:
    plain = _MISREAD_BOM.sub("", trimmed(restore(cell)), count=1).strip("'\"`")
    return re.sub(r"[\s_]+", "_", trimmed(plain).casefold())


def _header_below(text: str, delimiter: str, key_column: str, first_line: int) -> str | None:
    """Say where the header is if it is not the first row, and what to do; None if nowhere."""
    holds_keys = False
    try:
        for row in _rows(text, delimiter, first_line):
            if len(row.cells) > 1 and key_column in _column_names(row.cells):
                return _misplaced_header(row, holds_keys=holds_keys)
            holds_keys = holds_keys or any(map(CLUSTER_KEY.fullmatch, map(trimmed, row.cells)))
    except _UnreadableRowError:
        pass
    return None


def _misplaced_header(row: TableRow, *, holds_keys: bool) -> str:
    if holds_keys:
        told = "it was sorted with the rows; move it to the top"
        return f"the header row is in {row.where}: {told}, or sort a fresh export without it"
    return f"the header is in {row.where}; delete what stands above it"


def _missing_key_column(columns: Sequence[str], key_column: str) -> str:
    if len(columns) == 1 and re.search(f'\\b{key_column}"*[{"".join(_DELIMITERS)}]', columns[0]):
        return (
            "every row sits in a single cell: the sheet was opened with another separator; "
            "export it with that separator, or import it with Data > From Text/CSV"
        )
    # The first row of some other file may hold text of queries: only what can be a name is shown.
    names = [column for column in columns if re.fullmatch(r"\w{1,40}", column)]
    found = ", ".join(map(repr, names[:8])) or "no column names"
    return f"the first row has no column {key_column}; found {found}; keep the exported header"


class _UnreadableRowError(Exception):
    """A row that is no CSV; the message says where and why."""


def _rows(text: str, delimiter: str, first_line: int = 1) -> Iterator[TableRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        line = first_line + reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _UnreadableRowError(f"line {line}: {_reason(error)}") from error
        if any(trimmed(cell) for cell in cells):
            yield TableRow(line, row, tuple(cells))


def _reason(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quoted cell never ends; the file is cut, or a closing quote is missing"
    if "expected after" in str(error):
        return "a quote stands inside a quoted cell; double it"
    return f"the row is no CSV ({error})"
