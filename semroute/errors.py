"""Every error semroute raises on purpose, as one tree.

SemrouteError                  exit code 1
├── InputError                 3   a query, eval or labels file holds something that cannot be read
│   ├── RowsError              3   several rows of a file cannot be read; the first few of them
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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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
        super().__init__(self._message(self.path))

    @property
    def inside_file(self) -> str:
        """The message without the path."""
        return self._message(None)

    def _message(self, path: str | None) -> str:
        where = [] if path is None else [path]
        where += [] if self.line is None else [f"line {self.line}"]
        where += [] if self.column is None else [f"{self._column_is_called} {self.column}"]
        got = "" if self.value is None else f" (found {shown(self.value)})"
        return f"{', '.join(where)}: {self.problem}{got}" if where else f"{self.problem}{got}"


class RowsError(InputError):
    """Several rows of a file cannot be read: `n_rows` of them, of which `first` holds the first.

    `line`, `column` and `value` are those of the very first. `is_cut_short`: one of them ended the
    reading, and there may be more.
    """

    def __init__(
        self, first: Sequence[InputError], n_rows: int, *, is_cut_short: bool = False
    ) -> None:
        self.first = tuple(first)
        self.n_rows = n_rows
        self.is_cut_short = is_cut_short
        head = f"{'at least ' if is_cut_short else ''}{n_rows:,} rows cannot be read"
        head += f"; the first {len(first)}:" if n_rows > len(first) else ":"
        problem = "\n".join((head, *(error.inside_file for error in first)))
        super().__init__(problem, path=first[0].path)
        self.line, self.column, self.value = first[0].line, first[0].column, first[0].value


class FaultyRows:
    """Collects the rows of a file that cannot be read, so that they are told together.

    Inside a `with` of it an `InputError` is collected and does not go on. `n_rows` counts them,
    `first` are those that will be told.
    """

    MOST_TOLD: ClassVar[int] = 5

    def __init__(self) -> None:
        self.first: list[InputError] = []
        self.n_rows = 0
        self._is_cut_short = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Collect what ends the reading of all rows, too."""
        with self:
            try:
                yield
            except InputError:
                self._is_cut_short = True
                raise

    def __enter__(self) -> None:
        """Collect from here on."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Keep an `InputError`, and let everything else go on."""
        if not isinstance(error, InputError):
            return False
        self.n_rows += 1
        if len(self.first) < self.MOST_TOLD:
            self.first.append(error)
        return True

    def refuse(self) -> None:
        """Raise what was collected, if anything.

        Raises:
            InputError: the only one; a `RowsError` if there are several.
        """
        if self.n_rows > 1:
            raise RowsError(self.first, self.n_rows, is_cut_short=self._is_cut_short)
        if self.first:
            raise self.first[0]


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


def shown(value: object) -> str:
    """Return a value as Python writes it, for a message; of a long one the first 60 characters."""
    written = repr(value)
    return written if len(written) <= 60 else f"{written[:60]}…"
