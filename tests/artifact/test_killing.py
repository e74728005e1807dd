"""A process that dies while it publishes leaves the old index live, or the new one."""

import functools
import itertools
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from semroute.artifact.loading import list_versions, load_index
from tests.artifact.indexes import assert_same_but_for_publication, publish_tiny, unfinished
from tests.artifact.killing import KILLED, calls_of, die_after, die_at, start
from tests.tiny_index import tiny_contents

OLD, NEW, NEXT = 0, 1, 2


@pytest.fixture
def published_once(memory_path: Path) -> Path:
    folder = memory_path / "clusters"
    publish_tiny(folder, OLD)
    return folder


def fresh_copies(original: Path, place: Path) -> Iterator[Path]:
    for number in itertools.count():
        copy = place / f"{number}"
        shutil.copytree(original, copy)
        yield copy


_expected = functools.cache(tiny_contents)


def seed_found(folder: Path) -> int:
    """Load the live index, compare every byte with what was published, and name its seed."""
    contents = load_index(folder)
    assert_same_but_for_publication(contents, _expected(seed=contents.manifest.seed))
    return contents.manifest.seed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_death_at_any_write_leaves_the_old_index_or_the_new_one(
    published_once: Path, memory_path: Path, after: bool
) -> None:
    copies = fresh_copies(published_once, memory_path)
    folder = next(copies)
    n_calls = len(calls_of(folder, publish_tiny, folder, NEW))
    found = []
    for number in range(1, n_calls + 1):
        folder = next(copies)
        assert die_at(number, folder, publish_tiny, folder, NEW, after=after) == KILLED
        found.append(seed_found(folder))
        publish_tiny(folder, NEXT)
        assert seed_found(folder) == NEXT
        assert unfinished(folder) == []
    assert set(found) == {OLD, NEW}
    assert found == sorted(found), "once the new index is live it stays so"


def test_death_at_any_write_of_a_first_publication_leaves_nothing_or_the_index(
    memory_path: Path,
) -> None:
    n_calls = len(calls_of(memory_path / "0", publish_tiny, memory_path / "0", NEW))
    for number in range(1, n_calls + 1):
        folder = memory_path / f"{number}"
        assert die_at(number, folder, publish_tiny, folder, NEW) == KILLED
        assert not (folder / "CURRENT").exists() or seed_found(folder) == NEW
        publish_tiny(folder, NEXT)
        assert seed_found(folder) == NEXT
        assert unfinished(folder) == []


def publish_for_ever(folder: Path, acknowledged: Path) -> None:
    """Publish one seed after the other; note each when `publish` has returned."""
    for seed in itertools.count(load_index(folder).manifest.seed + 1):
        publish_tiny(folder, seed)
        acknowledged.with_suffix(".next").write_text(str(seed))
        acknowledged.with_suffix(".next").replace(acknowledged)


def kill_publishers(folder: Path, n_rounds: int) -> None:
    moments = random.Random(20261123)
    acknowledged = folder.with_name("acknowledged")
    publish_tiny(folder, 0)
    for _ in range(n_rounds):
        acknowledged.unlink(missing_ok=True)
        seconds = moments.uniform(0, 0.08)
        assert die_after(seconds, acknowledged, publish_for_ever, folder, acknowledged) == KILLED
        last = int(acknowledged.read_text())
        assert seed_found(folder) in {last, last + 1}
        assert len(unfinished(folder)) <= 2
    publish_tiny(folder, 0)
    assert unfinished(folder) == []


def test_death_at_fifty_random_moments_loses_no_acknowledged_index(memory_path: Path) -> None:
    kill_publishers(memory_path / "clusters", 50)


@pytest.mark.soak
def test_death_at_five_hundred_random_moments_loses_no_acknowledged_index(
    memory_path: Path,
) -> None:
    kill_publishers(memory_path / "clusters", 500)


def test_readers_see_whole_versions_while_another_process_publishes(memory_path: Path) -> None:
    folder = memory_path / "clusters"
    publish_tiny(folder, 0)
    publisher = start(publish_for_ever, folder, memory_path / "acknowledged")
    seeds, until = [], time.monotonic() + 2
    while time.monotonic() < until:
        seeds.append(seed_found(folder))
    assert publisher.is_alive()
    publisher.kill()
    publisher.join()
    assert seeds == sorted(seeds)
    assert len(set(seeds)) > 5
    assert list_versions(folder)[0] == min(list_versions(folder))


def test_a_command_of_its_own_interpreter_can_be_killed_too(memory_path: Path) -> None:
    folder = memory_path / "clusters"
    publish_tiny(folder, OLD)
    command = [sys.executable, "-m", "tests.artifact.killing", str(folder)]
    job = [f"{__name__}:publish_named_folder", str(folder)]
    whole = subprocess.run([*command, "0", "before", *job], capture_output=True, text=True)
    n_calls = int(whole.stderr.split("calls: ")[-1])
    assert seed_found(folder) == NEW
    dead = subprocess.run([*command, f"{n_calls // 2}", "before", *job], capture_output=True)
    assert dead.returncode == KILLED
    assert unfinished(folder) != []


def publish_named_folder() -> None:
    publish_tiny(Path(sys.argv[1]), NEW)
