"""Telling encoders that they are in a child made by `fork`, before anything else runs there."""

import os
from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """What holds locks or threads, which a child gets in whatever state they are."""

    def start_in_child(self) -> None:
        """Give up what a thread that is gone may have left half done."""
        ...


_told: "WeakSet[Forked]" = WeakSet()


def tell_of_forks(forked: Forked) -> None:
    """Call `start_in_child` in every child of this process, while `forked` is in use."""
    _told.add(forked)


def _start_in_child() -> None:
    for forked in list(_told):
        forked.start_in_child()


_register: Callable[..., None] | None = getattr(os, "register_at_fork", None)
if _register is not None:
    _register(after_in_child=_start_in_child)
