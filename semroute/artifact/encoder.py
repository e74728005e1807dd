"""The encoder of an index: the one whose files it holds, else the one its config names."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import MANIFEST, PROBES, IndexContents
from semroute.artifact.layout import ENCODER_FOLDER
from semroute.encoders import open_encoder, open_files
from semroute.encoders.contract import PROBE_TEXTS, Encoder
from semroute.encoders.embedding_only import EmbeddingOnly
from semroute.errors import EncoderError, InvalidIndexError, SemrouteError
from semroute.vectors import Vectors, usable_parts

LEAST_PROBE_SIMILARITY = {
    "onnx-int8": 0.998,
    "onnx-fp32": 0.9999,
    "static": 0.9999,
    "sentence-transformers": 0.999,
}
"""Mean cosine of the probes, embedded now and at build time, by the kind of encoder.

Int8 sums are exact on any processor, but what surrounds them is not, and rounds the other way now
and then. Another kind needs 0.999.
"""

_LEAST_OF_ONE_SPACE = 0.95
"""Mean cosine of the probes; int8 models have 0.98 or more to their originals."""


def open_index_encoder(
    contents: IndexContents, *, given: Encoder | None = None, threads: int = 1, n_workers: int = 1
) -> Encoder:
    """Open the encoder of an index and check that it still is the one that built it.

    Hidden states are left away where the index was built without them.

    Args:
        contents: of the index.
        given: used instead of opening one; must be the same model.
        threads: how many threads share the work on one text; one is best under load.
        n_workers: how many texts are under way at a time where many are embedded.

    Raises:
        EncoderError: the encoder cannot be run, or is not in the index and cannot be loaded.
        InvalidIndexError: the encoder is damaged or another one.
        MissingExtraError: the packages of an encoder that is not in the index are not installed.
    """
    encoder = given or _open(contents, threads, n_workers)
    if encoder.identity.hidden_dimension and not contents.manifest.encoder.hidden_dimension:
        encoder = EmbeddingOnly(encoder)
    check_encoder(contents, encoder)
    return encoder


def _open(contents: IndexContents, threads: int, n_workers: int) -> Encoder:
    manifest = contents.manifest
    if not contents.encoder_files:
        config = manifest.config
        threads = max(threads, n_workers)
        return open_encoder(config.encoder, cut=config.texts.cut, threads=threads, local_only=True)
    try:
        return open_files(contents.encoder_files, threads=threads, n_workers=n_workers)
    except EncoderError as error:
        place = Path(manifest.index_version, ENCODER_FOLDER)
        raise InvalidIndexError(place, str(error)) from error


def check_encoder(contents: IndexContents, encoder: Encoder) -> None:
    """Check that an encoder is the one the index was built with.

    Its name may differ (a model may move to another folder); what it computes may not. The probe
    texts are embedded again: another encoder of the same size passes every other check.

    Raises:
        EncoderError: the encoder cannot be run.
        InvalidIndexError: the identity differs, or the mean cosine of the probes, of their
            embeddings or of their hidden states, is below `LEAST_PROBE_SIMILARITY`.
    """
    place = Path(contents.manifest.index_version)
    built, given = contents.manifest.encoder, encoder.identity
    for field in ("kind", "dimension", "hidden_dimension", "max_tokens", "fingerprint"):
        expected, found = getattr(built, field), getattr(given, field)
        if expected != found:
            raise InvalidIndexError(
                place / MANIFEST,
                f"the index was built with another encoder: {field} is {expected!r} in the index, "
                f"{found!r} in the encoder {given.model!r}; load {built.model!r}, or build again",
            )
    least = LEAST_PROBE_SIMILARITY.get(built.kind, 0.999)
    similarity = _mean_similarity(_embedded_probes(encoder), contents.probes, built.dimension)
    if not similarity >= least:
        raise InvalidIndexError(
            place / PROBES,
            f"the encoder {given.model!r} no longer gives the vectors the index was built with: "
            f"mean similarity of the probe texts {similarity:.4f}, at least {least} is needed; "
            "install the library versions named in the manifest, or build again",
        )


def is_encoder_of(contents: IndexContents, encoder: Encoder) -> bool:
    """Whether an encoder is called what that of an index is, and gives the same vectors.

    Its identity does not say all: a prompt in the model's own folder is not part of it.

    Raises:
        EncoderError: the encoder cannot be run.
    """
    if encoder.identity != contents.manifest.encoder:
        return False
    try:
        check_encoder(contents, encoder)
    except InvalidIndexError:
        return False
    return True


def same_space(one: IndexContents, other: IndexContents) -> bool:
    """Whether embeddings of two indexes can be compared, whatever their encoders are called.

    They give the probe texts nearly the same vectors: so do a model and its int8 form.
    """
    dimensions = [contents.manifest.encoder.dimension for contents in (one, other)]
    left, right = (
        contents.probes[:, :dimension]
        for contents, dimension in zip((one, other), dimensions, strict=True)
    )
    return _mean_similarity(left, right, dimensions[0]) >= _LEAST_OF_ONE_SPACE


def _embedded_probes(encoder: Encoder) -> Vectors:
    try:
        return encoder.encode(PROBE_TEXTS)
    except SemrouteError:
        raise
    except Exception as error:  # an encoder of the user may raise anything; told in one line
        raise EncoderError(
            f"the encoder {encoder.identity.model!r} fails on the probe texts "
            f"({type(error).__name__}); install the library versions named in the manifest, or "
            "build again"
        ) from error


def _mean_similarity(found: NDArray[Any], expected: NDArray[Any], dimension: int) -> float:
    """Return that of embeddings or of hidden states, whichever is less; NaN for unusable rows."""
    if found.shape != expected.shape or not usable_parts(found, dimension).all():
        return math.nan
    products = found.astype(np.float64) * expected
    parts = [part for part in np.split(products, [dimension], axis=1) if part.size]
    return min(float(part.sum(axis=1).mean()) for part in parts)
