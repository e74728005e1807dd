"""Checking and reading an index. Whatever is wrong with it, the answer is `InvalidIndexError`."""

from codecs import BOM_UTF8
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semroute.artifact.agreement import check_agreement
from semroute.artifact.contents import MANIFEST, SAMPLES, IndexContents, Manifest, Sample
from semroute.artifact.layout import CURRENT, is_bare_name, is_published_name, version_line
from semroute.artifact.reading import (
    LARGEST_LINE_BYTES,
    REPAIR,
    entry_names,
    exists,
    is_file,
    is_folder,
    read_file,
)
from semroute.artifact.serialising import parse, parse_samples
from semroute.artifact.verifying import VerifiedVersion, verified_file, verify_version
from semroute.errors import InvalidIndexError
from semroute.texts import shell_word


@dataclass(frozen=True)
class Verification:
    """What `verify_index` found in order; `manifest_sha256` is what a deployment can pin."""

    index_version: str
    created_at: str
    manifest_sha256: str
    n_files: int
    n_bytes: int
    n_clusters: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def load_index(
    folder: Path, *, version: str | None = None, sha256: str | None = None, samples: bool = True
) -> IndexContents:
    """Check every byte of a version, then read it.

    Checked in this order, each before anything later is looked at: `CURRENT`, the manifest's
    digest, its format, the list of files, the size and SHA-256 of every file, and only then what
    they hold and whether they agree. Each file is read once; what was hashed is what is parsed.

    Checksums stop accidents. Someone who can rewrite the manifest can rewrite its digest too; a
    digest pinned with `sha256` stops that.

    Args:
        folder: the folder of all versions.
        version: a version other than the live one.
        sha256: the expected SHA-256 of the manifest, as `verify_index` reports it.
        samples: False leaves the example queries out of memory; their file is checked all the same.

    Raises:
        InvalidIndexError: there is no index, or anything at all is wrong with it.
    """
    return _load(Path(folder), version, sha256, samples=samples)[0]


def load_samples(folder: Path, manifest: Manifest) -> tuple[Sample, ...]:
    """Read the example queries of a version that was loaded without; empty if it has none.

    Raises:
        InvalidIndexError: their file is no longer the one the manifest describes.
    """
    if SAMPLES not in manifest.files:
        return ()
    path = Path(folder, manifest.index_version, SAMPLES)
    return parse_samples(verified_file(path, manifest.files[SAMPLES]), path)


def verify_index(folder: Path, *, version: str | None = None) -> Verification:
    """Check a version as `load_index` does, and report what was checked.

    Raises:
        InvalidIndexError: there is no index, or anything at all is wrong with it.
    """
    contents, verified = _load(Path(folder), version, None, samples=True)
    return Verification(
        index_version=contents.manifest.index_version,
        created_at=contents.manifest.created_at,
        manifest_sha256=verified.manifest_sha256,
        n_files=len(verified.files) + 2,
        n_bytes=verified.n_bytes,
        n_clusters=len(contents.clusters),
    )


def current_version(folder: Path) -> str:
    """Return the version that `CURRENT` names.

    Raises:
        InvalidIndexError: there is no index here, or `CURRENT` is not one line with a bare name.
    """
    path = Path(folder) / CURRENT
    if not exists(path):
        raise InvalidIndexError(folder, _nothing_here(Path(folder)))
    # As some editors write it: with a byte order mark, with \r\n.
    content = read_file(path, LARGEST_LINE_BYTES).removeprefix(BOM_UTF8).replace(b"\r\n", b"\n")
    version = content.removesuffix(b"\n").decode("ascii", "replace")
    if not is_bare_name(version) or content != version_line(version):
        raise InvalidIndexError(
            path,
            "must be one line with the name of a version, such as 20261123T201530Z, and end with a "
            f"line break; {_ways_back(Path(folder))}",
        )
    if not exists(path.with_name(version)):
        told = f"names the version {version}, which is not there; {_ways_back(Path(folder))}"
        raise InvalidIndexError(path, told)
    return version


def list_versions(folder: Path) -> list[str]:
    """Return the versions whose files are all there, oldest first; live or not, empty if none."""
    if not is_folder(Path(folder), follow=True):
        return []
    names = entry_names(Path(folder))
    return sorted(
        name for name in names if is_bare_name(name) and is_file(Path(folder, name, MANIFEST))
    )


def newest_version(folder: Path) -> str | None:
    """Return the version that was published last; a copy its owner made only where no other is."""
    versions = list_versions(folder)
    published = [name for name in versions if is_published_name(name)]
    return max(published or versions, default=None)


def version_before(folder: Path, version: str) -> str:
    """Return the version that was published before another one.

    Raises:
        InvalidIndexError: there is none.
    """
    published = [name for name in list_versions(folder) if is_published_name(name)]
    older = [name for name in published if name < version]
    if not older:
        told = f"holds no version from before {version}; there are: {_listed_versions(folder)}"
        raise InvalidIndexError(folder, f"{told}; name the one to compare with by --before")
    return older[-1]


def _listed_versions(folder: Path) -> str:
    return ", ".join(list_versions(folder)) or "none"


def _load(
    folder: Path, version: str | None, sha256: str | None, *, samples: bool
) -> tuple[IndexContents, VerifiedVersion]:
    while True:
        line = _current_line(folder)
        try:
            place = _version_folder(folder, version)
            verified = verify_version(place, sha256)
            contents = parse(verified.manifest, verified.files, place, samples=samples)
            check_agreement(contents, place)
        except InvalidIndexError:
            # Another version may have gone live meanwhile, and this one been pruned.
            if version is not None or _current_line(folder) == line:
                raise
        else:
            return contents, verified


def _current_line(folder: Path) -> bytes | None:
    try:
        return read_file(folder / CURRENT, LARGEST_LINE_BYTES)
    except InvalidIndexError:
        return None


def _version_folder(folder: Path, version: str | None) -> Path:
    if version is None:
        version = current_version(folder)
    if not is_bare_name(version):
        raise InvalidIndexError(folder, f"{version[:100]!r} is not the name of a version")
    if not is_folder(folder / version):
        there = _listed_versions(folder)
        raise InvalidIndexError(
            folder / version, f"is not a folder that holds a version; there are: {there}"
        )
    return folder / version


def _ways_back(folder: Path) -> str:
    """Say how a version goes live where none is."""
    newest = newest_version(folder)
    way = f"make one live: semroute use --index {shell_word(folder)} {newest}" if newest else REPAIR
    return f"there are: {_listed_versions(folder)}; {way}"


def _nothing_here(folder: Path) -> str:
    if is_file(folder / MANIFEST):
        return f"is one version of an index; give the folder above it, which holds {CURRENT}"
    if list_versions(folder):
        return f"holds no file {CURRENT}, which names the live version; {_ways_back(folder)}"
    build = "semroute build-index --queries Q --evals E --config semroute.toml --out"
    return f"holds no index (no file {CURRENT}); run: {build} {shell_word(folder)}"
