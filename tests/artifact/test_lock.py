"""One writer at a time, and a dead one holds nobody up."""

import errno
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from semroute.artifact.loading import list_versions, load_index
from semroute.artifact.lock import locked
from semroute.errors import IndexLockedError, PublishError
from tests.artifact.indexes import publish_tiny, unfinished
from tests.artifact.killing import start


def hold(folder: Path, held: Path) -> None:
    with locked(folder):
        held.touch()
        time.sleep(60)


def publish_when_free(folder: Path, n_times: int) -> None:
    for seed in range(n_times):
        while True:
            try:
                publish_tiny(folder, seed)
                break
            except IndexLockedError:
                time.sleep(0.002)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_second_writer_is_refused_at_once_and_told_which_folder(tmp_path: Path) -> None:
    folder = tmp_path / "clusters"
    began = time.monotonic()
    with (
        locked(folder),
        pytest.raises(IndexLockedError, match=r"clusters: another build .*wait until it ends"),
        locked(folder),
    ):
        pytest.fail("two writers")
    assert time.monotonic() - began < 1
    with locked(folder):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    folder, held = tmp_path / "clusters", tmp_path / "held"
    holder = start(hold, folder, held)
    wait_for(held)
    with pytest.raises(IndexLockedError, match="another build"), locked(folder):
        pytest.fail("two writers")
    holder.kill()
    holder.join()
    publish_tiny(folder)
    assert len(load_index(folder).clusters) == 3


def test_the_lock_is_free_after_an_error_of_its_holder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), locked(tmp_path):
        raise RuntimeError("stop")
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("fails", [False, True])
def test_children_that_inherited_the_lock_do_not_keep_it(tmp_path: Path, fails: bool) -> None:
    with suppress(RuntimeError), locked(tmp_path):
        handles = [int(path.name) for path in Path("/proc/self/fd").iterdir()]
        inherited = os.dup(next(h for h in handles if is_lock_of(tmp_path, h)))
        if fails:
            raise RuntimeError("stop")
    try:
        with locked(tmp_path):
            pass
    finally:
        os.close(inherited)


def is_lock_of(folder: Path, handle: int) -> bool:
    link = Path(f"/proc/self/fd/{handle}")
    return os.path.lexists(link) and link.readlink() == folder / ".lock"


def test_two_processes_publishing_into_one_folder_take_turns(memory_path: Path) -> None:
    folder = memory_path / "clusters"
    publishers = [start(publish_when_free, folder, 10) for _ in range(2)]
    for publisher in publishers:
        publisher.join(60)
        assert publisher.exitcode == 0
    versions = list_versions(folder)
    assert len(versions) == 20
    assert all(load_index(folder, version=version) for version in versions)
    assert unfinished(folder) == []


def test_a_missing_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    with locked(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b" / ".lock").is_file()


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "clusters").write_text("")
    with (
        pytest.raises(PublishError, match=r"cannot write .*clusters: File exists"),
        locked(tmp_path / "clusters"),
    ):
        pytest.fail("locked a file")


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PublishError, match=r"\.lock: Too many levels"), locked(tmp_path):
        pytest.fail("locked a link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        pytest.raises(PublishError, match=r"\.lock: No locks available"),
        locked(tmp_path),
    ):
        pytest.fail("locked without a lock")
