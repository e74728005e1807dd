"""What a build takes from the version before: its encoder and the analysts' work."""

from pathlib import Path

import numpy as np

from semroute import __version__
from semroute.artifact.contents import IndexContents
from semroute.artifact.difference import with_frontier_of
from semroute.artifact.encoder import is_encoder_of, same_space
from semroute.artifact.layout import CURRENT
from semroute.artifact.loading import load_index, newest_version
from semroute.artifact.publishing import library_versions
from semroute.artifact.reading import REBUILD, REPAIR
from semroute.config import Config
from semroute.encoders.contract import Encoder
from semroute.encoders.making import FormerEncoder
from semroute.errors import CheckFailedError, InvalidIndexError
from semroute.ood import ALWAYS_UNKNOWN
from semroute.relabel import Reattached, reattach
from semroute.tables import listed
from semroute.templates import Templates
from semroute.texts import printable


def former_encoder(previous: IndexContents | None, config: Config) -> FormerEncoder | None:
    """Return the encoder of the version before, if the same would be made in the same way."""
    if previous is None or not previous.encoder_files:
        return None
    manifest = previous.manifest
    before, now = (
        (one.encoder, one.texts.cut, version, libraries)
        for one, version, libraries in (
            (manifest.config, manifest.semroute_version, manifest.library_versions),
            (config, __version__, library_versions()),
        )
    )
    # What could not be made as asked for may be made today.
    if before != now or manifest.encoder_origin is None or manifest.encoder_origin.departure:
        return None
    return FormerEncoder(previous.encoder_files, manifest.encoder_origin)


def of_same_clusters(
    previous: IndexContents | None,
    config: Config,
    queries_sha256: str,
    encoder: Encoder,
    templates: Templates,
    seed: int,
) -> IndexContents | None:
    """Return the version before, if clustering would find its clusters again.

    So it is where scores, prices or the promise asked for have changed, and nothing else.
    """
    if previous is None or not np.array_equal(previous.templates.passages, templates.passages):
        return None
    manifest = previous.manifest
    before = (
        manifest.input_sha256.get("queries"),
        manifest.config.texts,
        manifest.config.clustering,
        manifest.seed,
        manifest.semroute_version,
        manifest.library_versions,
    )
    now = (queries_sha256, config.texts, config.clustering, seed, __version__, library_versions())
    return previous if before == now and is_encoder_of(previous, encoder) else None


def previous_version(out: Path, discard_labels: bool) -> IndexContents | None:
    """Return the version whose labels are carried over: the live one, else the newest."""
    newest = newest_version(out)
    if discard_labels or newest is None:
        return None
    live = None if (out / CURRENT).exists() else newest
    try:
        return load_index(out, version=live, samples=False)
    except InvalidIndexError as error:
        reason = error.reason.removesuffix(f"; {REPAIR}").removesuffix(f"; {REBUILD}")
        helps = "restore it from a copy, make another version live (semroute use)"
        if error.reason.endswith(REBUILD):
            helps = "export them with the semroute that wrote it"
        lost = f"the analysts' labels on the live version would be lost; {helps}"
        message = f"{reason}; {lost}, or build with --discard-labels"
        raise InvalidIndexError(error.path, message) from error


def carried_over(before: IndexContents | None, contents: IndexContents) -> Reattached:
    """Re-attach the analysts' names, labels and notes of the previous version."""
    if before is None:
        return Reattached(contents.clusters, 0, ())
    return reattach(
        with_frontier_of(before, contents),
        before.centroids,
        contents.clusters,
        contents.centroids,
        frontier=contents.manifest.config.frontier,
        former_frontier=before.manifest.config.frontier,
        known_from=before.manifest.ood.threshold
        if same_space(before, contents)
        else ALWAYS_UNKNOWN,
    )


def refuse_lost_labels(before: IndexContents | None, carried: Reattached) -> None:
    """Refuse to go on without labels that could not be carried over.

    Raises:
        CheckFailedError: names them.
    """
    lost = carried.lost_labels
    if not lost:
        return
    names = former_names(before)
    each = [f"{one.label} of {names.get(one.cluster_key, one.cluster_key)}" for one in lost]
    labels = "1 analyst's label" if len(lost) == 1 else f"{len(lost)} analysts' labels"
    raise CheckFailedError(
        f"{labels} cannot be carried over, so nothing was published: "
        f"{listed(each, quote=printable)}. A build without --require-labels goes live without them "
        "and says which clusters are most similar, to label these"
    )


def former_names(before: IndexContents | None) -> dict[str, str]:
    """Return the names of the clusters of the version before, by their keys."""
    return {one.cluster_key: one.name for one in before.clusters} if before else {}
