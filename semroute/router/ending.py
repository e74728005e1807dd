"""Letting the requests of daemon threads end before Python does.

A daemon thread that comes back from native code while Python ends is unwound through that code, and
the runtimes of C++ and Rust then abort the whole process. So at the end those under way are waited
for, and those that begin are held up until the process is gone.
"""

import atexit
import os
import threading
import time
from collections import deque

MOST_SECONDS = 5.0
"""How long the end waits for requests; one takes milliseconds, a portion of a batch more."""

HELD_UP_SECONDS = 1.0
"""How long requests that begin at the end wait for the process to be gone.

Not for ever: what else runs at the end may wait for the very threads they are on.
"""

_under_way: deque[None] = deque()


class _End:
    """When requests of daemon threads may begin again; None before the end of the process."""

    free_at: float | None = None


class UnderWay:
    """Around whatever calls native code for a request; entered by any number of threads."""

    def __enter__(self) -> None:
        _under_way.append(None)
        if _End.free_at is not None and threading.current_thread().daemon:
            _under_way.pop()
            while time.monotonic() < _End.free_at:
                time.sleep(0.01)
            _under_way.append(None)

    def __exit__(self, *_error: object) -> None:
        if _under_way:  # empty in a child forked from within a request
            _under_way.pop()


def _wait_for_requests() -> None:
    last = time.monotonic() + MOST_SECONDS
    _End.free_at = last + HELD_UP_SECONDS
    while _under_way and time.monotonic() < last:
        time.sleep(0.001)
    _End.free_at = time.monotonic() + HELD_UP_SECONDS


def _start_in_child() -> None:
    """Forget the requests of threads that a fork did not take along."""
    _under_way.clear()


atexit.register(_wait_for_requests)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_in_child)
