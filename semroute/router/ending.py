"""Letting the requests of daemon threads end before Python does.

A daemon thread that comes back from native code while Python ends is unwound through that code, and
the runtimes of C++ and Rust then abort the whole process. So at the end those under way are waited
for, and no other begins.
"""

import atexit
import os
import threading
import time
from collections import deque

MOST_SECONDS = 5.0
"""How long the end waits; a request takes milliseconds, a portion of a batch of long texts more."""

_under_way: deque[None] = deque()
_is_ending = threading.Event()


class UnderWay:
    """Around whatever calls native code for a request; entered by any number of threads."""

    def __enter__(self) -> None:
        _under_way.append(None)
        if _is_ending.is_set() and threading.current_thread().daemon:
            _under_way.pop()
            threading.Event().wait()  # for ever: the process is about to be gone

    def __exit__(self, *_error: object) -> None:
        if _under_way:  # empty in a child forked from within a request
            _under_way.pop()


def _wait_for_requests() -> None:
    _is_ending.set()
    last = time.monotonic() + MOST_SECONDS
    while _under_way and time.monotonic() < last:
        time.sleep(0.001)


def _start_in_child() -> None:
    """Forget the requests of threads that a fork did not take along."""
    _under_way.clear()


atexit.register(_wait_for_requests)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_in_child)
