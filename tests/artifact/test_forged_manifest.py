"""Checksums all right, but the manifest or the list of files is not: refused, saying why."""

import math
import os
from pathlib import Path

import pytest

from semroute.artifact.loading import load_index
from semroute.errors import InvalidIndexError
from tests.artifact.forging import (
    CENTROIDS,
    MANIFEST,
    PROBES,
    SAMPLES,
    Forge,
    Forgery,
    edit_manifest,
    manifest,
    rewrite,
    write_manifest,
)
from tests.artifact.indexes import VERSION


def with_manifest(content: bytes) -> Forge:
    return lambda version: write_manifest(version, content)


def without_hash_key(version: Path) -> None:
    edit_manifest(version, lambda document: document.pop("hash_key"))


def with_field_of_another_release(version: Path) -> None:
    edit_manifest(version, lambda document: document.update(semroute_version="9.0", surprise=1))


def with_listed_path(path: str) -> Forge:
    return manifest("files", path, {"n_bytes": 0, "sha256": "0" * 64})


def with_required_file_unlisted(version: Path) -> None:
    (version / PROBES).unlink()
    edit_manifest(version, lambda document: document["files"].pop(PROBES))


def with_unlisted_file(version: Path) -> None:
    (version / "notes.txt").write_text("to do")


def without_listed_file(version: Path) -> None:
    (version / SAMPLES).unlink()


def with_link(version: Path) -> None:
    elsewhere = version.parent / "elsewhere.npy"
    (version / CENTROIDS).rename(elsewhere)
    (version / CENTROIDS).symlink_to(elsewhere)


def with_encoder_folder_linked(version: Path) -> None:
    (version / "encoder").rename(version.parent / "elsewhere")
    (version / "encoder").symlink_to(version.parent / "elsewhere")


def with_pipe(version: Path) -> None:
    (version / PROBES).unlink()
    os.mkfifo(version / PROBES)


def with_folder_for_file(version: Path) -> None:
    (version / PROBES).unlink()
    (version / PROBES).mkdir()


IN_MANIFEST: dict[str, Forgery] = {
    "newer format": (
        r"has format 9, semroute \S+ reads formats 2 to 8; run: pip install --upgrade semroute",
        manifest("format_version", 9),
    ),
    "older format": (
        r"has format 1, semroute \S+ reads formats 2 to 8; run build-index again",
        manifest("format_version", 1),
    ),
    "format not a number": ("has no format_version", manifest("format_version", "1")),
    "format a truth value": ("has no format_version", manifest("format_version", True)),
    "manifest a list": ("has no format_version", with_manifest(b"[]")),
    "manifest empty": ("cannot be read: JSONDecodeError", with_manifest(b"")),
    "manifest nested too deep": ("cannot be read: RecursionError", with_manifest(b"[" * 200_000)),
    "field missing": ("hash_key: Field required", without_hash_key),
    "field unknown": ("surprise: Extra inputs", manifest("surprise", 1)),
    "field unknown, other semroute": (
        "written by semroute '9.0', this is",
        with_field_of_another_release,
    ),
    "field of another type": ("seed: Input should be a valid integer", manifest("seed", "0")),
    "version of another folder": (
        "belongs to the version '20200101T000000Z'",
        manifest("index_version", "20200101T000000Z"),
    ),
    "time not UTC": (
        "created_at is not a time in UTC",
        manifest("created_at", "2026-11-23T20:15:30+01:00"),
    ),
    "time not a time": ("created_at is not a time in UTC", manifest("created_at", "yesterday")),
    "threshold infinite": (
        "ood.threshold: Input should be a finite number",
        manifest("ood", "threshold", math.inf),
    ),
    "threshold not a number": (
        "ood.threshold: Input should be a finite number",
        manifest("ood", "threshold", math.nan),
    ),
    "frontier unknown": (
        "frontier: 'huge' is not the name of one",
        manifest("config", "frontier", "huge"),
    ),
    "model twice in the config": (
        "'large' is listed twice",
        manifest("config", "models", 1, "name", "large"),
    ),
    "no dimension": ("the encoder's dimension is 0", manifest("encoder", "dimension", 0)),
    "hidden states of a negative number": (
        "the encoder's hidden_dimension is -1",
        manifest("encoder", "hidden_dimension", -1),
    ),
    "clusters miscounted": (
        "counts 4 clusters, clusters.jsonl holds 3",
        manifest("counts", "n_clusters", 4),
    ),
    "count negative": (
        "counts.n_noise: Input should be greater than or equal to 0",
        manifest("counts", "n_noise", -1),
    ),
    "digest malformed": (
        "files.probes.npy.sha256: String should match pattern",
        manifest("files", PROBES, "sha256", "abc"),
    ),
    "path upwards": (
        r"lists '\.\./centroids.npy', not a file of an index",
        with_listed_path("../centroids.npy"),
    ),
    "path absolute": ("lists '/etc/passwd'", with_listed_path("/etc/passwd")),
    "path upwards from encoder": (r"lists 'encoder/\.\.'", with_listed_path("encoder/..")),
    "path too deep": ("lists 'encoder/a/b'", with_listed_path("encoder/a/b")),
    "path in another folder": ("lists 'other/a'", with_listed_path("other/a")),
    "path hidden": (r"lists 'encoder/\.a'", with_listed_path("encoder/.a")),
    "path of another system": (r"lists 'encoder\\\\a'", with_listed_path("encoder\\a")),
    "path with NUL": (r"lists 'encoder/a\\x00'", with_listed_path("encoder/a\0")),
    "path unknown": ("lists 'code.py'", with_listed_path("code.py")),
    "manifest lists itself": ("lists 'manifest.json'", with_listed_path("manifest.json")),
    "required file unlisted": ("does not list probes.npy", with_required_file_unlisted),
}

IN_FOLDER: dict[str, tuple[str, str, Forge]] = {
    "unlisted file": ("notes.txt", "is not listed in the manifest", with_unlisted_file),
    "listed file missing": (SAMPLES, "is missing", without_listed_file),
    "encoder file missing": (
        "encoder/tokenizer.json",
        "is missing",
        with_listed_path("encoder/tokenizer.json"),
    ),
    "encoder folder a link": (
        "encoder/model.onnx",
        "is missing",
        with_encoder_folder_linked,
    ),
    "file a link": (CENTROIDS, "is a link", with_link),
    "file a pipe": (PROBES, "is not a regular file", with_pipe),
    "file a folder": (PROBES, "cannot be read: .*Is a directory", with_folder_for_file),
}


@pytest.mark.parametrize("name", IN_MANIFEST)
def test_a_wrong_manifest_is_refused_with_the_reason(folder: Path, name: str) -> None:
    reason, forge = IN_MANIFEST[name]
    forge(folder / VERSION)
    with pytest.raises(InvalidIndexError, match=reason) as caught:
        load_index(folder)
    assert caught.value.path == str(folder / VERSION / MANIFEST)


@pytest.mark.parametrize("name", IN_FOLDER)
def test_files_other_than_the_listed_ones_are_refused_by_name(folder: Path, name: str) -> None:
    file, reason, forge = IN_FOLDER[name]
    forge(folder / VERSION)
    with pytest.raises(InvalidIndexError, match=reason) as caught:
        load_index(folder)
    assert caught.value.path == str(folder / VERSION / file)


def test_files_of_an_encoder_are_verified_but_not_looked_into(folder: Path) -> None:
    version = folder / VERSION
    rewrite(version, "encoder/model.onnx", b"\x00\x01")
    assert len(load_index(folder).clusters) == 3
    (version / "encoder" / "model.onnx").write_bytes(b"\x00\x02")
    with pytest.raises(InvalidIndexError, match=r"encoder/model\.onnx: does not have the SHA-256"):
        load_index(folder)
