"""How long steps report that they move: a callback that takes the number of items just done."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int], None]
"""Called with the number of items finished since the last call."""


class Progress(Protocol):
    """Something that can show the progress of one step after another."""

    def step(self, name: str, total: int | None) -> AbstractContextManager[Advance]:
        """Open a step of `total` items (None: unknown); the context gives its callback."""
        ...

    def tell(self, sentence: str) -> None:
        """Show one line, between steps or within one."""
        ...


def ignore(n_items: int) -> None:
    """Take an advance and show nothing."""
