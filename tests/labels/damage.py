"""What analysts and their programs do to a sheet that must not be applied.

Each case takes an exported sheet apart, damages it and says what the error must tell.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from semroute.labels import sheet_bytes
from tests.labels.sheets import KEYS, as_csv, sheet_row

HEADER = ("cluster_key", "name", "label", "note", "auto_label", "size")
GONE = "c0123456789abcde"
Rows = list[list[str]]


@dataclass(frozen=True)
class Damage:
    """A damaged file, and a pattern its error matches."""

    id: str
    content: bytes
    match: str


def _rows() -> Rows:
    rows = [[key, f"name {number}", "", "", "small", "120"] for number, key in enumerate(KEYS)]
    return [list(HEADER), *rows]


def _edited(change: Callable[[Rows], object], delimiter: str = ",") -> bytes:
    rows = _rows()
    change(rows)
    return as_csv(rows, delimiter).encode()


def _set(row: int, column: int, text: str) -> Callable[[Rows], object]:
    def change(rows: Rows) -> None:
        rows[row][column] = text

    return change


def _cell(id_: str, row: int, column: int, text: str, match: str) -> Damage:
    return Damage(id_, _edited(_set(row, column, text)), match)


def _label(id_: str, text: str, match: str) -> Damage:
    return _cell(id_, 2, 2, text, f"line 3, column label: .*{match}")


def _key(id_: str, text: str, match: str) -> Damage:
    return _cell(id_, 3, 0, text, f"line 4, column cluster_key: .*{match}")


EXPORTED = sheet_bytes([sheet_row(key) for key in KEYS])
SAVED = as_csv(_rows()).encode()

LABELS = [
    _label("label in another case", "Small", "there is no model 'Small'; did you mean 'small'"),
    _label("label misspelt", "smal", "did you mean 'small'"),
    _label("label with an inner space", "me dium", "did you mean 'medium'"),
    _label("label in full-width letters", "ｓｍａｌｌ", "did you mean 'small'"),
    _label("label with a full stop", "small.", "did you mean 'small'"),
    _label("label with a question mark", "small?", "did you mean 'small'"),
    _label("two labels in a cell", "small, medium", "there is no model"),
    _label("label of another fleet", "gpt-99", "empty means automatic, else one of 'large', 'med"),
    _label("the word auto for the automatic label", "auto", "empty means automatic"),
    _label("a dash for nothing", "-", "empty means automatic"),
    _label("label became a date", "01.Feb", "there is no model '01.Feb'"),
    _label("label became TRUE", "TRUE", "there is no model 'TRUE'"),
    _label("label is a formula error", "#NAME?", "there is no model '#NAME\\?'"),
    _label("label is a formula", "=E2", "there is no model '=E2'"),
    _label("note entered in the label column", "ask Ann before", "there is no model 'ask Ann"),
    _label(
        "label with an escape sequence", "sm\x1b[31mall", r"there is no model 'sm\\x1b\[31mall'"
    ),
    _label("label as long as a novel", "x" * 5000, "there is no model 'x{59}…"),
]

KEYS_DAMAGED = [
    _key("key became a number", "1.23457E+15", "is a number a spreadsheet made"),
    _key("key became a number with decimal comma", "1,23457E+15", "is a number a spreadsheet made"),
    _key("key lost its letter and zeros", "12345", "is a number a spreadsheet made"),
    _key("key with one digit changed", f"{KEYS[2][:-1]}x", f"did you mean '{KEYS[2]}'"),
    _key("key with its letter lost", KEYS[2][1:], f"did you mean '{KEYS[2]}'"),
    _key("key cut short", KEYS[2][:12], f"did you mean '{KEYS[2]}'"),
    _key("key dragged down as a series", "c1", "'c1' is not a key"),
    _key("key replaced by the row number", "3", "is a number a spreadsheet made"),
    _key("key replaced by the name", "orders", "'orders' is not a key; .*, else copy the key"),
    _key("key of the row above", KEYS[1], f"'{KEYS[1]}' is already on line 3"),
    _key("key is a formula error", "#REF!", "'#REF!' is not a key"),
    _key("key is a formula", "=A3", "'=A3' is not a key; copy the key"),
    _key("key shown as hashes", "#######", "'#######' is not a key"),
    Damage(
        "a total below the rows",
        _edited(lambda rows: rows.append(["Total", "", "", "", "", "720"])),
        "1 problem; .*line 8, column cluster_key: 'Total' is not a key; delete the row if it is a ",
    ),
    Damage(
        "key removed beside an edit",
        _edited(_set(3, 0, "")),
        "line 4, column cluster_key: the row has an edit but no key",
    ),
    Damage(
        "rows appended from another sheet",
        _edited(lambda rows: rows.append([GONE, "", "small", "", "", ""])),
        f"line 8, column cluster_key: the cluster '{GONE}' is not in this index",
    ),
    Damage(
        "note on a cluster that is gone",
        _edited(lambda rows: rows.append([GONE, "", "", "keep", "", ""])),
        "move its label and note to another row, delete the row, or leave",
    ),
    Damage(
        "sheet of another index without an edit",
        as_csv([list(HEADER), [GONE, "x", "", "", "", ""]]).encode(),
        "no row belongs to a cluster of this index",
    ),
    Damage(
        "whole sheet pasted twice",
        _edited(lambda rows: rows.extend([*rows[1:]])),
        "6 problems.*\nline 8, column cluster_key: .* is already on line 2",
    ),
    Damage(
        "header pasted again in the middle",
        _edited(lambda rows: rows.insert(3, list(HEADER))),
        "line 4, column cluster_key: 'cluster_key' is not a key; delete the row if it is .*heading",
    ),
    Damage(
        "sorted without the key column",
        as_csv([list(HEADER), ["name", *KEYS[:1], "", "", "", ""]]).encode(),
        "line 2, column cluster_key: 'name' is not a key",
    ),
]

COLUMNS = [
    Damage("header removed", SAVED.split(b"\r\n", 1)[1], "the first row has no column cluster_key"),
    Damage(
        "key column removed",
        _edited(lambda rows: [row.pop(0) for row in rows]),
        "no column cluster_key; found 'name', 'label', 'note'",
    ),
    Damage("key column renamed", _edited(_set(0, 0, "Schlüssel")), "found 'schlüssel', 'name'"),
    Damage(
        "title above the header",
        b"Labels of May\r\n" + SAVED,
        "the header is in line 2; delete what stands above it",
    ),
    Damage(
        "merged and blank rows above the header, with semicolons",
        b"Labels of May;;;;;\r\n;;;;;\r\nby Ann;;;;;\r\n" + as_csv(_rows(), ";").encode(),
        "the header is in line 4; delete what stands above it",
    ),
    Damage(
        "header sorted with the rows",
        _edited(lambda rows: rows.sort()),
        "the header row is in line 7: it was sorted with the rows; move it to the top, or sort",
    ),
    Damage(
        "header below a line for the separator and a title",
        b"sep=,\r\nLabels of May\r\n" + SAVED,
        r"the header is in line 3 \(row 2 in a spreadsheet\); delete",
    ),
    Damage(
        "all columns to edit removed",
        as_csv([["cluster_key", "size"], [KEYS[0], "1"]]).encode(),
        "none of the columns name, label, note",
    ),
    Damage("two label columns", _edited(_set(0, 4, "Label")), "the column label 2 times"),
    Damage("two key columns", _edited(_set(0, 5, "cluster_key")), "the column cluster_key 2 times"),
    Damage(
        "a comma entered without quotes",
        SAVED.replace(b'"name 1"', b"orders, returns"),
        "line 3, column 7: the row has 7 cells, the header 6; quote the cell",
    ),
    Damage(
        "saved without quotes",
        SAVED.replace(b'"name ', b"orders, returns ").replace(b'"', b""),
        "1 problem; .*line 2, column 7: the row has 7 cells, the header 6, "
        "and lines 3, 4, 5, 6, 7 have too many, too; save the sheet with every text in quotes",
    ),
    Damage(
        "a column filled beyond the header",
        _edited(lambda rows: rows[2].extend(["", "see here"])),
        "line 3, column 7: the row has 8 cells",
    ),
    Damage(
        "semicolons below a header of commas",
        (",".join(HEADER) + f"\r\n{KEYS[0]};a;small;;;").encode(),
        f"column cluster_key: '{KEYS[0]};a;small;;;' is not a key; copy the key",
    ),
    Damage(
        "every row in one cell",
        b"\r\n".join(b'"' + line.replace(b'"', b'""') + b'"' for line in SAVED.splitlines()),
        "every row sits in a single cell",
    ),
    Damage(
        "header and rows transposed",
        as_csv([["cluster_key", *KEYS], ["name", *"abcdef"]]).encode(),
        "none of the columns name, label, note",
    ),
]

TEXTS = [
    _cell("name is a formula error", 1, 1, "#NAME?", "line 2, column name: .*error #NAME\\?"),
    _cell("note is a LibreOffice error", 1, 3, "Err:508", "column note: .*error Err:508"),
    _cell("note shown as hashes", 1, 3, "########", "column note: .*error ####"),
    _cell("name looked up in vain", 1, 1, "#N/A", "column name: .*error #N/A"),
]

FILES = [
    Damage("empty file", b"", "it is empty"),
    Damage("only a byte order mark", b"\xef\xbb\xbf", "it is empty"),
    Damage("only blank lines", b"\r\n\r\n , \r\n", "no column cluster_key"),
    Damage("only a header", SAVED.split(b"\r\n")[0], "has no rows but the header"),
    Damage("saved as a workbook", b"PK\x03\x04\x14\x00\x06\x00", "it is a workbook"),
    Damage("saved as an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1", "it is an old Excel workbook"),
    Damage("saved as a web page", b"<html><table><tr><td>cluster_key", "no column cluster_key"),
    Damage("a picture", b"\x89PNG\r\n\x1a\n\x00\x81\x8d", "it is not text in UTF-8"),
    Damage("cut inside a character", EXPORTED[:200] + b"\xc3", "it is not text in UTF-8"),
    Damage("cut inside a UTF-16 character", "cluster_key".encode("utf-16")[:-1], "it is not text"),
    Damage(
        "cut inside a quoted cell", SAVED[: SAVED.index(b"name 4") + 3], "line 6: a quoted cell"
    ),
    Damage(
        "a quote inside a cell",
        SAVED.replace(b"name 2", b'the "big" one'),
        "line 4: a quote stands",
    ),
    Damage("a closing quote lost", SAVED.replace(b'0","', b'0,"', 1), "line [0-9]+: a quote"),
    Damage(
        "a merge conflict in version control",
        SAVED.replace(KEYS[1].encode(), b'x"\r\n<<<<<<< HEAD\r\n"' + KEYS[1].encode(), 1),
        "'<<<<<<< HEAD' is not a key",
    ),
    Damage("a settings file instead of the sheet", b'frontier = "large"\r\n', "no column cluster_"),
]

CASES = [*LABELS, *KEYS_DAMAGED, *COLUMNS, *TEXTS, *FILES]


def pattern(damage: Damage) -> re.Pattern[str]:
    """Compile what the error must match; a dot covers line ends."""
    return re.compile(damage.match, re.DOTALL)
