"""Another version goes live: all of it, or nothing changes."""

import signal
from pathlib import Path

import pytest

from semroute.artifact.layout import CURRENT
from semroute.artifact.loading import current_version, list_versions, load_index, version_before
from semroute.artifact.lock import locked
from semroute.artifact.publishing import make_live
from semroute.errors import IndexLockedError, InvalidIndexError
from tests.artifact.indexes import publish_tiny, unfinished
from tests.artifact.killing import calls_of, die_at


@pytest.fixture
def folder(memory_path: Path) -> Path:
    for seed in range(3):
        publish_tiny(memory_path / "clusters", seed)
    return memory_path / "clusters"


def test_going_back_and_forth_changes_what_is_live_and_nothing_else(folder: Path) -> None:
    first, second, third = list_versions(folder)
    assert make_live(folder, first) == third
    assert load_index(folder).manifest.index_version == first
    assert make_live(folder, first) == first
    assert make_live(folder, second) == first
    assert list_versions(folder) == [first, second, third]
    assert unfinished(folder) == []


@pytest.mark.parametrize("content", [None, b"", b"20260101T000000Z\n", b"a\nb\n"])
def test_a_version_goes_live_where_nothing_is(folder: Path, content: bytes | None) -> None:
    first = list_versions(folder)[0]
    (folder / CURRENT).unlink()
    if content is not None:
        (folder / CURRENT).write_bytes(content)
    assert make_live(folder, first) is None
    assert current_version(folder) == first


def test_a_damaged_version_does_not_go_live(folder: Path) -> None:
    first, _, third = list_versions(folder)
    (folder / first / "centroids.npy").write_bytes(b"damaged")
    with pytest.raises(InvalidIndexError, match=r"centroids\.npy"):
        make_live(folder, first)
    assert current_version(folder) == third


@pytest.mark.parametrize("version", ["20200101T000000Z", "../clusters", "", ".lock"])
def test_what_is_no_version_does_not_go_live(folder: Path, version: str) -> None:
    live = current_version(folder)
    with pytest.raises(InvalidIndexError, match="version"):
        make_live(folder, version)
    assert current_version(folder) == live


def test_nothing_goes_live_while_another_process_publishes(folder: Path) -> None:
    with locked(folder), pytest.raises(IndexLockedError, match="is writing here"):
        make_live(folder, list_versions(folder)[0])


def test_a_death_at_any_moment_leaves_one_of_the_two_live(folder: Path) -> None:
    first, _, third = list_versions(folder)
    n_calls = len(calls_of(folder, make_live, folder, first))
    seen = []
    for number in range(1, n_calls + 1):
        make_live(folder, third)
        if die_at(number, folder, make_live, folder, first) == -signal.SIGKILL:
            seen.append(current_version(folder))
            assert load_index(folder).manifest.index_version in {first, third}
    assert set(seen) == {first, third}
    assert sorted(seen, reverse=True) == seen, "once live, it stays so"


def test_the_version_before_another_is_the_one_published_last_before_it(folder: Path) -> None:
    first, second, third = list_versions(folder)
    assert version_before(folder, third) == second
    assert version_before(folder, second) == first
    (folder / first).rename(folder / "0-before-labels")
    with pytest.raises(InvalidIndexError, match=f"no version from before {second}"):
        version_before(folder, second)
    (folder / "0-before-labels").rename(folder / first)
    with pytest.raises(
        InvalidIndexError, match=f"no version from before {first}; there are: {first}"
    ):
        version_before(folder, first)
