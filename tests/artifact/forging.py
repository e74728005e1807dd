"""Indexes that were altered by someone who knows how to sign: every checksum is right.

The first half changes a version in place and signs it; the second makes functions that do so, for
tables of what can be wrong.
"""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

CENTROIDS, PROBES, CALIBRATION = "centroids.npy", "probes.npy", "calibration.npz"
ESTIMATOR = "estimator.npz"
CLUSTERS, SAMPLES, MANIFEST = "clusters.jsonl", "samples.jsonl", "manifest.json"

Change = Callable[[Any], Any]
Forge = Callable[[Path], object]
"""Alters the version in a folder."""

Forgery = tuple[str, Forge]
"""The reason a loader must give, as a regular expression, and how to make it wrong."""


def rewrite(version: Path, name: str, content: bytes) -> None:
    """Put other bytes into a file, and its size and hash into the manifest."""
    (version / name).write_bytes(content)
    record = {"n_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    edit_manifest(version, lambda manifest: manifest["files"].update({name: record}))


def edit_manifest(version: Path, change: Change) -> None:
    """Change the manifest's document in place, and sign it."""
    document = json.loads((version / MANIFEST).read_text())
    change(document)
    write_manifest(version, json.dumps(document).encode())


def write_manifest(version: Path, content: bytes) -> None:
    (version / MANIFEST).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (version / "manifest.sha256").write_text(f"{digest}  manifest.json\n")


def edit_line(version: Path, name: str, line: int, change: Change) -> None:
    """Change the document on one line (from 1) of a JSONL file in place, and sign."""
    documents = [json.loads(text) for text in (version / name).read_text().splitlines()]
    change(documents[line - 1])
    rewrite(version, name, "".join(f"{json.dumps(d)}\n" for d in documents).encode())


def edit_array(version: Path, name: str, change: Change) -> None:
    """Replace the array of an npy file by what `change` makes of it, and sign."""
    rewrite(version, name, npy(change(np.load(version / name))))


def edit_calibration(version: Path, **changes: Change) -> None:
    """Replace arrays of the calibration file, and sign."""
    edit_archive(version, CALIBRATION, **changes)


def edit_archive(version: Path, name: str, **changes: Change) -> None:
    """Replace arrays of an npz file, and sign."""
    arrays = archive_arrays(version, name)
    for array_name, change in changes.items():
        arrays[array_name] = change(arrays[array_name])
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    rewrite(version, name, buffer.getvalue())


def calibration_arrays(version: Path) -> dict[str, np.ndarray]:
    return archive_arrays(version, CALIBRATION)


def archive_arrays(version: Path, name: str) -> dict[str, np.ndarray]:
    with np.load(version / name) as archive:
        return dict(archive)


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def put(*path_and_value: Any) -> Change:
    """Set one value deep inside a document."""
    *path, last, value = path_and_value

    def change(document: Any) -> None:
        for step in path:
            document = document[step]
        document[last] = value

    return change


def put_cell(value: float) -> Change:
    """Set the first number of the second row."""

    def change(rows: np.ndarray) -> np.ndarray:
        rows[1, 0] = value
        return rows

    return change


def manifest(*path_and_value: Any) -> Forge:
    return lambda version: edit_manifest(version, put(*path_and_value))


def cluster(line: int, *path_and_value: Any) -> Forge:
    return lambda version: edit_line(version, CLUSTERS, line, put(*path_and_value))


def sample(line: int, *path_and_value: Any) -> Forge:
    return lambda version: edit_line(version, SAMPLES, line, put(*path_and_value))


def array(name: str, change: Change) -> Forge:
    return lambda version: edit_array(version, name, change)


def estimator(**changes: Change) -> Forge:
    return lambda version: edit_archive(version, ESTIMATOR, **changes)


def calibration(**changes: Change) -> Forge:
    return lambda version: edit_calibration(version, **changes)


def text(name: str, content: str) -> Forge:
    return lambda version: rewrite(version, name, content.encode())
