"""Cells: texts made safe for a spreadsheet and turned back, and what a spreadsheet does to them.

A spreadsheet runs as a formula what starts with one of a few characters. Following OWASP ("CSV
Injection", and the testing guide's page on it) these are `=`, `+`, `-`, `@`, TAB, CR, LF, NUL and
the full-width forms; they count after white space, quotes and invisible characters too, and after
a separator inside the cell, because a sheet opened with another separator is cut there.
"""

import math
import re
import unicodedata
from decimal import Decimal

GUARD = "'"
"""Put before what could run; spreadsheets take a cell that starts with it as text."""

_FORMULA = "\x00=+\\-@＝＋－＠﹦﹢﹣﹫−ー"
_SEPARATORS = ",;|\t\r\n"
_INVISIBLE = "\x01-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_BLANK = " \x0b\x0c\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# One class of characters: a possessive group, before CPython 3.11.5, forgets where it started.
_LEAD = rf"[{_BLANK}\"'`´‘’‚“”„«»{_INVISIBLE}]*"
_RISK = (
    rf"(?:\A(?={_LEAD}[{_FORMULA}\t\r\n])"
    rf"|(?<=[{re.escape(_SEPARATORS)}])(?={_LEAD}[{_FORMULA}]))"
)
_UNGUARDED = re.compile(_RISK)
_GUARDED = re.compile(_RISK + GUARD)

CODE_PAGES = ("cp1252", "cp1250", "cp1251", "mac_roman", "latin-1", "iso8859-2")
"""Character sets that a spreadsheet may take for that of the sheet, instead of UTF-8."""

# Bytes a code page does not define: C1 characters in most programs, private ones in LibreOffice,
# the replacement character in others.
_UNDEFINED = (
    *({0xDC00 + n: base + n for n in range(0x80, 0x100)} for base in (0, 0xF100)),
    {0xDC00 + n: 0xFFFD for n in range(0x80, 0x100)},
)

_NUMERAL = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3})+|(?:\s\d{3})+)", re.ASCII)
_SHORT_DATE = re.compile(r"\d{1,4}[./-]\d{1,4}(?:[./-]\d{0,4})?", re.ASCII)
_DATE = re.compile(
    r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{2}(?:\d\d)?"
    r"|(?:\d{1,2}(?:-|\.\s?))?[^\W\d_]{3,9}\.?(?:-\d\d(?:\d\d)?|\s\d{4})?"
)
_LOST_LETTER = re.compile(r"\ufffd|\?(?=[^\W\d_])")

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

    Spreadsheets change line breaks, white space and Unicode composition, write a question mark for
    what the system's code page lacks, take a sheet for one in another character set (`garbled`),
    and numbers and dates for what they are (`is_converted`).

    >>> looks_untouched("日本 trains", "?? trains"), looks_untouched("trains", "planes")
    (True, False)
    """
    return look(after) in looks(before) or is_converted(before, after)


def looks(text: str) -> frozenset[str]:
    """Return every `look` of a text that nobody edited: as it is, and as a code page saves it."""
    return frozenset({look(text)}) | _poorer(text) | garbled(text)


def _poorer(text: str) -> frozenset[str]:
    by_code_unit = "".join("??" if ord(c) > 0xFFFF else c for c in text)
    pages = ("cp1252", "ascii")
    texts = (text, by_code_unit)
    saved = [one.encode(page, "replace").decode(page) for one in texts for page in pages]
    return frozenset(map(look, saved))


def look(text: str) -> str:
    """Return what of a text saving leaves alone: neither white space nor Unicode composition."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def garbled(text: str) -> frozenset[str]:
    """Return every `look` of a text that was opened, or saved, in another character set.

    >>> "schÃ¶n" in garbled("schön"), garbled("plain")
    (True, frozenset())
    """
    if text.isascii():
        return frozenset()
    stored = storable(text).encode()
    opened = [stored.decode(page, "surrogateescape") for page in CODE_PAGES]
    opened = [one.translate(undefined) for one in opened for undefined in _UNDEFINED]
    saved = [text.encode(page, "replace").decode("cp1252", "replace") for page in CODE_PAGES]
    return frozenset(map(look, (*opened, *saved))) - {look(text)} - _poorer(text)


def is_garbled(before: str, after: str) -> bool:
    """Say whether `after`, edited or not, has letters of `before` in another character set.

    >>> is_garbled("schön", "schÃ¶n und gut"), is_garbled("schön", "schön und gut")
    (True, False)
    """
    if look(after) in garbled(before):
        return True
    runs = re.findall(r"[^\x00-\x7f]+", unicodedata.normalize("NFC", before))
    signs = {sign for run in runs for sign in garbled(run) if len(sign) > 1 and "?" not in sign}
    return any(sign in look(after) and sign not in look(before) for sign in signs)


def is_converted(before: str, after: str) -> bool:
    """Say whether `after` is the number or the date that a spreadsheet sees in `before`.

    >>> is_converted("007", "7"), is_converted("1/2", "01/02/2026"), is_converted("7", "8")
    (True, True, False)
    """
    if look(before) == look(after):
        return False
    return bool(_numbers(before) & _numbers(after)) or _became_date(trimmed(before), trimmed(after))


def _numbers(text: str) -> set[Decimal]:
    """Return what a text may mean as a number, with a decimal point or comma."""
    plain = trimmed(look(text))
    read = {plain, plain.replace(",", ".")}
    if _GROUPED.fullmatch(plain):
        read.add(re.sub(r"[^\d+-]", "", plain))
    return {Decimal(one) for one in read if _NUMERAL.fullmatch(one)}


def _became_date(before: str, after: str) -> bool:
    if not _SHORT_DATE.fullmatch(before) or not _DATE.fullmatch(after):
        return False
    parts, found = (
        {int(part) % 100 for part in re.findall(r"\d+", one)} for one in (before, after)
    )
    # A month may have become a word, and a day may be gone: 3/2024 is shown as Mar-24.
    return bool(parts & found) if re.search(r"[^\W\d_]", after) else parts <= found


def may_have_lost_letters(before: str, after: str) -> bool:
    """Say whether words of `after` that `before` does not have hold signs of a lost letter.

    >>> may_have_lost_letters("", "?ód?"), may_have_lost_letters("", "why? x.org/?a=b")
    (True, False)
    """
    words = set(after.split()) - set(before.split())
    return any(_LOST_LETTER.search(word) and not re.search(r"[=/]", word) for word in words)
