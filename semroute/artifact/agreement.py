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
    MANIFEST,
    PROBES,
    SAMPLES,
    SEEN,
    Cluster,
    IndexContents,
)
from semroute.encoders.contract import PROBE_TEXTS
from semroute.errors import InvalidIndexError
from semroute.seen import N_COLUMNS
from semroute.vectors import usable_rows

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
    yield from _vector_problems(CENTROIDS, contents.centroids, len(contents.clusters), contents)
    yield from _vector_problems(PROBES, contents.probes, len(PROBE_TEXTS), contents)
    yield from _cluster_problems(contents)
    yield from _calibration_problems(contents)
    yield from _sample_problems(contents)
    yield from _array_problems(SEEN, contents.seen, (len(contents.seen), N_COLUMNS), np.uint64)


def _manifest_problems(contents: IndexContents) -> Iterator[Problem]:
    manifest, n_clusters = contents.manifest, len(contents.clusters)
    if manifest.counts.n_clusters != n_clusters:
        counted = manifest.counts.n_clusters
        yield MANIFEST, f"counts {counted} clusters, {CLUSTERS} holds {n_clusters}"
    if manifest.encoder.dimension < 1:
        yield MANIFEST, f"the encoder's dimension is {manifest.encoder.dimension}"
    if not _is_utc_time(manifest.created_at):
        yield MANIFEST, f"created_at is not a time in UTC: {manifest.created_at[:40]!r}"


def _is_utc_time(text: str) -> bool:
    try:
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        return False
    return offset is not None and not offset


def _vector_problems(
    name: str, vectors: NDArray[Any], n_rows: int, contents: IndexContents
) -> Iterator[Problem]:
    shape = (n_rows, contents.manifest.encoder.dimension)
    yield from _array_problems(name, vectors, shape, np.float32)
    bad = np.flatnonzero(~usable_rows(vectors))
    if bad.size:
        yield (
            name,
            f"{bad.size} rows are not finite or not of length one, the first is row {bad[0]}",
        )


def _array_problems(
    name: str, array: NDArray[Any], shape: tuple[int, int], dtype: DTypeLike, part: str = ""
) -> Iterator[Problem]:
    if array.dtype != dtype:
        yield name, f"{part}holds {array.dtype}, expected {np.dtype(dtype)}"
    if array.shape != shape:
        yield name, f"{part}has shape {array.shape}, expected {shape}"


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
    for part, numbers, largest in (
        ("scores", calibration.scores, 1.0),
        ("costs_usd", calibration.costs_usd, math.inf),
    ):
        yield from _array_problems(
            CALIBRATION, numbers, (n_rows, len(models)), np.float64, f"{part} "
        )
        if ((numbers < 0) | (numbers > largest) | np.isinf(numbers)).any():
            yield CALIBRATION, f"{part} holds a number below 0, above {largest:g} or infinite"


def _sample_problems(contents: IndexContents) -> Iterator[Problem]:
    seen: set[int] = set()
    for number, sample in enumerate(contents.samples, start=1):
        if sample.cluster_id >= len(contents.clusters) or sample.cluster_id in seen:
            yield SAMPLES, f"line {number}: cluster_id {sample.cluster_id} is unknown or repeated"
        seen.add(sample.cluster_id)
