"""Vectors of embedded texts, saved beside an index: no text is embedded by the same encoder twice.

A build that was cut short is taken up where it ended, and one of a log that has grown embeds only
what is new. A file holds a run of texts: a checksum, then a digest of each text and of the
encoder, then the vectors, both in NumPy's format; no text. What does not match its checksum is
embedded again. Saving is a convenience: where it cannot be done, the build goes on without.
"""

import hashlib
import logging
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute import __version__
from semroute.artifact.publishing import library_versions, remove_unfinished
from semroute.artifact.reading import entry_names, is_folder, read_file
from semroute.durable import flush_folder, make_folder, replace_file
from semroute.encoders.contract import PROBE_TEXTS, Encoder, EncoderIdentity
from semroute.errors import InvalidIndexError, PublishError
from semroute.vectors import Vectors, usable_parts

FOLDER = ".embedding"
"""In the folder of the index."""

TEXTS_PER_FILE = 2048
"""Some ten seconds of a compiled encoder: the most that a killed build loses."""

MOST_KEPT = 2
"""Times the texts of a log that may be kept; beyond that, those of other logs go."""

FREE_SPACE = 4
"""Times what the vectors take must be free on the disk: they never crowd out the index itself."""

_NAME = re.compile(r"([0-9a-f]{16})-[0-9a-f]{40}-([0-9]{1,9})\.vectors")
"""The encoder's tag, a digest of what is in the file, and of how many texts."""

_TEXT_DIGEST_BYTES = 16
_CHECKSUM_BYTES = 32
_LARGEST_HEADER_BYTES = 1024

logger = logging.getLogger("semroute")


def in_runs(places: Sequence[int]) -> Iterator[list[int]]:
    """Cut the places of texts into runs of `TEXTS_PER_FILE`; the last may be shorter."""
    for start in range(0, len(places), TEXTS_PER_FILE):
        yield [*places[start : start + TEXTS_PER_FILE]]


class SavedVectors:
    """What one encoder made of texts, in the folder of an index.

    Args:
        folder: of the index; it exists. Whoever saves or forgets holds its lock.
        encoder: whose vectors these are. Versions of semroute and of the libraries count too, and
            what comes out for the probe texts: others may cut, and another processor may round,
            otherwise.
        texts: of the log. Only their vectors are read, and nothing is saved where these would fill
            the disk.
    """

    def __init__(self, folder: Path, encoder: Encoder, texts: Sequence[str]) -> None:
        self._folder = folder / FOLDER
        self._identity = encoder.identity
        self._key = _key(encoder)
        self._tag = hashlib.blake2b(self._key, digest_size=8).hexdigest()
        self._can_save = _has_room(folder, 4 * len(texts) * self._identity.width)
        self._wanted = {self._digest(text) for text in texts}
        self._vectors: dict[bytes, NDArray[np.float32]] = {}
        for name in _named(folder):
            if name.startswith(self._tag):
                self._vectors |= self._read(self._folder / name)

    def find(self, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
        """Return the vector of each text as it was saved; None for a text without."""
        return [self._vectors.get(self._digest(text)) for text in texts]

    def save(self, texts: Sequence[str], vectors: Vectors) -> str:
        """Keep the vectors of texts, or give up keeping any if the disk refuses.

        Returns:
            The name of their file; empty if there is none.
        """
        if not self._can_save or not texts:
            return ""
        digests = np.array([list(self._digest(text)) for text in texts], dtype=np.uint8)
        what = hashlib.blake2b(digests.tobytes(), digest_size=20).hexdigest()
        path = self._folder / f"{self._tag}-{what}-{len(texts)}.vectors"
        try:
            if not is_folder(self._folder):
                make_folder(self._folder)
                flush_folder(self._folder.parent)
            remove_unfinished(self._folder)
            replace_file(path, _content(path.name, digests, vectors), locked=True)
        except PublishError as error:
            self._can_save = False
            remove_vectors(self._folder.parent)
            logger.warning("%s; what was embedded is not kept for another build", error)
            return ""
        return path.name

    def forget_others(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Leave the vectors of these texts alone, if by now those of many others are kept."""
        if not self._can_save or n_saved(self._folder.parent) <= MOST_KEPT * len(texts):
            return
        before, kept = _named(self._folder.parent), set[str]()
        for places in in_runs(range(len(texts))):
            kept.add(self.save([texts[place] for place in places], vectors[places]))
        if self._can_save:
            for name in set(before) - kept:
                with suppress(OSError):
                    (self._folder / name).unlink()

    def _digest(self, text: str) -> bytes:
        content = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, digest_size=_TEXT_DIGEST_BYTES, key=self._key).digest()

    def _read(self, path: Path) -> dict[bytes, NDArray[np.float32]]:
        """Return what a file holds of the log, by digest; nothing if it was not saved so."""
        n_bytes = TEXTS_PER_FILE * (_TEXT_DIGEST_BYTES + 4 * self._identity.width)
        try:
            content = read_file(path, n_bytes + _LARGEST_HEADER_BYTES)
            digests, rows = _arrays(path.name, content)
        except (InvalidIndexError, ValueError):
            return {}
        if not _agree(digests, rows, self._identity):
            return {}
        # Copies, so that the rows of other logs take no memory.
        return {
            digest: row.copy()
            for digest, row in zip(map(bytes, digests), rows, strict=True)
            if digest in self._wanted
        }


def n_saved(folder: Path) -> int:
    """Return how many vectors are kept in the folder of an index, of whatever encoder."""
    return sum(int(match[2]) for name in _named(folder) if (match := _NAME.fullmatch(name)))


def remove_vectors(folder: Path) -> None:
    """Remove every vector kept in the folder of an index, those of other logs too."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def _named(folder: Path) -> list[str]:
    if not is_folder(folder / FOLDER):
        return []
    with suppress(InvalidIndexError):
        return sorted(name for name in entry_names(folder / FOLDER) if _NAME.fullmatch(name))
    return []


def _key(encoder: Encoder) -> bytes:
    versions = sorted({"semroute": __version__, **library_versions()}.items())
    probes = np.ascontiguousarray(encoder.encode(PROBE_TEXTS)).tobytes()
    content = f"{encoder.identity.model_dump_json()}{versions}".encode() + probes
    return hashlib.blake2b(content, digest_size=32).digest()


def _has_room(folder: Path, n_bytes: int) -> bool:
    try:
        return shutil.disk_usage(folder).free >= FREE_SPACE * n_bytes
    except OSError:
        return False


def _content(name: str, *arrays: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    for array in arrays:
        np.save(buffer, array, allow_pickle=False)
    return _checksum(name, buffer.getvalue()) + buffer.getvalue()


def _checksum(name: str, content: bytes) -> bytes:
    # With the name, so that a file under another's name is not taken for it.
    return hashlib.blake2b(name.encode() + content, digest_size=_CHECKSUM_BYTES).digest()


def _arrays(name: str, content: bytes) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the digests and the vectors of a file.

    Raises:
        ValueError: it is not what was saved.
    """
    checksum, rest = content[:_CHECKSUM_BYTES], BytesIO(content[_CHECKSUM_BYTES:])
    if checksum != _checksum(name, rest.getvalue()):
        raise ValueError
    try:
        digests: NDArray[Any] = np.lib.format.read_array(rest, allow_pickle=False)
        rows: NDArray[Any] = np.lib.format.read_array(rest, allow_pickle=False)
    except Exception as error:  # also TokenError, OverflowError, MemoryError on odd bytes
        raise ValueError from error
    return digests, rows


def _agree(digests: NDArray[Any], rows: NDArray[Any], identity: EncoderIdentity) -> bool:
    n = len(digests)
    if digests.shape != (n, _TEXT_DIGEST_BYTES) or digests.dtype != np.uint8:
        return False
    if rows.shape != (n, identity.width) or rows.dtype != np.float32:
        return False
    # A text the model has no vector for is a row of NaN.
    is_sound = usable_parts(rows, identity.dimension) | np.isnan(rows).all(axis=1)
    return bool(is_sound.all())
