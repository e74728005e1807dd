"""From the analysts' sheet to a new version of the index."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import current_version, load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.errors import LabelsError
from semroute.labels import Exported, ExportedClusters, LabelEdit, looks_untouched, read_edits
from semroute.relabel.certifying import recertified
from semroute.relabel.changes import LabelChanges, plan_labels, with_promise
from semroute.relabel.doubts import garbled_edits
from semroute.relabel.versions import ContentsOf, exported_clusters, versions_of


def apply_labels(
    folder: Path,
    sheet: Path,
    *,
    dry_run: bool = False,
    allow_no_promise: bool = False,
    skip_gone: bool = False,
) -> LabelChanges:
    """Publish a version with the labels, names and notes of a sheet.

    Nothing is published with `dry_run`, nor when the sheet changes nothing, nor when it would end
    the promise (`ends_promise`), unless `allow_no_promise`; `published_version` is None then. A
    sheet with a problem changes nothing at all. A label or a note of a cluster that is gone is such
    a problem, unless `skip_gone`, which leaves these rows out (`vanished`).

    Raises:
        LabelsError: holds every problem of the sheet.
        InvalidIndexError: the index is damaged.
        IndexLockedError: another process is publishing into the folder.
        PublishError: the operating system refused a write.
    """
    if dry_run:
        return _planned(folder, load_index(folder), sheet, skip_gone=skip_gone)[0]
    current_version(folder)  # before the lock, which would make a folder that is missing
    with locked(folder), _interruption_told(folder):
        planned, changed = _planned(folder, load_index(folder), sheet, skip_gone=skip_gone)
        if not planned.changes or (planned.ends_promise and not allow_no_promise):
            return planned
        published = publish(folder, changed)
    return replace(planned, published_version=published.manifest.index_version)


@contextmanager
def _interruption_told(folder: Path) -> Iterator[None]:
    """Let an interruption say whether the sheet was applied."""
    before = current_version(folder)
    try:
        yield
    except KeyboardInterrupt as stop:
        live = current_version(folder)
        left = f"the sheet was not applied, version {live} stays live"
        if live != before:
            left = f"the sheet was applied before that, version {live} is live"
        raise KeyboardInterrupt(left) from stop


def _planned(
    folder: Path, contents: IndexContents, sheet: Path, *, skip_gone: bool
) -> tuple[LabelChanges, IndexContents]:
    """Return what the sheet changes, and the contents with it, certified again."""
    contents_of = versions_of(folder, contents)

    @cache
    def exported(version: str) -> Mapping[str, Exported]:
        return exported_clusters(contents_of(version), contents)

    edits = read_edits(
        sheet,
        {cluster.cluster_key for cluster in contents.clusters},
        contents.manifest.config.model_names,
        skip_gone=skip_gone,
        exported=exported,
    )
    new_keys = _new_keys(edits, exported)
    edits = _without_old_automatic_names(contents, edits, contents_of, exported)
    if problems := garbled_edits(contents.clusters, {edit.cluster_key: edit for edit in edits}):
        raise LabelsError(sheet, problems)
    planned = replace(plan_labels(contents, edits), new_keys=new_keys)
    if not planned.changes:
        return with_promise(planned, contents, contents), contents
    after = {change.after.cluster_id: change.after for change in planned.changes}
    clusters = tuple(after.get(one.cluster_id, one) for one in contents.clusters)
    changed = replace(contents, clusters=clusters)
    # Names and notes decide nothing: whoever only edits these cannot end a promise.
    if any(one.before.override != one.after.override for one in planned.changes):
        changed = _without_changed_share(recertified(changed), contents)
    return with_promise(planned, contents, changed), changed


def _new_keys(edits: Sequence[LabelEdit], exported: ExportedClusters) -> dict[str, str]:
    """Return the keys that the topics of clusters that are gone have now, by their old ones."""
    former = {edit.cluster_key: exported(edit.index_version or "") for edit in edits}
    found = {key: known[key].new_key for key, known in former.items() if key in known}
    return {key: new_key for key, new_key in found.items() if new_key}


def _without_old_automatic_names(
    contents: IndexContents,
    edits: Sequence[LabelEdit],
    contents_of: ContentsOf,
    exported: ExportedClusters,
) -> tuple[LabelEdit, ...]:
    """Take no automatic name of the version a sheet was exported from for an analyst's.

    Where a rebuild has changed it the live name stays, automatic or an analyst's. Of a version that
    is no longer there nobody can tell. A row may have the key that its topic has now.
    """
    live = {one.cluster_key: one for one in contents.clusters}
    versions = {edit.index_version for edit in edits if edit.index_version}
    automatic = {
        (version, key): cluster.auto_name
        for version in versions
        if (former := contents_of(version)) is not None
        for cluster in former.clusters
        for key in (cluster.cluster_key, exported(version)[cluster.cluster_key].new_key)
    }

    def is_outdated(edit: LabelEdit) -> bool:
        name = automatic.get((edit.index_version or "", edit.cluster_key))
        if name is None or edit.name is None or edit.cluster_key not in live:
            return False
        return looks_untouched(name, edit.name) and name != live[edit.cluster_key].auto_name

    return tuple(
        replace(edit, name=live[edit.cluster_key].name) if is_outdated(edit) else edit
        for edit in edits
    )


def _without_changed_share(changed: IndexContents, before: IndexContents) -> IndexContents:
    """Forget how many decisions compiling the encoder changes, if the policy is another one.

    The build compared them on texts that an index does not keep.
    """
    origin = changed.manifest.encoder_origin
    if origin is None or _decides_by(changed) == _decides_by(before):
        return changed
    unknown = origin.model_copy(update={"changed_share": None})
    manifest = changed.manifest.model_copy(update={"encoder_origin": unknown})
    return replace(changed, manifest=manifest)


def _decides_by(contents: IndexContents) -> tuple[object, ...]:
    return (contents.manifest.tolerance, *(cluster.override for cluster in contents.clusters))
