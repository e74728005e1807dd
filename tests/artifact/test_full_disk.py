"""The operating system refuses a write: one error names the path, and the old index stays live."""

import errno
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from semroute.artifact.loading import list_versions, load_index
from semroute.errors import PublishError
from tests.artifact.indexes import publish_tiny, unfinished
from tests.artifact.killing import Call, calls_of, start, watched

OLD, NEW, NEXT = 0, 1, 2
REFUSED_EXIT = 7


def refusing(number: int, code: int) -> Callable[[Call], None]:
    def hook(call: Call) -> None:
        if call.number == number and not call.done:
            raise OSError(code, os.strerror(code))

    return hook


def assert_old_index_alone(folder: Path, versions: list[str]) -> None:
    assert load_index(folder).manifest.seed == OLD
    assert unfinished(folder) == []
    assert list_versions(folder) == versions


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES], ids=errno.errorcode.get)
def test_a_refusal_of_any_call_names_the_path_and_keeps_the_old_index(
    memory_path: Path, code: int
) -> None:
    folder = memory_path / "clusters"
    publish_tiny(folder, OLD)
    versions = list_versions(folder)
    scratch = memory_path / "scratch"
    publish_tiny(scratch, OLD)
    calls = calls_of(scratch, publish_tiny, scratch, NEW)
    for call in calls:
        with (
            watched(folder, refusing(call.number, code)),
            pytest.raises(PublishError, match=os.strerror(code)) as caught,
        ):
            publish_tiny(folder, NEW)
        assert caught.value.path.startswith(str(folder))
        assert load_index(folder).manifest.seed == OLD
        assert unfinished(folder) == []
        if call.name == "replace":
            assert list_versions(folder) == versions
    assert calls[-3].name == "replace", "a version that was live for a moment is kept"
    assert len(list_versions(folder)) == len(versions) + 2
    publish_tiny(folder, NEXT)
    assert load_index(folder).manifest.seed == NEXT


def test_a_refused_first_publication_leaves_no_index(memory_path: Path) -> None:
    n_calls = len(calls_of(memory_path / "scratch", publish_tiny, memory_path / "scratch", OLD))
    for number in range(1, n_calls + 1):
        folder = memory_path / f"{number}"
        with (
            watched(folder, refusing(number, errno.EIO)),
            pytest.raises(PublishError, match="Input/output error"),
        ):
            publish_tiny(folder, NEW)
        assert not (folder / "CURRENT").exists()
        assert not list(folder.glob(".tmp-*"))
        publish_tiny(folder, NEXT)
        assert load_index(folder).manifest.seed == NEXT


def publish_small_files_only(folder: Path, largest: int) -> None:
    """Publish where no file may be larger; leave with `REFUSED_EXIT` when that was refused."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    try:
        publish_tiny(folder, NEW)
    except PublishError as error:
        refused = str(folder) in error.path and "File too large" in str(error)
        os._exit(REFUSED_EXIT if refused else 1)


def test_writes_that_stop_half_way_keep_the_old_index(memory_path: Path) -> None:
    folder = memory_path / "clusters"
    publish_tiny(folder, OLD)
    versions = list_versions(folder)
    version = folder / versions[0]
    sizes = {path.stat().st_size for path in version.iterdir()} | {18}
    limits = sorted({limit for size in sizes for limit in (0, size // 2, size - 1)})
    assert len(limits) >= 15
    for limit in limits:
        child = start(publish_small_files_only, folder, limit)
        child.join(60)
        assert child.exitcode == REFUSED_EXIT
        assert_old_index_alone(folder, versions)
    publish_tiny(folder, NEXT)
    assert load_index(folder).manifest.seed == NEXT


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KiB and 64 files."""
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k,nr_inodes=64", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount a small disk: {done.stderr.strip()}")
    yield disk
    unmount = ["umount", str(disk)]
    subprocess.run(unmount, check=True)


def refusal_to_publish(folder: Path) -> PublishError | None:
    """Publish, and return why that was refused; None if it was not."""
    try:
        publish_tiny(folder, NEW, n_calibration=100)
    except PublishError as error:
        return error
    return None


def n_refused_until_published(folder: Path, fill: Callable[[int], None]) -> int:
    """Give the disk a little more room each time; return how often it was too little."""
    versions = list_versions(folder)
    for n_free in range(64):
        fill(n_free)
        refused = refusal_to_publish(folder)
        if refused is None:
            assert load_index(folder).manifest.seed == NEW
            return n_free
        assert "No space left on device" in str(refused)
        assert str(folder) in refused.path
        assert_old_index_alone(folder, versions)
    pytest.fail("never published")


def test_a_disk_that_is_full_keeps_the_old_index(small_disk: Path) -> None:
    folder, ballast = small_disk / "clusters", small_disk / "ballast"
    publish_tiny(folder, OLD)
    status = os.statvfs(small_disk)

    def leave_pages(n_free: int) -> None:
        ballast.unlink(missing_ok=True)
        n_pages = os.statvfs(small_disk).f_bfree - n_free
        ballast.write_bytes(bytes(n_pages * status.f_bsize))

    assert n_refused_until_published(folder, leave_pages) >= 5


def test_a_disk_without_room_for_more_files_keeps_the_old_index(small_disk: Path) -> None:
    folder = small_disk / "clusters"
    publish_tiny(folder, OLD)

    def leave_files(n_free: int) -> None:
        for path in small_disk.glob("ballast*"):
            path.unlink()
        for number in range(os.statvfs(small_disk).f_ffree - n_free):
            (small_disk / f"ballast{number}").touch()

    assert n_refused_until_published(folder, leave_files) >= 5
