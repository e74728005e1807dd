"""Publishing tiny indexes, and looking at what lies in a folder of versions."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from semroute.artifact.contents import IndexContents
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.durable import UNFINISHED
from tests.tiny_index import assert_same_contents, tiny_contents

MOMENT = datetime(2026, 11, 23, 20, 15, 30, tzinfo=UTC)
VERSION = "20261123T201530Z"


def publish_tiny(folder: Path, seed: int = 0, n_calibration: int = 24) -> IndexContents:
    """Publish the tiny index of a seed at the current time, as a command would."""
    with locked(folder):
        return publish(folder, tiny_contents(seed=seed, n_calibration=n_calibration))


def publish_at_moment(folder: Path, contents: IndexContents) -> Path:
    """Publish at a fixed time and return the folder of the version."""
    with locked(folder):
        published = publish(folder, contents, created_at=MOMENT)
    return folder / published.manifest.index_version


def unfinished(folder: Path) -> list[str]:
    """What publishing left under temporary names."""
    return [path.name for path in folder.iterdir() if path.name.startswith(UNFINISHED)]


def assert_same_but_for_publication(found: IndexContents, expected: IndexContents) -> None:
    """Compare contents, one published and one not."""
    publication = ("index_version", "created_at", "files")
    changes = {name: getattr(expected.manifest, name) for name in publication}
    manifest = found.manifest.model_copy(update=changes)
    assert_same_contents(replace(found, manifest=manifest), expected)


def all_bytes(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
