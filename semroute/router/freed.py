"""Memory that was freed goes back to the operating system."""

import ctypes
from contextlib import suppress


def give_back_freed_memory() -> None:
    """Give back what is freed; nothing is done where the C library has no `malloc_trim`.

    Reading an index takes and frees large blocks. The GNU C library keeps them in pieces that the
    next index does not fit into, so that a process would grow with each version it takes up.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))
