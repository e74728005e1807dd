"""Removing versions nobody needs any more; never the live one."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semroute.artifact.layout import is_published_name
from semroute.artifact.loading import list_versions, load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import remove_unfinished
from semroute.artifact.reading import is_folder
from semroute.durable import UNFINISHED, flush_folder, refused_writes_name


@dataclass(frozen=True)
class Pruned:
    """Versions that were removed and that are left, oldest first, and the bytes this gives back.

    With `dry_run` nothing was removed.
    """

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    n_bytes: int
    dry_run: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def prune(folder: Path, keep: int, *, dry_run: bool = False) -> Pruned:
    """Remove the oldest versions of an index until `keep` are left, the live one among them.

    The live version is loaded first: where it is damaged, the others are what helps, and all stay.
    So does a folder whose name is not one that publishing gives, a copy for example, and a link;
    they do not count. A process that dies on the way leaves versions whole or gone, and what is
    left of one under a temporary name goes the next time.

    Args:
        folder: the folder of all versions.
        keep: how many versions stay, at least 1.
        dry_run: remove nothing, and say what would be removed.

    Raises:
        InvalidIndexError: there is no index, or the live version is damaged.
        IndexLockedError: another process is publishing into the folder.
        PublishError: the operating system refused a step.
    """
    live = load_index(folder, samples=False).manifest.index_version
    if dry_run:
        return _chosen(folder, live, keep, dry_run=True)
    with locked(folder):
        live = load_index(folder, samples=False).manifest.index_version
        chosen = _chosen(folder, live, keep, dry_run=False)
        _remove(folder, chosen.removed)
    return chosen


def _chosen(folder: Path, live: str, keep: int, *, dry_run: bool) -> Pruned:
    versions = [
        version
        for version in list_versions(folder)
        if version == live or (is_published_name(version) and is_folder(folder / version))
    ]
    others = [version for version in versions if version != live]
    removed = tuple(others[: max(len(versions) - keep, 0)])
    kept = tuple(version for version in versions if version not in removed)
    n_bytes = sum(
        path.lstat().st_size
        for version in removed
        for path in (folder / version).rglob("*")
        if path.is_file()
    )
    return Pruned(removed, kept, n_bytes, dry_run)


def _remove(folder: Path, versions: tuple[str, ...]) -> None:
    # Under a name that later commands remove too, a version is gone at once, whatever comes after.
    for version in versions:
        with refused_writes_name(folder / version):
            (folder / version).rename(folder / f"{UNFINISHED}pruned-{version}")
    flush_folder(folder)
    remove_unfinished(folder)
