"""Progress bars on a terminal; nothing when piped, nothing without rich."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from semroute.progress import Advance, Progress


class ProgressBars:
    """One bar per long step, on stderr; a step of unknown length shows that it lives."""

    @contextmanager
    def step(self, name: str, total: int | None) -> Iterator[Advance]:
        """Show a bar while the step runs."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bars

        counted = [MofNCompleteColumn(), TimeRemainingColumn()] if total else []
        columns = [SpinnerColumn(), TextColumn("{task.description:<14}"), BarColumn(), *counted]
        with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
            task = bars.add_task(name, total=total)
            yield lambda n_items: bars.advance(task, n_items)
            bars.update(task, total=total or 1, completed=total or 1)

    def tell(self, sentence: str) -> None:
        """Print the line on stderr."""
        click.echo(sentence, err=True)


def progress_for_terminal() -> Progress | None:
    """Return progress bars if a person is looking at stderr and rich is installed."""
    if not sys.stderr.isatty() or importlib.util.find_spec("rich") is None:
        return None
    return ProgressBars()
