"""A published index, and folders in memory: flushing to a busy disk takes up to 0.1 s."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifact.indexes import publish_at_moment
from tests.tiny_index import tiny_contents

MEMORY = Path("/dev/shm")  # noqa: S108 - the fixture makes a private folder in it


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """A folder that a killed process cannot outlive any better than one on a disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published tiny index that no test alters."""
    folder = tmp_path_factory.mktemp("original") / "clusters"
    publish_at_moment(folder, tiny_contents())
    return folder


@pytest.fixture
def folder(original: Path, memory_path: Path) -> Path:
    """A copy of it, to be altered."""
    return Path(shutil.copytree(original, memory_path / "clusters"))
