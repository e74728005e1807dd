"""Folders in memory: flushing to a disk shared with others takes up to 0.1 s."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 the fixture makes a private folder in it


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """A folder that a killed process cannot outlive any better than one on a disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)
