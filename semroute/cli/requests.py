"""What `route` and `explain` are asked: a text, or what stdin holds."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from semroute.queries import LogRow, read_row
from semroute.texts import printable, shell_word

STDIN = "-"

_LIKE_A_ROW = re.compile(r'\s*[{\[].*"(messages|text|role|content)"\s*:')

_NOT_UTF_8 = (
    "note: line {} of stdin is not UTF-8, so letters are missing from what is routed; convert it "
    "first, as by: iconv -f cp1252 -t utf-8"
)

rows_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--rows", is_flag=True, help="TEXT is a row of a query log: JSON with text or messages."
)


def requests_of(text: str, *, rows: bool) -> Iterator[LogRow]:
    """Return the text, or with `-` each line of stdin, as requests; rows are read one by one.

    Raises:
        click.UsageError: stdin is closed.
        InputError: while iterating; a line is no row of a query log.
    """
    _note_a_file(text, rows=rows)
    if not rows:
        lines = _noting_rows(_decoded(stdin_lines())) if text == STDIN else iter([text])
        return (LogRow(None, line.rstrip("\r\n")) for line in lines)
    if text == STDIN:
        return _rows(stdin_lines(), Path("stdin"))
    return _rows([text.encode("utf-8", "surrogateescape")], Path("TEXT"))


def one_request(text: str, *, rows: bool) -> LogRow:
    """Return the text, or with `-` all that stdin holds as one text or as one row.

    Raises:
        click.UsageError: stdin is closed, or there is not exactly one row.
        InputError: it is no row of a query log.
    """
    if not rows:
        whole = "".join(_decoded(stdin_lines())).rstrip("\r\n") if text == STDIN else text
        return LogRow(None, whole)
    found = requests_of(text, rows=True)
    first = next(found, None)
    if first is None or next(found, None) is not None:
        n_rows = "no row" if first is None else "more than one row"
        raise click.UsageError(f"there is {n_rows}; give exactly one to explain")
    return first


def stdin_lines() -> Iterable[bytes]:
    """Return the lines of stdin; a usage error if it is closed."""
    if sys.stdin is None:
        raise click.UsageError("stdin is closed; connect it, or give what to read")
    return sys.stdin.buffer


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """Decode lines, and say once that one is not UTF-8: it is routed without what is unreadable."""
    noted = False
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", "replace")
            if not noted:
                noted = True
                click.echo(_NOT_UTF_8.format(number), err=True)
        yield text


def _rows(lines: Iterable[bytes], path: Path) -> Iterator[LogRow]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield read_row(line, path, number)


def _note_a_file(text: str, *, rows: bool) -> None:
    if _names_a_file(text):
        name = printable(text)
        which, option = ("rows", "--rows ") if rows else ("lines", "")
        command = f"semroute route {option}- < {shell_word(name)}"
        click.echo(f"note: {name} is a file; for its {which}, run: {command}", err=True)


def _names_a_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # a text may be too long for a path, or hold a zero byte
        return False


def _noting_rows(lines: Iterator[str]) -> Iterator[str]:
    """Pass lines on, and say once that one like a row of a JSON Lines file is taken for a text."""
    noted = False
    for line in lines:
        if not noted and _LIKE_A_ROW.match(line):
            noted = True
            click.echo(
                "note: a line that looks like JSON is routed as the text it is; for rows with a "
                "text or messages, run: semroute route --rows -",
                err=True,
            )
        yield line
