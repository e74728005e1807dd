"""One writer at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semroute.artifact.layout import LOCK
from semroute.durable import flush_folder, refused_writes_name
from semroute.errors import IndexLockedError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the right to publish into a folder, which is made if it is missing.

    The kernel takes the lock back when the process ends, however it ends. Readers need no lock.

    Raises:
        IndexLockedError: another process, or another caller in this one, holds it; at once.
        PublishError: the folder or the lock file cannot be made or locked.
    """
    _make_if_missing(folder)
    path = folder / LOCK
    with refused_writes_name(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, folder)
        try:
            yield
        finally:
            # Closing alone would leave the lock with a child made by fork().
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _make_if_missing(folder: Path) -> None:
    with refused_writes_name(folder):
        if folder.is_dir():
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flush_folder(folder.parent)


def _lock(handle: int, folder: Path) -> None:
    with refused_writes_name(folder / LOCK):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexLockedError(
                f"{folder}: another build or labels command is writing here; "
                "wait until it ends, or give another folder"
            ) from error
