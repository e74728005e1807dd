"""Cells: texts made safe for a spreadsheet and turned back, and what a spreadsheet does to them.

A spreadsheet runs as a formula what starts with one of a few characters. Following OWASP ("CSV
Injection", and the testing guide's page on it) these are `=`, `+`, `-`, `@`, TAB, CR, LF, NUL and
the full-width forms; they count after white space, quotes and invisible characters too, and after
a separator inside the cell, because a sheet opened with another separator is cut there.
"""

import math
import re
import unicodedata

GUARD = "'"
"""Put before what could run; spreadsheets take a cell that starts with it as text."""

_FORMULA = "\x00=+\\-@＝＋－＠﹦﹢﹣﹫−ー"
_SEPARATORS = ",;|\t\r\n"
_INVISIBLE = "\x01-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_LEAD = rf"(?:(?![\t\r\n])[\s\"'`´‘’‚“”„«»{_INVISIBLE}])*+"
_RISK = (
    rf"(?:\A(?={_LEAD}[{_FORMULA}\t\r\n])"
    rf"|(?<=[{re.escape(_SEPARATORS)}])(?={_LEAD}[{_FORMULA}]))"
)
_UNGUARDED = re.compile(_RISK)
_GUARDED = re.compile(_RISK + GUARD)

CODE_PAGES = ("cp1252", "cp1250", "cp1251", "mac_roman")
"""Character sets that a spreadsheet may take for that of the sheet, instead of UTF-8."""

_PADDING = "\u200b\u200e\u200f\ufeff"


def neutralise(text: str) -> str:
    """Put an apostrophe wherever a spreadsheet could see the start of a formula.

    `restore` takes exactly these apostrophes away again, for any text, as an apostrophe already
    there gets another one before it. Texts that cannot run stay as they are.

    >>> neutralise("=1+1"), neutralise("'=1+1"), neutralise("rock 'n' roll")
    ("'=1+1", "''=1+1", "rock 'n' roll")
    >>> neutralise("a;=1+1")
    "a;'=1+1"
    """
    return _UNGUARDED.sub(GUARD, text)


def restore(text: str) -> str:
    """Undo `neutralise`: `restore(neutralise(text)) == text` for any text.

    >>> restore("'=1+1")
    '=1+1'
    """
    return _GUARDED.sub("", text)


def storable(text: str) -> str:
    """Repair surrogates, which no file can hold: a pair is joined, a lone one becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def numeral(value: float | None, n_decimals: int, mark: str = ".") -> str:
    """Write a number as digits only, without exponent; blank where it is unknown.

    >>> numeral(-0.012345, 4), numeral(1e-9, 4), numeral(None, 4), numeral(0.5, 1, ",")
    ('-0.0123', '0.0000', '', '0,5')
    """
    if value is None or not math.isfinite(value):
        return ""
    return f"{round(value, n_decimals) + 0.0:.{n_decimals}f}".replace(".", mark)


def trimmed(cell: str) -> str:
    """Strip white space and invisible padding from both ends."""
    return cell.strip().strip(_PADDING).strip()


def looks_untouched(before: str, after: str) -> bool:
    """Say whether `after` is what saving may have made of `before` with nobody editing it.

    Spreadsheets change line breaks, white space and Unicode composition, and write a question mark
    for what the system's code page lacks.

    >>> looks_untouched("日本 trains", "?? trains"), looks_untouched("trains", "planes")
    (True, False)
    """
    return look(after) in looks(before)


def looks(text: str) -> frozenset[str]:
    """Return every `look` of a text that nobody edited: as it is, and as a code page saves it."""
    poorer = text.encode("cp1252", "replace").decode("cp1252")
    by_code_unit = "".join("??" if ord(c) > 0xFFFF else c for c in text)
    poorest = by_code_unit.encode("cp1252", "replace").decode("cp1252")
    return frozenset(map(look, (text, poorer, poorest)))


def look(text: str) -> str:
    """Return what of a text saving leaves alone: neither white space nor Unicode composition."""
    return " ".join(unicodedata.normalize("NFC", text).split())
