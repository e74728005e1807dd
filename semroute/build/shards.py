"""Vectors saved while a log is embedded, so that a build that was cut short is not paid for twice.

A shard is a run of texts of the sorted log. Its file is named after the encoder and the texts, so
that another log or another encoder never finds it, and holds no text: a checksum, then the vectors
in NumPy's format. What does not match its checksum is embedded again. Saving is a convenience:
where it cannot be done, the build goes on without.
"""

import hashlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute import __version__
from semroute.artifact.publishing import library_versions
from semroute.artifact.reading import is_file, is_folder, read_file
from semroute.durable import flush_folder, make_folder, replace_file
from semroute.encoders.contract import EncoderIdentity
from semroute.errors import InvalidIndexError, PublishError
from semroute.vectors import Vectors, usable_parts

FOLDER = ".embedding"
"""In the folder of the index; gone once a version is published."""

TEXTS_PER_SHARD = 2048
"""Some ten seconds of a compiled encoder: the most that a killed build loses."""

FREE_SPACE = 4
"""Times what the shards take must be free on the disk: they never crowd out the index itself."""

_SUFFIX = ".shard"
_DIGEST_BYTES = 32
_LARGEST_HEADER_BYTES = 1024

logger = logging.getLogger("semroute")


def in_shards(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut texts into runs of `TEXTS_PER_SHARD`; the last may be shorter."""
    for start in range(0, len(texts), TEXTS_PER_SHARD):
        yield texts[start : start + TEXTS_PER_SHARD]


class SavedShards:
    """The shards of one build in one index folder, whose lock the caller holds.

    Args:
        folder: the folder of the index; it exists.
        identity: of the encoder. Versions of semroute and of the libraries count too: others may
            cut or round otherwise.
        n_texts: how many texts the log has. One of a single shard is not saved.
    """

    def __init__(self, folder: Path, identity: EncoderIdentity, n_texts: int) -> None:
        self._folder = folder / FOLDER
        self._identity = identity
        versions = sorted({"semroute": __version__, **library_versions()}.items())
        self._key = f"{identity.model_dump_json()}{versions}".encode()
        n_bytes = 4 * n_texts * identity.width
        self._can_save = n_texts > TEXTS_PER_SHARD and _has_room(folder, n_bytes)

    def holds(self, texts: Sequence[str]) -> bool:
        """Whether an earlier build saved a shard; `load` says whether it can be used."""
        return is_folder(self._folder) and is_file(self._path(texts))

    def load(self, texts: Sequence[str]) -> Vectors | None:
        """Return the vectors of a shard if an earlier build saved them whole, else nothing."""
        if not is_folder(self._folder):
            return None
        path, shape = self._path(texts), (len(texts), self._identity.width)
        try:
            content = read_file(path, _LARGEST_HEADER_BYTES + 4 * shape[0] * shape[1])
        except InvalidIndexError:
            return None
        return _vectors(path.name, content, shape, self._identity.dimension)

    def save(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors of a shard, or give up keeping any if the disk refuses."""
        if not self._can_save:
            return
        path = self._path(texts)
        try:
            if not is_folder(self._folder):
                make_folder(self._folder)
                flush_folder(self._folder.parent)
            replace_file(path, _content(path.name, vectors), locked=True)
        except PublishError as error:
            self._can_save = False
            remove_shards(self._folder.parent)
            logger.warning("%s; this build cannot be resumed if it is cut short", error)

    def _path(self, texts: Sequence[str]) -> Path:
        digest = hashlib.blake2b(self._key, digest_size=20)
        for text in texts:
            content = text.encode("utf-8", "surrogatepass")
            digest.update(f"\n{len(content)}\n".encode())
            digest.update(content)
        return self._folder / f"{digest.hexdigest()}{_SUFFIX}"


def most_saved_texts(folder: Path) -> int:
    """Return how many embedded texts builds that were cut short left behind at the most."""
    if not is_folder(folder / FOLDER):
        return 0
    return TEXTS_PER_SHARD * sum(p.suffix == _SUFFIX for p in (folder / FOLDER).iterdir())


def remove_shards(folder: Path) -> None:
    """Remove every shard saved in the folder of an index, those of other logs too."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def _has_room(folder: Path, n_bytes: int) -> bool:
    try:
        return shutil.disk_usage(folder).free >= FREE_SPACE * n_bytes
    except OSError:
        return False


def _content(name: str, vectors: Vectors) -> bytes:
    buffer = BytesIO()
    np.save(buffer, vectors, allow_pickle=False)
    return _digest(name, buffer.getvalue()) + buffer.getvalue()


def _digest(name: str, content: bytes) -> bytes:
    # With the name, so that a shard under another's name is not taken for it.
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES, key=name.encode()).digest()


def _vectors(name: str, content: bytes, shape: tuple[int, int], dimension: int) -> Vectors | None:
    found, rest = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if found != _digest(name, rest):
        return None
    try:
        rows: NDArray[Any] = np.lib.format.read_array(BytesIO(rest), allow_pickle=False)
    except (ValueError, EOFError):
        return None
    if rows.shape != shape or rows.dtype != np.float32:
        return None
    # A text the model has no vector for is a row of NaN.
    is_sound = usable_parts(rows, dimension) | np.isnan(rows).all(axis=1)
    return rows if is_sound.all() else None
