"""Where the demo puts its files if nobody says where."""

import os
import shutil
import tempfile
from pathlib import Path

from semroute.artifact.lock import locked
from semroute.errors import IndexLockedError, PublishError


def temporary_folder() -> Path:
    """Return an empty folder for the demo's files, readable by its owner only.

    It is the same every time, and what the last demo left there is removed, so that demos do not
    pile up. Where another one is running, or something of that name is someone else's, it is a
    folder of its own.
    """
    usual = Path(tempfile.gettempdir(), f"semroute-demo-{os.getuid()}")
    try:
        _remove_own(usual)
        usual.mkdir(mode=0o700)
    except (OSError, IndexLockedError, PublishError):
        return Path(tempfile.mkdtemp(prefix="semroute-demo-"))
    return usual


def _remove_own(folder: Path) -> None:
    is_own = folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    if is_own:
        with locked(folder / "clusters"):
            shutil.rmtree(folder)
