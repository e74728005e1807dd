"""A build killed at a random moment leaves the old index, or the new one (R-A17)."""

import random
import shutil
from pathlib import Path

import pytest

from semroute.artifact.loading import load_index
from semroute.router import SemanticRouter
from tests.artifact.killing import die_after, start
from tests.build.small import SmallFiles, build_small, write_small_files
from tests.tiny import TinyEncoder

OLD_SEED, NEW_SEED = 0, 7
TEXTS = [" ".join(f"topic{topic}{letter}" for letter in "abcde") for topic in range(4)]


def _build_announced(started: Path, files: SmallFiles, out: Path, ended: Path) -> None:
    started.touch()
    build_small(files, out, seed=NEW_SEED)
    ended.touch()


def _kill_rounds(tmp_path: Path, n_rounds: int) -> list[int]:
    """Kill builds over a fresh copy of an old index; return the seed of what is live after each."""
    files = write_small_files(tmp_path)
    old, new, ended = tmp_path / "old", tmp_path / "new", tmp_path / "ended"
    build_small(files, old, seed=OLD_SEED)
    started = tmp_path / "started"
    start(_build_announced, started, files, new, ended).join(60)
    whole = ended.stat().st_mtime - started.stat().st_mtime
    expected = {OLD_SEED: _names(old), NEW_SEED: _names(new)}
    generator, found = random.Random(0), []
    for number in range(n_rounds):
        out, begun = tmp_path / f"index-{number}", tmp_path / f"begun-{number}"
        shutil.copytree(old, out)
        die_after(
            generator.uniform(0, 1.3 * whole), begun, _build_announced, begun, files, out, ended
        )
        seed = load_index(out).manifest.seed
        assert _names(out) == expected[seed]
        found.append(seed)
    build_small(files, out, seed=OLD_SEED)
    assert not list(out.glob(".tmp-*")), "the next build removes what dead builds left"
    return found


def _names(out: Path) -> list[str | None]:
    return [decision.cluster_name for decision in _router(out).route_batch(TEXTS)]


def _router(out: Path) -> SemanticRouter:
    return SemanticRouter.load(out, encoder=TinyEncoder())


def test_fifty_killed_builds_leave_the_old_index_or_the_new_one(tmp_path: Path) -> None:
    found = _kill_rounds(tmp_path, 50)
    assert len(found) == 50
    assert OLD_SEED in found
    assert set(found) <= {OLD_SEED, NEW_SEED}


@pytest.mark.soak
def test_two_hundred_killed_builds_leave_the_old_index_or_the_new_one(tmp_path: Path) -> None:
    assert set(_kill_rounds(tmp_path, 200)) == {OLD_SEED, NEW_SEED}
