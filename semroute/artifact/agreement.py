"""Whether the files of an index agree with each other.

Checksums say that files are as they were written; this says that they were written right. Both
sides use it: nothing is published that would not load.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from semroute.artifact.contents import (
    CALIBRATION,
    CENTROIDS,
    CLUSTERS,
    ESTIMATOR,
    MANIFEST,
    PROBES,
    SAMPLES,
    SEEN,
    TEMPLATES,
    WORDS,
    Cluster,
    IndexContents,
)
from semroute.encoders.contract import PROBE_TEXTS
from semroute.errors import InvalidIndexError
from semroute.features import FEATURES
from semroute.seen import N_COLUMNS
from semroute.vectors import usable_parts

Problem = tuple[str, str]
"""The name of a file, and what is wrong with it."""


def check_agreement(contents: IndexContents, folder: Path) -> None:
    """Check shapes, types, names and numbers across files; `folder` is for messages only.

    Raises:
        InvalidIndexError: the first disagreement, on the file that is most likely wrong.
    """
    for name, problem in _problems(contents):
        raise InvalidIndexError(folder / name, problem)


def _problems(contents: IndexContents) -> Iterator[Problem]:
    """Yield problems one by one: a later check may rely on the earlier ones having passed."""
    yield from _manifest_problems(contents)
    yield from _certificate_problems(contents)
    yield from _vector_problems(CENTROIDS, contents.centroids, len(contents.clusters), contents)
    n_hidden = contents.manifest.encoder.hidden_dimension
    yield from _vector_problems(PROBES, contents.probes, len(PROBE_TEXTS), contents, n_hidden)
    yield from _cluster_problems(contents)
    yield from _calibration_problems(contents)
    yield from _estimator_problems(contents)
    yield from _sample_problems(contents)
    yield from _array_problems(SEEN, contents.seen, (len(contents.seen), N_COLUMNS), np.uint64)
    yield from _array_problems(WORDS, contents.words, (len(contents.words),), np.uint32)
    shared = contents.templates.passages
    yield from _array_problems(TEMPLATES, shared, (len(shared), 2), np.uint64)


def _manifest_problems(contents: IndexContents) -> Iterator[Problem]:
    manifest, n_clusters = contents.manifest, len(contents.clusters)
    if manifest.counts.n_clusters != n_clusters:
        counted = manifest.counts.n_clusters
        yield MANIFEST, f"counts {counted} clusters, {CLUSTERS} holds {n_clusters}"
    if manifest.encoder.dimension < 1:
        yield MANIFEST, f"the encoder's dimension is {manifest.encoder.dimension}"
    if manifest.encoder.hidden_dimension < 0:
        found = manifest.encoder.hidden_dimension
        yield MANIFEST, f"the encoder's hidden_dimension is {found}"
    if not _is_utc_time(manifest.created_at):
        yield MANIFEST, f"created_at is not a time in UTC: {manifest.created_at[:40]!r}"


def _is_utc_time(text: str) -> bool:
    try:
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        return False
    return offset is not None and not offset


def _vector_problems(
    name: str, vectors: NDArray[Any], n_rows: int, contents: IndexContents, n_hidden: int = 0
) -> Iterator[Problem]:
    """Check unit rows; `n_hidden` numbers on hidden states follow the embedding."""
    dimension = contents.manifest.encoder.dimension
    shape = (n_rows, dimension + n_hidden)
    yield from _array_problems(name, vectors, shape, np.float32)
    bad = np.flatnonzero(~usable_parts(vectors, dimension))
    if bad.size:
        yield (
            name,
            f"{bad.size} rows are not finite or not of length one, the first is row {bad[0]}",
        )


def _array_problems(
    name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: DTypeLike, part: str = ""
) -> Iterator[Problem]:
    if array.dtype != dtype:
        yield name, f"{part}holds {array.dtype}, expected {np.dtype(dtype)}"
    if array.shape != shape:
        yield name, f"{part}has shape {array.shape}, expected {shape}"


def _certificate_problems(contents: IndexContents) -> Iterator[Problem]:
    certificate, config = contents.manifest.certificate, contents.manifest.config
    for model in certificate.models_left_out if certificate else ():
        if model not in config.model_names or model == config.frontier:
            yield MANIFEST, f"the certificate leaves out {model[:40]!r}, no cheaper model"


def _cluster_problems(contents: IndexContents) -> Iterator[Problem]:
    models = contents.manifest.config.model_names
    first_lines: dict[str, int] = {}
    for row, cluster in enumerate(contents.clusters):
        for problem in _one_cluster_problems(cluster, row, models):
            yield CLUSTERS, f"line {row + 1}: {problem}"
        first = first_lines.setdefault(cluster.cluster_key, row)
        if first != row:
            key = cluster.cluster_key[:40]
            yield CLUSTERS, f"line {row + 1}: cluster_key {key!r} is that of line {first + 1} too"


def _one_cluster_problems(cluster: Cluster, row: int, models: tuple[str, ...]) -> Iterator[str]:
    if cluster.cluster_id != row:
        yield f"cluster_id is {cluster.cluster_id}, expected {row}: the line's number from 0"
    if cluster.auto_label not in models:
        yield f"auto_label {cluster.auto_label[:40]!r} is not a model of the config"
    if cluster.override is not None and cluster.override not in models:
        yield f"override {cluster.override[:40]!r} is not a model of the config"
    measured = tuple(evidence.model for evidence in cluster.evidence)
    if measured != models:
        yield f"evidence is of {_names(measured)}, the config's models are {_names(models)}"


def _names(models: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in models[:20]) or "no model"


def _calibration_problems(contents: IndexContents) -> Iterator[Problem]:
    manifest, calibration = contents.manifest, contents.calibration
    models = manifest.config.model_names
    if calibration.models != models:
        yield (
            CALIBRATION,
            f"is of {_names(calibration.models)}, the config's models are {_names(models)}",
        )
    n_rows = manifest.counts.n_calibration
    yield from _vector_problems(CALIBRATION, calibration.vectors, n_rows, contents)
    table = (n_rows, len(models))
    for part, shape, dtype, least, largest in (
        ("similarities", (n_rows,), np.float32, -1.01, 1.01),
        ("scores", table, np.float64, 0.0, 1.0),
        ("costs_usd", table, np.float64, 0.0, math.inf),
        ("expected_losses", table, np.float64, -1.0, 1.0),
        ("expected_costs_usd", table, np.float64, 0.0, math.inf),
    ):
        numbers = getattr(calibration, part)
        yield from _array_problems(CALIBRATION, numbers, shape, dtype, f"{part} ")
        if ((numbers < least) | (numbers > largest) | np.isinf(numbers)).any():
            low = f"below {least:g}, above {largest:g} or infinite"
            yield CALIBRATION, f"{part} holds a number {low}"
    yield from _whole_number_problems(contents)


def _whole_number_problems(contents: IndexContents) -> Iterator[Problem]:
    calibration, n_clusters = contents.calibration, len(contents.clusters)
    shape = (contents.manifest.counts.n_calibration,)
    for part, numbers, largest in (
        ("cluster_ids", calibration.cluster_ids, n_clusters - 1),
        ("n_chars", calibration.n_chars, np.iinfo(np.int64).max),
        ("text_ids", calibration.text_ids, shape[0] - 1),
    ):
        yield from _array_problems(CALIBRATION, numbers, shape, np.int64, f"{part} ")
        if n_clusters and ((numbers < 0) | (numbers > largest)).any():
            yield CALIBRATION, f"{part} holds a number below 0 or above {largest}"


_SMALLEST_NUMBERS = {"n_neighbours": 1, "temperature": 0.0, "blend_share": 0.0, "pseudo_rows": 0.0}


def _estimator_problems(contents: IndexContents) -> Iterator[Problem]:
    estimator, models = contents.estimator, contents.manifest.config.model_names
    if estimator.models != models:
        yield (
            ESTIMATOR,
            f"is of {_names(estimator.models)}, the config's models are {_names(models)}",
        )
    for name, least in _SMALLEST_NUMBERS.items():
        value = getattr(estimator, name)
        if type(value) is not type(least) or not least <= value < math.inf:
            yield ESTIMATOR, f"{name} is not a number of at least {least}"
    if estimator.blend_share > 1:
        yield ESTIMATOR, "blend_share is above 1"
    for name, shape in _estimator_shapes(contents).items():
        array = getattr(estimator, name)
        if not isinstance(array, np.ndarray):
            yield ESTIMATOR, f"{name} is not an array"
        yield from _array_problems(ESTIMATOR, array, shape, np.float64, f"{name} ")
    yield from _estimator_number_problems(contents)


def _estimator_shapes(contents: IndexContents) -> dict[str, tuple[int, ...]]:
    n_models, n_features = len(contents.manifest.config.models), len(FEATURES)
    n_clusters = len(contents.clusters)
    return {
        "evidence": (n_clusters, n_models),
        "costs_usd": (n_clusters, n_models),
        "n_chars": (n_clusters,),
        "usd_per_char": (n_models,),
        "topic": (n_clusters, n_models),
        "wording": (contents.manifest.encoder.width, n_models),
        "text": (n_features, n_models),
        "products": (n_features * (n_features + 1) // 2, n_models),
        "intercept": (n_models,),
        "centre": (n_features,),
        "spread": (n_features,),
        "typical": (2 + n_features, n_models),
        "score_topic": (n_clusters,),
        "score_wording": (contents.manifest.encoder.width,),
        "score_text": (n_features,),
        "score_products": (n_features * (n_features + 1) // 2,),
        "curve": (7, n_models),
    }


def _estimator_number_problems(contents: IndexContents) -> Iterator[Problem]:
    """Every model is known in all parts or in none, and every known number is finite."""
    estimator = contents.estimator
    unknown = np.isnan(estimator.intercept)
    for name in ("evidence", "topic", "wording", "text", "products", "intercept", "typical"):
        numbers = getattr(estimator, name)
        if np.isinf(numbers).any() or (np.isnan(numbers) != unknown).any():
            yield ESTIMATOR, f"{name} holds a number that is not finite"
    for name in ("costs_usd", "n_chars", "usd_per_char"):
        numbers = getattr(estimator, name)
        if not (np.isfinite(numbers).all() and (numbers >= 0).all()):
            yield ESTIMATOR, f"{name} holds a number that is not finite or below 0"
    if not (np.isfinite(estimator.centre).all() and np.isfinite(estimator.spread).all()):
        yield ESTIMATOR, "centre or spread holds a number that is not finite"
    for name in ("score_topic", "score_wording", "score_text", "score_products", "curve"):
        if not np.isfinite(getattr(estimator, name)).all():
            yield ESTIMATOR, f"{name} holds a number that is not finite"
    if not (estimator.spread > 0).all():
        yield ESTIMATOR, "spread holds a number that is not above 0"
    if unknown[contents.manifest.config.frontier_column]:
        yield ESTIMATOR, "the frontier model is unknown"


def _sample_problems(contents: IndexContents) -> Iterator[Problem]:
    seen: set[int] = set()
    for number, sample in enumerate(contents.samples, start=1):
        if sample.cluster_id >= len(contents.clusters) or sample.cluster_id in seen:
            yield SAMPLES, f"line {number}: cluster_id {sample.cluster_id} is unknown or repeated"
        seen.add(sample.cluster_id)
