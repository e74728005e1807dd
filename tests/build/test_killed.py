"""A build killed at a random moment leaves the old index, or the new one (R-A17)."""

import random
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
    files = write_small_files(tmp_path)
    out = tmp_path / "index"
    build_small(files, out, seed=OLD_SEED)
    expected = {
        seed: [d.cluster_name for d in _router(out).route_batch(TEXTS)] for seed in (OLD_SEED,)
    }
    build_small(files, tmp_path / "timed", seed=NEW_SEED)
    started, ended = tmp_path / "started", tmp_path / "ended"
    start(_build_announced, started, files, tmp_path / "child", ended).join(60)
    whole = ended.stat().st_mtime - started.stat().st_mtime
    expected[NEW_SEED] = [d.cluster_name for d in _router(tmp_path / "timed").route_batch(TEXTS)]
    generator, found = random.Random(0), []
    for number in range(n_rounds):
        started = tmp_path / f"started-{number}"
        begun = tmp_path / f"begun-{number}"
        moment = generator.uniform(0, 1.5 * whole)
        die_after(moment, begun, _build_announced, begun, files, out, ended)
        seed = load_index(out).manifest.seed
        assert [d.cluster_name for d in _router(out).route_batch(TEXTS)] == expected[seed]
        found.append(seed)
    build_small(files, out, seed=OLD_SEED)
    assert not list(out.glob(".tmp-*")), "the next build removes what dead builds left"
    return found


def _router(out: Path) -> SemanticRouter:
    return SemanticRouter.load(out, encoder=TinyEncoder())


def test_fifty_killed_builds_leave_the_old_index_or_the_new_one(tmp_path: Path) -> None:
    found = _kill_rounds(tmp_path, 50)
    assert len(found) == 50
    assert set(found) <= {OLD_SEED, NEW_SEED}
    assert found == sorted(found), "once the new index is live it stays so"


@pytest.mark.soak
def test_two_hundred_killed_builds_leave_the_old_index_or_the_new_one(tmp_path: Path) -> None:
    assert set(_kill_rounds(tmp_path, 200)) == {OLD_SEED, NEW_SEED}
