"""Reading files nobody vouches for: no links, no pipes, nothing larger than expected."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semroute.errors import InvalidIndexError

LARGEST_LINE_BYTES = 1024
"""Of the files that hold one line."""

REPAIR = (
    "restore it from a copy, make another version live (semroute use), or run build-index again"
)
REBUILD = "run build-index again, or install the semroute that wrote it"


def read_file(path: Path, largest: int) -> bytes:
    """Read a whole regular file.

    Raises:
        InvalidIndexError: it is missing, a link, not a regular file, larger than `largest` bytes,
            or the operating system refused to read it.
    """
    with _unreadable(path), open(path, "rb", opener=_open) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InvalidIndexError(path, "is not a regular file")
        if status.st_size > largest:
            raise InvalidIndexError(
                path, f"has {status.st_size:,} bytes, at most {largest:,} are expected; {REPAIR}"
            )
        return file.read(largest + 1)


def _open(path: str, flags: int) -> int:
    # O_NONBLOCK: opening a named pipe would wait for a writer for ever.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def entry_names(folder: Path) -> list[str]:
    """Return the names of everything in a folder.

    Raises:
        InvalidIndexError: the operating system refused to list it.
    """
    with _unreadable(folder):
        return [path.name for path in folder.iterdir()]


def exists(path: Path) -> bool:
    """Whether there is anything at this path, be it a broken link or something hidden from us."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def is_file(path: Path) -> bool:
    """Whether this is a regular file, not a link to one."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path, *, follow: bool = False) -> bool:
    """Whether this is a folder; a link to one only counts with `follow`."""
    return stat.S_ISDIR(_mode(path, follow=follow))


def _mode(path: Path, *, follow: bool = False) -> int:
    try:
        return path.stat(follow_symlinks=follow).st_mode
    except (OSError, ValueError):
        return 0


@contextmanager
def _unreadable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise InvalidIndexError(path, f"is missing; {REPAIR}") from None
    except PermissionError:
        raise InvalidIndexError(
            path,
            "may not be read by this user; index files are readable by their owner only, so give "
            "them to who reads them (chown -R, or COPY --chown in an image)",
        ) from None
    except (OSError, ValueError) as error:
        link = path.is_symlink()
        reason = "is a link; an index holds none" if link else f"cannot be read: {error}"
        raise InvalidIndexError(path, reason) from error
