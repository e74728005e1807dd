"""Running `semroute` in this process, as the installed command would run it."""

import contextlib
import io
import sys
from dataclasses import dataclass
from unittest import mock

from semroute.cli import main


@dataclass(frozen=True)
class Finished:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


def run(*arguments: object, stdin: bytes = b"") -> Finished:
    """Run `semroute` with these arguments; a bug's traceback comes up as the exception it is."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["semroute", *map(str, arguments)]
    typed = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    with (
        mock.patch.object(sys, "argv", argv),
        mock.patch.object(sys, "stdin", typed),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            return Finished(int(stop.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("the command line did not exit")
