"""Which version is loaded, and what is said when there is none or the encoder is another."""

import hashlib
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from semroute.artifact import loading
from semroute.artifact.loading import (
    current_version,
    list_versions,
    load_index,
    verify_index,
)
from semroute.errors import InvalidIndexError
from tests.artifact.indexes import VERSION, publish_tiny
from tests.artifact.killing import start
from tests.command_line import run
from tests.tiny_index import assert_same_contents


@pytest.mark.parametrize("make", [False, True], ids=["missing", "empty"])
def test_without_an_index_the_message_says_how_to_build_one(tmp_path: Path, make: bool) -> None:
    if make:
        (tmp_path / "clusters").mkdir()
    for look in (load_index, verify_index, current_version):
        with pytest.raises(InvalidIndexError, match=r"holds no index .* semroute build-index"):
            look(tmp_path / "clusters")


def test_the_folder_of_one_version_is_recognised(folder: Path) -> None:
    with pytest.raises(InvalidIndexError, match="is one version of an index; give the folder abov"):
        load_index(folder / VERSION)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        VERSION,
        f"{VERSION}\r",
        f"{VERSION}\r\r\n",
        f"\ufeff\ufeff{VERSION}\n",
        f"{VERSION}\n\n",
        f" {VERSION}\n",
        f"{VERSION}\nother\n",
        f"./{VERSION}\n",
        f"../clusters/{VERSION}\n",
        "..\n",
        ".lock\n",
        "/etc\n",
        "a/b\n",
        "naïve\n",
        "a\0b\n",
        "x" * 5000 + "\n",
    ],
)
def test_current_must_be_one_line_with_a_bare_name(folder: Path, line: str) -> None:
    (folder / "CURRENT").write_bytes(line.encode())
    with pytest.raises(InvalidIndexError, match=r"CURRENT: (must be one line|has 5,001 bytes)"):
        load_index(folder)


@pytest.mark.parametrize("content", [None, b"", b"20200101T000000Z\n"])
def test_where_no_version_is_live_the_message_gives_the_command_that_makes_one_so(
    tmp_path: Path, content: bytes | None
) -> None:
    folder = tmp_path / "our index"
    folder.mkdir()
    for seed in (1, 2):
        publish_tiny(folder, seed)
    shutil.copytree(folder / list_versions(folder)[0], folder / "before-labels")
    older, newer, _ = list_versions(folder)
    (folder / "CURRENT").unlink()
    if content is not None:
        (folder / "CURRENT").write_bytes(content)
    command = f"use --index '{folder}' {newer}"
    told = f"there are: {older}, {newer}, before-labels; make one live: semroute {command}$"
    with pytest.raises(InvalidIndexError, match=told):
        load_index(folder)
    assert run(*shlex.split(command)).code == 0
    assert load_index(folder).manifest.index_version == newer


def test_current_may_be_edited_to_go_back_to_an_older_version(tmp_path: Path) -> None:
    for seed in (1, 2):
        publish_tiny(tmp_path, seed)
    (tmp_path / "CURRENT").write_text(f"{list_versions(tmp_path)[0]}\n")
    assert load_index(tmp_path).manifest.seed == 1


@pytest.mark.parametrize("line", [f"{VERSION}\r\n", f"\ufeff{VERSION}\n", f"\ufeff{VERSION}\r\n"])
def test_current_may_come_from_an_editor_of_another_system(folder: Path, line: str) -> None:
    (folder / "CURRENT").write_bytes(line.encode())
    assert load_index(folder).manifest.index_version == VERSION


def test_a_version_that_is_gone_is_named_beside_those_that_are_there(folder: Path) -> None:
    (folder / "CURRENT").write_text("20200101T000000Z\n")
    told = f"CURRENT: names the version 20200101T000000Z, which is not there; there are: {VERSION};"
    with pytest.raises(InvalidIndexError, match=told):
        load_index(folder)
    shutil.rmtree(folder / VERSION)
    with pytest.raises(InvalidIndexError, match="which is not there; there are: none; restore it"):
        load_index(folder)


@pytest.mark.parametrize("version", ["../clusters", "", ".", "a/b", "x\0", ".tmp-1"])
def test_a_version_asked_for_must_be_a_bare_name(folder: Path, version: str) -> None:
    with pytest.raises(InvalidIndexError, match="is not the name of a version"):
        load_index(folder, version=version)


def test_a_version_asked_for_must_be_there(folder: Path) -> None:
    with pytest.raises(InvalidIndexError, match="20200101T000000Z: is not a folder that holds a"):
        load_index(folder, version="20200101T000000Z")


def test_an_index_may_be_named_by_a_link(folder: Path) -> None:
    link = folder.parent / "live"
    link.symlink_to(folder)
    assert list_versions(link) == list_versions(folder) == [VERSION]
    assert load_index(link).manifest.index_version == VERSION


def test_a_version_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / VERSION).rename(folder.parent / VERSION)
    (folder / VERSION).symlink_to(folder.parent / VERSION)
    with pytest.raises(InvalidIndexError, match=f"{VERSION}: is not a folder that holds a version"):
        load_index(folder)


def test_a_pointer_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "CURRENT").rename(folder / "elsewhere")
    (folder / "CURRENT").symlink_to(folder / "elsewhere")
    with pytest.raises(InvalidIndexError, match="CURRENT: is a link"):
        load_index(folder)


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert_same_contents(load_index(tmp_path / "link"), load_index(folder))


def test_an_index_may_be_copied_and_its_path_may_hold_anything(
    folder: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "mit Leerzeichen und 雲"
    shutil.copytree(folder, odd)
    assert_same_contents(load_index(odd), load_index(folder))


def test_a_pinned_digest_admits_only_that_manifest(folder: Path) -> None:
    manifest = (folder / VERSION / "manifest.json").read_bytes()
    digest = hashlib.sha256(manifest).hexdigest()
    assert verify_index(folder).manifest_sha256 == digest
    for same in (digest, digest.upper()):
        assert load_index(folder, sha256=same).manifest.index_version == VERSION
    for other in ("0" * 64, "", digest[:-1]):
        with pytest.raises(InvalidIndexError, match=rf"has SHA-256 {digest}, {other} is pinned"):
            load_index(folder, sha256=other)


def test_samples_can_stay_out_of_memory(folder: Path) -> None:
    assert load_index(folder, samples=False).samples == ()
    assert len(load_index(folder).samples) == 3


def test_verification_counts_what_lies_in_the_folder(folder: Path) -> None:
    report = verify_index(folder)
    files = [path for path in (folder / VERSION).rglob("*") if path.is_file()]
    assert report.n_files == len(files)
    assert report.n_bytes == sum(path.stat().st_size for path in files)
    assert (report.index_version, report.n_clusters) == (VERSION, 3)
    assert report.to_dict()["manifest_sha256"] == report.manifest_sha256


def test_only_published_folders_count_as_versions(folder: Path) -> None:
    (folder / ".tmp-20990101T000000Z").mkdir()
    (folder / "20990101T000000Z").mkdir()
    (folder / "labels.csv").write_text("")
    assert list_versions(folder) == [VERSION]


def load_as_another_user(folder: Path) -> None:
    os.setgid(65534)
    os.setuid(65534)
    try:
        load_index(folder)
    except InvalidIndexError as error:
        os._exit(7 if "may not be read by this user" in str(error) else 1)


def test_an_index_of_another_user_says_who_may_read_it(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can become another user")
    for opened in (folder.parent, folder):
        child = start(load_as_another_user, folder)
        child.join(60)
        assert child.exitcode == 7
        opened.chmod(0o755)


def test_a_version_that_is_pruned_while_it_is_read_gives_way_to_the_live_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process publishes and prunes between reading CURRENT and reading the files."""
    first = publish_tiny(tmp_path)
    read = loading.verify_version

    def late(place: Path, sha256: str | None) -> Any:
        if place.name == first.manifest.index_version:
            publish_tiny(tmp_path, seed=1)
            shutil.rmtree(place)
        return read(place, sha256)

    monkeypatch.setattr(loading, "verify_version", late)
    found = load_index(tmp_path).manifest
    assert found.index_version == current_version(tmp_path) != first.manifest.index_version
    with pytest.raises(InvalidIndexError, match=first.manifest.index_version):
        load_index(tmp_path, version=first.manifest.index_version)


def test_every_damaged_file_of_a_version_is_named(folder: Path) -> None:
    for name in ("centroids.npy", "clusters.jsonl", "probes.npy"):
        path = folder / VERSION / name
        path.write_bytes(path.read_bytes()[:-1])
    expected = (
        r"centroids.npy: has .* the manifest says .*; also damaged: .*; restore it from a copy"
    )
    with pytest.raises(InvalidIndexError, match=expected) as caught:
        load_index(folder)
    assert "also damaged: clusters.jsonl, probes.npy;" in caught.value.reason


def test_a_missing_file_hides_no_damaged_one(folder: Path) -> None:
    for name in ("centroids.npy", "probes.npy"):
        (folder / VERSION / name).unlink()
    path = folder / VERSION / "clusters.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InvalidIndexError, match=r"centroids\.npy: is missing; also damaged"):
        load_index(folder)
    with pytest.raises(InvalidIndexError, match=r"also damaged: clusters\.jsonl, probes\.npy;"):
        load_index(folder)
