"""Publishing a version: all of it becomes live at once, or nothing changes."""

import hashlib
import importlib.metadata
import logging
import os
import platform
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from semroute.artifact.agreement import check_agreement
from semroute.artifact.contents import (
    FORMAT_VERSION,
    MANIFEST,
    FileRecord,
    IndexContents,
    Manifest,
)
from semroute.artifact.layout import (
    CURRENT,
    MANIFEST_DIGEST,
    digest_line,
    is_published_name,
    version_line,
)
from semroute.artifact.loading import current_version, load_index
from semroute.artifact.lock import locked
from semroute.artifact.serialising import parse, parse_manifest, serialise, serialise_manifest
from semroute.durable import (
    UNFINISHED,
    flush_folder,
    is_left_behind,
    make_folder,
    refused_writes_name,
    replace_file,
    write_file,
)
from semroute.errors import BuildError, InvalidIndexError, PublishError

RECORDED_LIBRARIES = (
    "faiss-cpu",
    "hdbscan",
    "model2vec",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
    "umap-learn",
)

logger = logging.getLogger("semroute")


def publish(
    folder: Path, contents: IndexContents, *, created_at: datetime | None = None
) -> IndexContents:
    """Write a new version beside the others and make it the live one.

    The caller holds the lock of `folder` (see `lock.locked`). Files go into a folder with a
    temporary name, are flushed to disk and renamed into place; then `CURRENT` is replaced. A
    process that dies at any moment leaves the old index live or the new one. What earlier ones
    left unfinished is removed first. Published versions are never changed or removed.

    Args:
        folder: the folder of all versions; it exists.
        contents: what to publish; the manifest's `index_version`, `created_at`, `format_version`
            and `files` are replaced.
        created_at: an aware time; else `SOURCE_DATE_EPOCH` if it is set, else now. With the time
            fixed, the same contents give the same bytes in a new folder. The version is named
            after it; where a newer one is there already, after that, so that names sort by age.

    Returns:
        The contents with the final manifest, as `load_index` would give them.

    Raises:
        BuildError: the contents contradict themselves and would not load, or `SOURCE_DATE_EPOCH`
            is not a number of seconds.
        PublishError: the operating system refused a step; the live index is the old one.
    """
    moment = _moment(created_at)
    remove_unfinished(folder)
    version = _free_version(folder, moment)
    final, files = _files_of(contents, version, moment)
    unfinished, current = folder / f"{UNFINISHED}{version}", folder / CURRENT
    before = _content(current)
    try:
        _write_version(unfinished, files)
        _rename(unfinished, folder / version)
        replace_file(current, version_line(version), locked=True)
    except BaseException:
        _withdraw(folder, version, before)
        raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return final


def make_live(folder: Path, version: str) -> str | None:
    """Make a published version the live one; the others stay.

    The version is read first, so that none that would not load goes live.

    Returns:
        The version that was live; None if `CURRENT` was missing or could not be read.

    Raises:
        InvalidIndexError: the version is not there, or anything is wrong with it.
        IndexLockedError: another process is publishing into the folder.
        PublishError: the operating system refused a step; what was live stays so.
    """
    # Before the lock, which would make a folder that is missing; and again, as others may prune.
    load_index(folder, version=version)
    with locked(folder):
        load_index(folder, version=version)
        before = None
        with suppress(InvalidIndexError):
            before = current_version(folder)
        replace_file(folder / CURRENT, version_line(version), locked=True)
    return before


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the installed libraries that shape an index."""
    found = {"python": platform.python_version()}
    for name in RECORDED_LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _moment(created_at: datetime | None) -> datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if created_at is not None or not epoch:
        return (created_at or datetime.now(UTC)).astimezone(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BuildError(
            f"the environment variable SOURCE_DATE_EPOCH is {epoch[:40]!r}; set it to whole "
            "seconds since 1970, or unset it"
        ) from error


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that died left half done; the caller holds the lock of `folder`.

    Raises:
        PublishError: the operating system refused a step.
    """
    with refused_writes_name(folder):
        left = [path for path in folder.iterdir() if is_left_behind(path)]
    for path in left:
        with refused_writes_name(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _free_version(folder: Path, moment: datetime) -> str:
    """Return a name that sorts after every published one, whatever the clock says."""
    with refused_writes_name(folder):
        published = sorted(path.name for path in folder.iterdir() if is_published_name(path.name))
    now = moment.strftime("%Y%m%dT%H%M%SZ")
    # What is pruned, compared and gone back to goes by the order of names, not by the clock.
    first = max([now, *(name[: len(now)] for name in published)])
    # A number behind the newest says that this was told already.
    if first != now and first == published[-1]:
        logger.warning(
            "the clock or SOURCE_DATE_EPOCH says %s, which is before the newest version %s; the "
            "new one is named after it, and so are those to come until then, so that they count as "
            "newer: set what is slow, or was fast",
            now,
            first,
        )
    # Not the first free number: that of a pruned version would come again, and before the live one.
    same_second = (name for name in published if name.startswith(first))
    numbers = [int(name[len(first) + 1 :] or 1) for name in same_second]
    return f"{first}-{max(numbers) + 1:04d}" if numbers else first


def _files_of(
    contents: IndexContents, version: str, moment: datetime
) -> tuple[IndexContents, dict[str, bytes]]:
    """Serialise and parse back: nothing is written that would not load."""
    place = Path(version)
    try:
        files = serialise(contents)
        manifest = serialise_manifest(_final_manifest(contents.manifest, version, moment, files))
        final = parse(parse_manifest(manifest, place / MANIFEST), files, place)
        check_agreement(final, place)
    except (InvalidIndexError, ValueError) as error:
        raise BuildError(f"not published, because it would not load: {error}") from error
    return final, {**files, MANIFEST: manifest, MANIFEST_DIGEST: digest_line(manifest)}


def _final_manifest(
    manifest: Manifest, version: str, moment: datetime, files: dict[str, bytes]
) -> Manifest:
    records = {
        name: FileRecord(n_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in files.items()
    }
    return manifest.model_copy(
        update={
            "format_version": FORMAT_VERSION,
            "index_version": version,
            "created_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "files": records,
        }
    )


def _write_version(folder: Path, files: dict[str, bytes]) -> None:
    make_folder(folder)
    inner = sorted({(folder / name).parent for name in files} - {folder})
    for path in inner:
        make_folder(path)
    for name, content in files.items():
        write_file(folder / name, content)
    for path in (*inner, folder):
        flush_folder(path)


def _rename(source: Path, target: Path) -> None:
    with refused_writes_name(target):
        source.rename(target)
    flush_folder(target.parent)


def _content(path: Path) -> bytes | None:
    with refused_writes_name(path):
        return path.read_bytes() if path.exists() else None


def _withdraw(folder: Path, version: str, before: bytes | None) -> None:
    """Bring back what was live, as far as the operating system lets us."""
    current = folder / CURRENT
    with suppress(OSError, PublishError):
        if _content(current) != version_line(version):
            shutil.rmtree(folder / version, ignore_errors=True)
        # The version stays: after a power cut the disk may still name it in CURRENT.
        elif before is None:
            current.unlink()
        else:
            replace_file(current, before, locked=True)
