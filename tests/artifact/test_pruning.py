"""Old versions go when they are told to; the live one stays, whatever happens on the way."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.artifact.layout import version_line
from semroute.artifact.loading import list_versions, load_index
from semroute.artifact.lock import locked
from semroute.artifact.pruning import prune
from semroute.errors import IndexLockedError, InvalidIndexError, PublishError
from semroute.router import SemanticRouter
from tests.artifact.indexes import all_bytes, publish_tiny, unfinished
from tests.artifact.killing import KILLED, calls_of, die_at
from tests.command_line import run
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_texts

N_VERSIONS = 4


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of four versions that no test alters; the newest is live."""
    folder = tmp_path_factory.mktemp("several") / "clusters"
    for seed in range(N_VERSIONS):
        publish_tiny(folder, seed)
    return folder


@pytest.fixture
def index(several: Path, memory_path: Path) -> Path:
    return Path(shutil.copytree(several, memory_path / "clusters"))


def set_live(folder: Path, version: str) -> None:
    (folder / "CURRENT").write_bytes(version_line(version))


def test_the_oldest_versions_go(index: Path) -> None:
    before = list_versions(index)
    n_bytes = sum(len(content) for v in before[:2] for content in all_bytes(index / v).values())
    pruned = prune(index, 2)
    assert pruned.removed == tuple(before[:2])
    assert list_versions(index) == list(pruned.kept) == before[2:]
    assert (pruned.n_bytes, pruned.dry_run) == (n_bytes, False)
    assert unfinished(index) == []
    assert load_index(index).manifest.index_version == before[-1]


@settings(max_examples=60, deadline=None, database=None)
@given(live=st.integers(0, N_VERSIONS - 1), keep=st.integers(1, N_VERSIONS + 1))
def test_the_live_version_and_the_newest_others_stay(several: Path, live: int, keep: int) -> None:
    versions = list_versions(several)
    set_live(several, versions[live])
    try:
        pruned = prune(several, keep, dry_run=True)
    finally:
        set_live(several, versions[-1])
    assert sorted(pruned.removed + pruned.kept) == versions
    assert versions[live] in pruned.kept
    assert len(pruned.kept) == min(keep, N_VERSIONS)
    others = [version for version in pruned.kept if version != versions[live]]
    assert all(gone < other for gone in pruned.removed for other in others)


def test_a_dry_run_tells_the_same_and_removes_nothing(index: Path) -> None:
    before = all_bytes(index)
    told = prune(index, 1, dry_run=True)
    assert all_bytes(index) == before
    assert prune(index, 1).removed == told.removed


def test_what_is_no_version_is_left_alone(index: Path) -> None:
    (index / "labels.csv").write_text("the analysts' sheet")
    (index / "backup").mkdir()
    shutil.copytree(index / list_versions(index)[-1], index / "0-before-labels")
    (index / "App").mkdir()
    (index / "App" / "manifest.json").write_text("of something else")
    (index / "20200101T000000Z").symlink_to(index / list_versions(index)[0])
    pruned = prune(index, 2)
    assert len(pruned.removed) == N_VERSIONS - 2
    assert len(pruned.kept) == 2
    assert (index / "labels.csv").exists()
    assert (index / "backup").exists()
    assert (index / "0-before-labels" / "centroids.npy").exists()
    assert (index / "App" / "manifest.json").exists()
    assert (index / "20200101T000000Z").is_symlink()


def test_a_router_of_a_removed_version_goes_on_routing(index: Path) -> None:
    text = tiny_texts(1, 1)[0]
    router = SemanticRouter.load(index, version=list_versions(index)[0], encoder=TinyEncoder())
    prune(index, 1)
    assert router.route(text).reason == "matched"
    with pytest.raises(InvalidIndexError, match=r"samples\.jsonl: is missing"):
        router.explain(text)


def test_nothing_is_removed_while_another_process_publishes(index: Path) -> None:
    with locked(index), pytest.raises(IndexLockedError, match="is writing here"):
        prune(index, 1)
    assert len(list_versions(index)) == N_VERSIONS


def test_where_the_live_version_is_damaged_all_stay(index: Path) -> None:
    versions = list_versions(index)
    (index / versions[-1] / "centroids.npy").write_bytes(b"damaged")
    with pytest.raises(InvalidIndexError, match=r"centroids\.npy"):
        prune(index, 1)
    assert list_versions(index) == versions


def test_a_folder_without_an_index_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(InvalidIndexError, match="holds no index"):
        prune(tmp_path, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_death_at_any_moment_leaves_every_version_whole_or_gone(
    several: Path, memory_path: Path
) -> None:
    copies = _copies(several, memory_path)
    folder = next(copies)
    n_calls = len(calls_of(folder, prune, folder, 1))
    assert n_calls > N_VERSIONS
    left = []
    for number in range(1, n_calls + 1):
        folder = next(copies)
        assert die_at(number, folder, prune, folder, 1) == KILLED
        versions = list_versions(folder)
        left.append(len(versions))
        for version in versions:
            load_index(folder, version=version)
        if number % 2:
            prune(folder, N_VERSIONS)
        else:
            publish_tiny(folder, 9)
        assert unfinished(folder) == []
    assert left[0] == N_VERSIONS
    assert left[-1] == 1


def _copies(original: Path, place: Path) -> Iterator[Path]:
    number = 0
    while True:
        number += 1
        yield Path(shutil.copytree(original, place / f"{number}"))


def test_a_refused_removal_names_the_version_and_leaves_the_others(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions, rename = list_versions(index), os.rename

    def refuse(source: Path, target: Path) -> None:
        if source == index / versions[1]:
            raise PermissionError(errno.EACCES, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(PublishError, match=f"{versions[1]}: Permission denied"):
        prune(index, 1)
    assert list_versions(index) == versions[1:]
    assert load_index(index).manifest.index_version == versions[-1]


def test_the_command_tells_in_one_line_what_went_and_what_stays(index: Path) -> None:
    versions = list_versions(index)
    dry = run("prune", "--index", index, "--keep", 3, "--dry-run")
    assert dry.stdout.startswith(f"would remove {versions[0]} (0.")
    done = run("prune", "--index", index, "--keep", 3)
    assert done.code == 0, done.stderr
    assert done.stdout.startswith(f"removed {versions[0]} (0.")
    assert done.stdout.endswith(f" MB); kept: {', '.join(versions[1:])}\n")
    again = run("prune", "--index", index, "--keep", 3)
    assert again.stdout == f"nothing to remove; kept: {', '.join(versions[1:])}\n"
    document = json.loads(run("prune", "--index", index, "--keep", 1, "--json").stdout)
    assert document["removed"] == versions[1:3]
    assert document["kept"] == versions[3:]


@pytest.mark.parametrize("keep", [(), ("--keep", "0"), ("--keep", "x")])
def test_how_many_stay_must_be_said(index: Path, keep: tuple[str, ...]) -> None:
    assert run("prune", "--index", index, *keep).code == 2
