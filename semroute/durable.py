"""Writes that survive a power cut, readable by their owner only."""

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from semroute.errors import PublishError

UNFINISHED = ".tmp-"
"""How the name of everything begins that is being written by the one who holds a lock."""

_UNLOCKED = re.compile(r"\.[0-9a-f]{16}\.")
_HOUR_S = 3600


@contextmanager
def refused_writes_name(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a `PublishError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise PublishError(path, error.strerror or str(error)) from error


def write_file(path: Path, content: bytes) -> None:
    """Write a new file, mode 0600 or what a stricter umask leaves of it, and flush it to disk.

    Raises:
        PublishError: the file exists, or the operating system refused a step.
    """
    with (
        refused_writes_name(path),
        open(path, "xb", opener=_open_for_owner) as file,
    ):
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _open_for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def replace_file(path: Path, content: bytes, *, locked: bool = False) -> None:
    """Write a file, or replace one, at once: whoever reads finds the old content or the new.

    The mode is that of `write_file`, whatever that of the old file was. Where `path` is a link and
    nobody holds a lock, the file it points at is replaced.

    Args:
        path: the file.
        content: all of it.
        locked: the caller holds a lock of the folder, and whoever holds it next removes what a
            process that dies leaves behind. Without it others may write the same file meanwhile:
            one of them, whole, is what stays.

    Raises:
        PublishError: the operating system refused a step; the old file is as it was.
    """
    own = UNFINISHED if locked else f".{secrets.token_hex(8)}."
    # Unlike `Path.resolve`, which raises on links in a circle.
    path = path if locked else Path(os.path.realpath(path))
    unfinished = path.with_name(f"{own}{path.name}")
    try:
        with refused_writes_name(path):
            if path.exists() and not path.is_file():
                raise PublishError(path, "is no file that could be replaced")
            unfinished.unlink(missing_ok=True)
        write_file(unfinished, content)
        with refused_writes_name(path):
            unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    flush_folder(path.parent)


def is_left_behind(path: Path) -> bool:
    """Whether this is what a process that died left unfinished, for the holder of the lock to ask.

    Who replaces a file without a lock may be at it: theirs counts after an hour.
    """
    if path.name.startswith(UNFINISHED):
        return True
    with suppress(OSError):
        return bool(_UNLOCKED.match(path.name)) and time.time() - path.lstat().st_mtime > _HOUR_S
    return False


def make_folder(path: Path) -> None:
    """Make a folder, mode 0700 or what a stricter umask leaves of it; its parent must exist."""
    with refused_writes_name(path):
        path.mkdir(mode=0o700)


def flush_folder(path: Path) -> None:
    """Flush to disk which files a folder holds, after one was made, renamed or replaced."""
    with refused_writes_name(path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
