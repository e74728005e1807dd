"""From the analysts' sheet to a new version of the index."""

from dataclasses import replace
from pathlib import Path

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.labels import read_edits
from semroute.relabel.certifying import recertified
from semroute.relabel.changes import LabelChanges, plan_labels


def apply_labels(folder: Path, sheet: Path, *, dry_run: bool = False) -> LabelChanges:
    """Publish a version with the labels, names and notes of a sheet.

    Nothing is published with `dry_run`, nor when the sheet changes nothing; a sheet with a problem
    changes nothing at all.

    Raises:
        LabelsError: holds every problem of the sheet.
        InvalidIndexError: the index is damaged.
        IndexLockedError: another process is publishing into the folder.
        PublishError: the operating system refused a write.
    """
    if dry_run:
        return _plan(load_index(folder), sheet)
    with locked(folder):
        contents = load_index(folder)
        planned = _plan(contents, sheet)
        if not planned.changes:
            return planned
        published = publish(folder, recertified(_changed(contents, planned)))
    return replace(planned, published_version=published.manifest.index_version)


def _plan(contents: IndexContents, sheet: Path) -> LabelChanges:
    keys = {cluster.cluster_key for cluster in contents.clusters}
    return plan_labels(contents, read_edits(sheet, keys, contents.manifest.config.model_names))


def _changed(contents: IndexContents, planned: LabelChanges) -> IndexContents:
    after = {change.after.cluster_id: change.after for change in planned.changes}
    clusters = tuple(after.get(one.cluster_id, one) for one in contents.clusters)
    return replace(contents, clusters=clusters)
