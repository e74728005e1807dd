"""Demos do not pile up, and remove nothing but what a demo left."""

import os
import tempfile
from pathlib import Path

import pytest

from semroute.artifact.lock import locked
from semroute.demo.place import temporary_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_is_empty_and_its_owners_only() -> None:
    folder = temporary_folder()
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_next_demo_replaces_the_last(temporary: Path) -> None:
    first = temporary_folder()
    (first / "clusters").mkdir()
    (first / "clusters" / "CURRENT").write_text("v1\n")
    assert temporary_folder() == first
    assert list(first.iterdir()) == []
    assert [path.name for path in temporary.iterdir()] == [first.name]


def test_a_demo_that_is_building_keeps_its_folder() -> None:
    first = temporary_folder()
    (first / "queries.jsonl").touch()
    with locked(first / "clusters"):
        second = temporary_folder()
    assert second != first
    assert list(second.iterdir()) == []
    assert (first / "queries.jsonl").exists()


@pytest.mark.parametrize("kind", ["link", "file", "folder of somebody else"])
def test_what_is_no_folder_of_ones_own_is_left_alone(
    kind: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = temporary_folder()
    usual.rmdir()
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    if kind == "link":
        usual.symlink_to(elsewhere)
    elif kind == "file":
        usual.touch()
    else:
        monkeypatch.setattr(os, "getuid", lambda: usual.parent.stat().st_uid + 1)
        usual = usual.with_name(f"semroute-demo-{os.getuid()}")
        elsewhere.rename(usual)
        elsewhere = usual
    assert temporary_folder() not in {usual, elsewhere}
    assert (elsewhere / "precious").exists()
    assert os.path.lexists(usual)
