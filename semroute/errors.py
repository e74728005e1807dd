"""Every error semroute raises on purpose, as one tree.

SemrouteError                  exit code 1
├── InputError                 3   a query, eval or labels file holds something that cannot be read
│   ├── ConfigError            3   semroute.toml is wrong
│   └── LabelsError            3   a labels sheet has problems; all of them at once
├── InvalidIndexError          4   the index is damaged, incomplete or from a newer semroute
├── IndexLockedError           1   another build is writing into the same folder
├── PublishError               1   the operating system refused a write
├── BuildError                 1   the input was read, but no index can be made of it
├── EncoderError               1   the encoder cannot be loaded or gave unusable vectors
├── MissingExtraError          1   a feature needs packages that are not installed
└── CheckFailedError           5   a quality gate was missed

Messages say what is wrong, where, and what to do. They never hold the text of a query.
"""

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar


class SemrouteError(Exception):
    """Base of everything semroute raises on purpose; `exit_code` is what the CLI returns."""

    exit_code: ClassVar[int] = 1


class InputError(SemrouteError):
    """An input file holds something that cannot be read.

    `path`, `line` (1-based), `column` and `value` say where; those that are unknown are None.
    """

    exit_code = 3
    _column_is_called: ClassVar[str] = "column"

    def __init__(
        self,
        problem: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> None:
        self.problem = problem
        self.path = None if path is None else str(path)
        self.line = line
        self.column = column
        self.value = value
        super().__init__(self._message())

    def _message(self) -> str:
        where = [] if self.path is None else [self.path]
        where += [] if self.line is None else [f"line {self.line}"]
        where += [] if self.column is None else [f"{self._column_is_called} {self.column}"]
        got = "" if self.value is None else f" (found {_short(self.value)})"
        return f"{', '.join(where)}: {self.problem}{got}" if where else f"{self.problem}{got}"


class ConfigError(InputError):
    """`semroute.toml` is missing, is not TOML, or holds a wrong or unknown key.

    `column` is the key, with the tables around it.
    """

    _column_is_called = "key"


class LabelsError(InputError):
    """A labels sheet has problems. `problems` holds all of them; nothing of it was applied."""

    def __init__(self, path: Path | str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join((f"{count}; nothing was applied", *self.problems))
        super().__init__(lines, path=path)


class InvalidIndexError(SemrouteError):
    """An index is damaged, incomplete, inconsistent or made by a newer semroute.

    `path` names the file, `reason` says what is wrong with it and what to do.
    """

    exit_code = 4

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}")


class IndexLockedError(SemrouteError):
    """Another process is publishing into the same folder."""


class PublishError(SemrouteError):
    """The operating system refused a write (disk full, no permission); `path` says where."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"cannot write {self.path}: {reason}; what was published stays as it was")


class BuildError(SemrouteError):
    """The input was read, but no index can be made of it."""


class EncoderError(SemrouteError):
    """The encoder cannot be loaded, or gave vectors that cannot be used."""


class MissingExtraError(SemrouteError):
    """A feature needs packages that are not installed; the message holds the install command."""

    def __init__(self, feature: str, extra: str, package: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}, which is not installed; "
            f"run: pip install 'semroute[{extra}]'"
        )


def require(feature: str, extra: str, **packages: str) -> None:
    """Check that packages are installed, given as `module="name to install"`.

    Raises:
        MissingExtraError: one is not installed.
    """
    for module, package in packages.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(feature, extra, package)


class CheckFailedError(SemrouteError):
    """A quality gate was missed."""

    exit_code = 5


def _short(value: object, limit: int = 60) -> str:
    shown = repr(value)
    return shown if len(shown) <= limit else f"{shown[:limit]}…"
