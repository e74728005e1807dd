"""Whether the files of a version are, byte by byte, the ones that were published."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from semroute.artifact.contents import MANIFEST, REQUIRED_FILES, FileRecord, Manifest
from semroute.artifact.layout import (
    ENCODER_FOLDER,
    MANIFEST_DIGEST,
    digest_line,
    is_index_file,
)
from semroute.artifact.reading import (
    LARGEST_LINE_BYTES,
    REPAIR,
    entry_names,
    is_folder,
    read_file,
)
from semroute.artifact.serialising import parse_manifest
from semroute.errors import InvalidIndexError

LARGEST_MANIFEST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class VerifiedVersion:
    """The bytes of one version, each file as its manifest says; `n_bytes` counts all of them."""

    manifest: Manifest
    manifest_sha256: str
    files: dict[str, bytes]
    n_bytes: int


def verify_version(folder: Path, sha256: str | None = None) -> VerifiedVersion:
    """Read every file of a version and compare it with the manifest.

    Raises:
        InvalidIndexError: a file is missing, unlisted, a link, or not the one that was published,
            or the manifest does not have the digest `sha256`.
    """
    content, digest = _manifest_bytes(folder)
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256.lower():
        raise InvalidIndexError(folder / MANIFEST, f"has SHA-256 {found}, {sha256[:64]} is pinned")
    manifest = parse_manifest(content, folder / MANIFEST)
    if manifest.index_version != folder.name:
        raise InvalidIndexError(
            folder / MANIFEST,
            f"belongs to the version {manifest.index_version[:100]!r}; folders are not renamed",
        )
    present = _present_files(folder)
    _check_listing(folder, manifest, present)
    files = _verified_files(folder, manifest, present)
    n_bytes = len(content) + len(digest) + sum(len(file) for file in files.values())
    return VerifiedVersion(manifest, found, files, n_bytes)


def _manifest_bytes(folder: Path) -> tuple[bytes, bytes]:
    content = read_file(folder / MANIFEST, LARGEST_MANIFEST_BYTES)
    digest = read_file(folder / MANIFEST_DIGEST, LARGEST_LINE_BYTES)
    if digest != digest_line(content):
        raise InvalidIndexError(folder / MANIFEST, f"does not match {MANIFEST_DIGEST}; {REPAIR}")
    return content, digest


def _check_listing(folder: Path, manifest: Manifest, present: set[str]) -> None:
    listed = manifest.files.keys()
    for name in listed:
        if not is_index_file(name):
            raise InvalidIndexError(
                folder / MANIFEST, f"lists {name[:100]!r}, not a file of an index"
            )
    if unlisted := sorted(REQUIRED_FILES - listed):
        raise InvalidIndexError(folder / MANIFEST, f"does not list {unlisted[0]}")
    unexpected = sorted(present - listed)
    if unexpected and not listed - present:
        raise InvalidIndexError(
            folder / unexpected[0], "is not listed in the manifest; move it out of the version"
        )


def _present_files(folder: Path) -> set[str]:
    names = set(entry_names(folder)) - {MANIFEST, MANIFEST_DIGEST}
    if ENCODER_FOLDER in names and is_folder(folder / ENCODER_FOLDER):
        inner = entry_names(folder / ENCODER_FOLDER)
        return names - {ENCODER_FOLDER} | {f"{ENCODER_FOLDER}/{name}" for name in inner}
    return names


def _verified_files(folder: Path, manifest: Manifest, present: set[str]) -> dict[str, bytes]:
    """Read every listed file; what lies in a folder that is a link is not present."""
    files, faults = {}, []
    for name, record in manifest.files.items():
        if name not in present:
            faults.append(InvalidIndexError(folder / name, f"is missing; {REPAIR}"))
            continue
        try:
            files[name] = verified_file(folder / name, record)
        except InvalidIndexError as error:
            faults.append(error)
    if not faults:
        return files
    first, *others = faults
    if not others:
        raise first
    damaged = ", ".join(Path(one.path).relative_to(folder).as_posix() for one in others)
    reason = first.reason.removesuffix(f"; {REPAIR}")
    raise InvalidIndexError(first.path, f"{reason}; also damaged: {damaged}; {REPAIR}")


def verified_file(path: Path, record: FileRecord) -> bytes:
    """Read one file and compare it with what the manifest says of it.

    Raises:
        InvalidIndexError: it is missing, a link, or not the one that was published.
    """
    content = read_file(path, record.n_bytes)
    if len(content) != record.n_bytes:
        raise InvalidIndexError(
            path, f"has {len(content):,} bytes, the manifest says {record.n_bytes:,}; {REPAIR}"
        )
    if hashlib.sha256(content).hexdigest() != record.sha256:
        raise InvalidIndexError(path, f"does not have the SHA-256 in the manifest; {REPAIR}")
    return content
