"""Indexes built from the demo's files through the command line, once for each file of tests.

Tests that build again do so from a smaller log: they are about the build, not about what it finds.
"""

import json
import shutil
from pathlib import Path

import pytest

from semroute.demo.dataset import DemoFiles, write_dataset
from tests.command_line import Finished
from tests.end_to_end.building import build


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_dataset(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_dataset(tmp_path_factory.mktemp("few"), n_queries=400)


@pytest.fixture(scope="module")
def built(files: DemoFiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("built") / "clusters"
    done = build(files, out, "--json")
    assert done.code == 0, done.stderr
    return out, json.loads(done.stdout)


@pytest.fixture(scope="module")
def built_from_few(
    few: DemoFiles, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Finished]:
    out = tmp_path_factory.mktemp("built from few") / "clusters"
    return out, build(few, out)


@pytest.fixture
def index(built: tuple[Path, dict], tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(built[0], tmp_path / "clusters"))
