"""From the contents of an index to the bytes of its files, and back.

The same contents always give the same bytes. Parsing takes bytes that were read and verified
before; whatever is wrong with them, it raises `InvalidIndexError` with the path and the reason.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from semroute import __version__
from semroute.artifact.contents import (
    CALIBRATION,
    CENTROIDS,
    CLUSTERS,
    ESTIMATOR,
    FORMAT_VERSION,
    OLDEST_FORMAT,
    PROBES,
    SAMPLES,
    SEEN,
    TEMPLATES,
    WORDS,
    Calibration,
    Cluster,
    IndexContents,
    Manifest,
    Sample,
)
from semroute.artifact.layout import ENCODER_FOLDER
from semroute.artifact.older_estimators import (
    BROUGHT,
    CURVE,
    FEATURES_BEFORE,
    FORMAT_BY_LENGTH,
    FORMAT_OF_CURVE,
    FORMAT_OF_PRODUCT,
    by_text_alone,
    without_curve,
    without_product,
)
from semroute.artifact.reading import REBUILD
from semroute.encoders.files import VerifiedFiles
from semroute.errors import InvalidIndexError
from semroute.estimator import LossEstimator
from semroute.features import FEATURES
from semroute.seen import no_texts
from semroute.templates import Templates, no_templates
from semroute.vocabulary import no_words

Record = TypeVar("Record", bound=BaseModel)

CALIBRATION_ARRAYS = tuple(field.name for field in fields(Calibration))
ESTIMATOR_ARRAYS = (*(field.name for field in fields(LossEstimator)), "features")


def serialise(contents: IndexContents) -> dict[str, bytes]:
    """Return the bytes of every file but the manifest, by name; what is optional only if it is."""
    files = {
        CENTROIDS: _npy(contents.centroids),
        CLUSTERS: _json_lines(contents.clusters),
        PROBES: _npy(contents.probes),
        CALIBRATION: _npz(_arrays(contents.calibration)),
        ESTIMATOR: _npz({**_arrays(contents.estimator), "features": _text_array(FEATURES)}),
    }
    if contents.samples:
        files[SAMPLES] = _json_lines(contents.samples)
    if len(contents.seen):
        files[SEEN] = _npy(contents.seen)
    if len(contents.words):
        files[WORDS] = _npy(contents.words)
    if len(contents.templates.passages):
        files[TEMPLATES] = _npy(contents.templates.passages)
    stored = sorted(contents.encoder_files.items())
    return files | {f"{ENCODER_FOLDER}/{name}": content for name, content in stored}


def serialise_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as indented JSON."""
    return f"{json.dumps(_plain(manifest), indent=2, **_JSON)}\n".encode()


def parse_manifest(content: bytes, path: Path) -> Manifest:
    """Parse a manifest, after its `format_version` was found to be one this semroute reads.

    Raises:
        InvalidIndexError: another format, not JSON, or a field is missing, unknown or wrong.
    """
    with _blamed_on(path):
        document = json.loads(content.decode("utf-8"))
    _check_format(document, path)
    with _blamed_on(path, hint=_other_version_hint(document)):
        return Manifest.model_validate_json(content, strict=True)


def parse(
    manifest: Manifest, files: Mapping[str, bytes], folder: Path, *, samples: bool = True
) -> IndexContents:
    """Parse the files of one version, which have the digests that its manifest names.

    `folder` is for messages only.

    Raises:
        InvalidIndexError: a file is not what its name says.
    """
    return IndexContents(
        manifest=manifest,
        clusters=_parse_json_lines(Cluster, files[CLUSTERS], folder / CLUSTERS),
        centroids=_parse_npy(files[CENTROIDS], folder / CENTROIDS),
        probes=_parse_npy(files[PROBES], folder / PROBES),
        calibration=_parse_calibration(files[CALIBRATION], folder / CALIBRATION),
        estimator=_parse_estimator(files[ESTIMATOR], folder / ESTIMATOR, manifest),
        samples=parse_samples(files[SAMPLES], folder / SAMPLES)
        if samples and SAMPLES in files
        else (),
        seen=_parse_npy(files[SEEN], folder / SEEN) if SEEN in files else no_texts(),
        words=_parse_npy(files[WORDS], folder / WORDS) if WORDS in files else no_words(),
        templates=Templates(_parse_npy(files[TEMPLATES], folder / TEMPLATES), manifest.hash_key)
        if TEMPLATES in files
        else no_templates(),
        encoder_files=_encoder_files(manifest, files),
    )


def _encoder_files(manifest: Manifest, files: Mapping[str, bytes]) -> VerifiedFiles:
    paths = {
        path.removeprefix(f"{ENCODER_FOLDER}/"): path
        for path in files
        if path.startswith(f"{ENCODER_FOLDER}/")
    }
    return VerifiedFiles(
        {name: files[path] for name, path in paths.items()},
        {name: manifest.files[path].sha256 for name, path in paths.items()},
    )


def parse_samples(content: bytes, path: Path) -> tuple[Sample, ...]:
    """Parse the example queries; `path` is for messages only.

    Raises:
        InvalidIndexError: they are not what their name says.
    """
    return _parse_json_lines(Sample, content, path)


_JSON: dict[str, Any] = {"sort_keys": True, "ensure_ascii": False, "allow_nan": False}


def _plain(record: BaseModel) -> dict[str, Any]:
    return record.model_dump(mode="json")


def _json_lines(records: tuple[BaseModel, ...]) -> bytes:
    lines = [json.dumps(_plain(record), **_JSON) for record in records]
    return "".join(f"{line}\n" for line in lines).encode()


def _arrays(record: Calibration | LossEstimator) -> dict[str, NDArray[Any]]:
    found = {field.name: getattr(record, field.name) for field in fields(record)}
    return {
        name: _text_array(value) if isinstance(value, tuple) else np.asarray(value)
        for name, value in found.items()
    }


def _text_array(texts: tuple[str, ...]) -> NDArray[Any]:
    return np.array(texts, dtype=np.str_)


def _npy(array: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    # Not `ascontiguousarray`, which gives a single number a dimension.
    np.save(buffer, np.asarray(array, order="C"), allow_pickle=False)
    return buffer.getvalue()


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write what `np.savez` writes, but for the time: every member is dated 1980-01-01."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), _npy(array))
    return buffer.getvalue()


def _check_format(document: object, path: Path) -> None:
    found = document.get("format_version") if isinstance(document, dict) else None
    if not isinstance(found, int) or isinstance(found, bool):
        raise InvalidIndexError(path, "has no format_version; it is not the manifest of an index")
    if not OLDEST_FORMAT <= found <= FORMAT_VERSION:
        newer = found > FORMAT_VERSION
        raise InvalidIndexError(
            path,
            f"the index has format {found}, semroute {__version__} reads formats {OLDEST_FORMAT} "
            f"to {FORMAT_VERSION}; "
            + ("run: pip install --upgrade semroute" if newer else REBUILD),
        )


def _other_version_hint(document: dict[str, Any]) -> str:
    writer = document.get("semroute_version")
    if not isinstance(writer, str) or writer == __version__:
        return ""
    return f"; it was written by semroute {writer[:20]!r}, this is {__version__}"


def _parse_json_lines(kind: type[Record], content: bytes, path: Path) -> tuple[Record, ...]:
    *lines, rest = content.split(b"\n")
    if rest:
        raise InvalidIndexError(path, "its last line has no end")
    records = []
    for number, line in enumerate(lines, start=1):
        with _blamed_on(path, place=f"line {number}: "):
            records.append(kind.model_validate_json(line, strict=True))
    return tuple(records)


def _parse_npy(content: bytes, path: Path) -> NDArray[Any]:
    with _blamed_on(path):
        return _read_npy(content)


def _read_npy(content: bytes) -> NDArray[Any]:
    buffer = BytesIO(content)
    array: NDArray[Any] = np.lib.format.read_array(buffer, allow_pickle=False)
    if buffer.read(1):
        raise ValueError("bytes follow after the array")
    return np.asarray(array, order="C")


def _parse_calibration(content: bytes, path: Path) -> Calibration:
    with _blamed_on(path):
        arrays = _named_arrays(content, CALIBRATION_ARRAYS)
        return Calibration(models=_texts(arrays.pop("models"), "models"), **arrays)


def _parse_estimator(content: bytes, path: Path, manifest: Manifest) -> LossEstimator:
    is_older = manifest.format_version < FORMAT_BY_LENGTH
    has_curve = manifest.format_version >= FORMAT_OF_CURVE
    has_product = manifest.format_version >= FORMAT_OF_PRODUCT
    features = FEATURES_BEFORE if is_older else FEATURES
    brought = (*(BROUGHT if is_older else ()), *(() if has_curve else CURVE))
    with _blamed_on(path):
        arrays = _named_arrays(content, tuple(n for n in ESTIMATOR_ARRAYS if n not in brought))
        if _texts(arrays.pop("features"), "features") != features:
            raise ValueError("looks at other text features than this semroute; build again")
        models = _texts(arrays.pop("models"), "models")
        arrays = by_text_alone(arrays) if is_older else arrays
        if not has_curve:
            arrays = without_curve(arrays)
        elif not has_product:
            arrays = without_product(arrays)
        plain: dict[str, Any] = {name: _plain_number(array) for name, array in arrays.items()}
        return LossEstimator(models=models, **plain)


def _plain_number(array: NDArray[Any]) -> Any:
    """Return a number for an array without dimensions: it was one."""
    return array.item() if array.ndim == 0 else array


def _named_arrays(content: bytes, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    arrays = _read_npz(content)
    if sorted(arrays) != sorted(names):
        raise ValueError(f"holds {sorted(arrays)}, expected {sorted(names)}")
    return arrays


def _texts(array: NDArray[Any], name: str) -> tuple[str, ...]:
    if array.dtype.kind != "U" or array.ndim != 1:
        raise ValueError(f"{name} are not text")
    return tuple(str(text) for text in array.tolist())


def _read_npz(content: bytes) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("a member is compressed; semroute writes none that are")
        return {m.filename.removesuffix(".npy"): _read_npy(archive.read(m)) for m in members}


@contextmanager
def _blamed_on(path: Path, place: str = "", hint: str = "") -> Iterator[None]:
    """Raise whatever a parser raises as an `InvalidIndexError`, without the text it read."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise InvalidIndexError(path, f"{place}{reason}{hint}") from None
    except (
        Exception
    ) as error:  # parsers raise dozens of types for odd bytes; the bytes are at fault
        raise InvalidIndexError(path, f"{place}cannot be read: {_short(error)}{hint}") from None


def _short(error: Exception) -> str:
    name = type(error).__name__
    return f"{name}: {error}"[:200] if str(error) else name
