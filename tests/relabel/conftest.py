"""An index that is certified, and its sheet."""

from pathlib import Path

import pytest

from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.relabel import export_labels
from tests.relabel.sheets import CERTIFIED


@pytest.fixture
def folder(tmp_path) -> Path:
    with locked(tmp_path / "clusters"):
        publish(tmp_path / "clusters", CERTIFIED)
    return tmp_path / "clusters"


@pytest.fixture
def sheet(folder) -> Path:
    return export_labels(folder)
