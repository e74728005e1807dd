"""Files that are replaced at once, whoever else writes them."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from semroute.artifact.publishing import remove_unfinished
from semroute.durable import UNFINISHED, replace_file
from semroute.errors import PublishError

CONTENTS = [bytes([65 + n]) * 40_000 for n in range(4)]


def test_of_many_writers_of_one_file_none_fails_and_one_stays_whole(tmp_path: Path) -> None:
    """While builds clear away what processes that died left behind."""
    path = tmp_path / "labels.csv"
    replace_file(path, CONTENTS[0])

    def write(content: bytes) -> None:
        for _ in range(25):
            replace_file(path, content)
            assert path.read_bytes() in CONTENTS

    def clear(_: bytes) -> None:
        for _ in range(100):
            remove_unfinished(tmp_path)

    with ThreadPoolExecutor(5) as threads:
        under_way = [threads.submit(write, content) for content in CONTENTS]
        under_way.append(threads.submit(clear, b""))
        for one in under_way:
            one.result(60)
    assert [one.name for one in tmp_path.iterdir()] == ["labels.csv"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_the_holder_of_a_lock_leaves_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "CURRENT"
    left = tmp_path / f"{UNFINISHED}CURRENT"
    left.write_bytes(b"half")
    replace_file(path, b"new", locked=True)
    assert [one.name for one in tmp_path.iterdir()] == ["CURRENT"]

    def refuse(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PublishError, match=r"CURRENT: No space left on device"):
        replace_file(path, b"newer", locked=True)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("CURRENT", b"new")]


def test_what_a_writer_without_a_lock_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, new = tmp_path / f".{'0' * 16}.labels.csv", tmp_path / f".{'1' * 16}.labels.csv"
    for path in (old, new, tmp_path / ".lock", tmp_path / "labels.csv"):
        path.write_bytes(b"half")
    for path in (old, tmp_path / ".lock", tmp_path / "labels.csv"):
        os.utime(path, (0, 0))
    remove_unfinished(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {new.name, ".lock", "labels.csv"}


def test_a_link_in_a_circle_is_replaced(tmp_path: Path) -> None:
    circle = tmp_path / "labels.csv"
    circle.symlink_to(circle)
    replace_file(circle, b"new")
    assert circle.read_bytes() == b"new"


def test_what_a_link_points_at_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    shared, link = tmp_path / "shared.csv", tmp_path / "labels.csv"
    shared.write_bytes(b"old")
    link.symlink_to(shared)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert shared.read_bytes() == b"new"
    assert sorted(tmp_path.iterdir()) == [link, shared]
