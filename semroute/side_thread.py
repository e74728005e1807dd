"""Work that goes on beside other work, on a thread of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")


@contextmanager
def beside(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Start `work`; call what this yields for its result. The block ends when the work has ended.

    Where no thread can be started (a container at its limit), the work is done when its result is
    asked for, and never if it is not.

    >>> with beside(lambda: 6 * 7) as result:
    ...     result()
    42
    """
    with ThreadPoolExecutor(1) as thread:
        try:
            result: Callable[[], Result] = thread.submit(work).result
        except RuntimeError:
            result = work
        yield result
