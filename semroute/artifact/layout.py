"""Which names the files of an index may have, and what stands in its two smallest files."""

import hashlib
import re

from semroute.artifact.contents import MANIFEST, OPTIONAL_FILES, REQUIRED_FILES

CURRENT = "CURRENT"
"""One line: the version that is live."""

MANIFEST_DIGEST = "manifest.sha256"
"""The SHA-256 of the manifest, as `sha256sum` writes it; see docs/decisions/0001."""

ENCODER_FOLDER = "encoder"
LOCK = ".lock"

_BARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PUBLISHED_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(-[0-9]{4,})?")


def is_bare_name(name: str) -> bool:
    """Whether a name stays in its folder: no slash, no `..`, nothing hidden, ASCII only.

    >>> is_bare_name("20261123T201530Z"), is_bare_name("../20261123T201530Z")
    (True, False)
    """
    return _BARE_NAME.fullmatch(name) is not None


def is_published_name(name: str) -> bool:
    """Whether a folder has a name that publishing gives, not one of its owner's.

    >>> is_published_name("20261123T201530Z-0002"), is_published_name("before-labels")
    (True, False)
    """
    return _PUBLISHED_NAME.fullmatch(name) is not None


def is_index_file(path: str) -> bool:
    """Whether a manifest may list this path: a file of the format, or `encoder/` and a bare name.

    >>> is_index_file("centroids.npy"), is_index_file("encoder/model.onnx"), is_index_file("x.py")
    (True, True, False)
    """
    folder, slash, name = path.rpartition("/")
    if slash:
        return folder == ENCODER_FOLDER and is_bare_name(name)
    return path in REQUIRED_FILES | OPTIONAL_FILES


def version_line(version: str) -> bytes:
    """Return what `CURRENT` holds when this version is live."""
    return f"{version}\n".encode()


def digest_line(manifest: bytes) -> bytes:
    """Return what `manifest.sha256` holds beside this manifest: `sha256sum -c` reads it."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()
