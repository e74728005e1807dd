"""What a sheet would change in an index."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from semroute.artifact.contents import Cluster, IndexContents
from semroute.certificate import Certificate
from semroute.config import Config
from semroute.labels import LabelEdit, looks_untouched
from semroute.policy import FEWEST_PAIRS
from semroute.relabel.answering import Answers, answers, whole_percent
from semroute.relabel.doubts import doubts
from semroute.texts import printable

_EDITED_FIELDS = ("name", "label", "override", "note")
_SHOWN_NAME_CHARS = 40

_PROMISE_LOST = (
    "the labels alone may lose more than the promise allows: nothing is promised, and requests "
    "without a label go to the frontier model"
)
_LESS_ROOM = (
    "with these labels less can be promised of the rest: requests without a label go to another "
    "model less readily, which may cost more"
)
_MORE_ROOM = (
    "with these labels more can be promised of the rest: requests without a label go to another "
    "model more readily"
)


@dataclass(frozen=True)
class LabelChange:
    """One cluster before and after.

    `label` of each is the model in force; `override` the analyst's, None for the automatic one.
    `answers_before` and `answers_after` say which models answer the held-out queries of it.
    """

    before: Cluster
    after: Cluster
    answers_before: Answers = field(default_factory=dict)
    answers_after: Answers = field(default_factory=dict)

    @property
    def is_relabelled(self) -> bool:
        """Whether an analyst's label is set, changed or taken back."""
        return self.before.override != self.after.override

    @property
    def n_sent_elsewhere(self) -> int:
        """How many held-out queries an analyst's new label sends to another model than so far."""
        label = self.after.override
        if label is None or not self.is_relabelled:
            return 0
        return sum(self.answers_before.values()) - self.answers_before.get(label, 0)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        before = {f"{field}_before": getattr(self.before, field) for field in _EDITED_FIELDS}
        after = {f"{field}_after": getattr(self.after, field) for field in _EDITED_FIELDS}
        cluster = {
            name: getattr(self.after, name) for name in ("cluster_id", "cluster_key", "share")
        }
        answered = {"answers_before": self.answers_before, "answers_after": self.answers_after}
        return {**cluster, **before, **after, **answered}


@dataclass(frozen=True)
class LabelChanges:
    """What a sheet changes in version `index_version`, and what that means.

    `warnings` name overrides the evidence does not defend, names given twice, and other doubts;
    `absent_columns` are the editable ones the sheet does not have, by a misspelt heading for
    example: what the index says there stays.
    `vanished` are rows of clusters that are gone, without label or note or left out on demand:
    nothing is done with them; `new_keys` has the key that the topic has now, by the old one, where
    it is plainly the same.
    `published_version` is None where nothing was published.

    `certificate_before` is that of the index, `certificate_after` what certifying again with the
    new labels found, the same where the sheet changes nothing: promise, cost and loss on the
    held-out queries. `also_relabelled` are clusters without a new label of their own that
    another model answers because of it.
    """

    changes: tuple[LabelChange, ...]
    warnings: tuple[str, ...]
    vanished: tuple[LabelEdit, ...]
    index_version: str
    absent_columns: tuple[str, ...] = ()
    published_version: str | None = None
    certificate_before: Certificate | None = None
    certificate_after: Certificate | None = None
    also_relabelled: tuple[LabelChange, ...] = ()
    new_keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One line: how much changes, and whether it was published."""
        if not self.changes:
            return (
                f"nothing to change: version {self.index_version} already has every name, label "
                "and note of the sheet; other columns change nothing, and a cluster without a row "
                "stays"
            )
        n_clusters = len(self.changes)
        n_relabelled = sum(one.is_relabelled for one in self.changes)
        changed = f"{n_clusters} cluster{'s'[: n_clusters != 1]} changed, {n_relabelled} relabelled"
        if n_others := len(self.also_relabelled):
            others = f"{n_others} other cluster{'s'[: n_others != 1]}"
            changed += f", and {others} by certifying again"
        if self.published_version is None:
            return f"{changed}; nothing was published"
        return f"{changed}; published as version {self.published_version}"

    @property
    def is_promised(self) -> bool:
        """Whether the promise is shown for what the sheet would leave in force."""
        return self.certificate_after is not None and self.certificate_after.holds

    @property
    def ends_promise(self) -> bool:
        """Whether the promise was shown for what is in force, and would not be any more."""
        before = self.certificate_before
        return before is not None and before.holds and not self.is_promised

    @property
    def reason(self) -> str | None:
        """Why requests without an analyst's label are answered otherwise than before, if so."""
        before, after = self.certificate_before, self.certificate_after
        if before is None or after is None or (before.holds and not after.holds):
            return None if after is None or after.holds else _PROMISE_LOST
        was, now = (-math.inf if c.tolerance is None else c.tolerance for c in (before, after))
        if was == now:
            return None
        return _LESS_ROOM if now < was else _MORE_ROOM

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "index_version": self.index_version,
            "published_version": self.published_version,
            "changes": [change.to_dict() for change in self.changes],
            "warnings": list(self.warnings),
            "absent_columns": list(self.absent_columns),
            "vanished": [
                {**asdict(edit), "new_key": self.new_keys.get(edit.cluster_key)}
                for edit in self.vanished
            ],
            "certificate_before": _promise(self.certificate_before),
            "certificate_after": _promise(self.certificate_after),
            "ends_promise": self.ends_promise,
            "also_relabelled": [change.to_dict() for change in self.also_relabelled],
            "reason": self.reason,
        }


def _promise(certificate: Certificate | None) -> dict[str, Any] | None:
    if certificate is None:
        return None
    return {**certificate.model_dump(mode="json"), "sentence": certificate.sentence}


def with_promise(
    planned: LabelChanges, before: IndexContents, after: IndexContents
) -> LabelChanges:
    """Add what certifying again means; `after` holds the new labels and is certified with them.

    A label taken back leaves the automatic one that certifying again finds.
    """
    answers_before, answers_after = answers(before), answers(after)

    def change(old: Cluster, new: Cluster) -> LabelChange:
        place = old.cluster_id
        return LabelChange(old, new, answers_before.get(place, {}), answers_after.get(place, {}))

    edited = {one.after.cluster_id for one in planned.changes}
    pairs = [change(*pair) for pair in zip(before.clusters, after.clusters, strict=True)]
    changes = tuple(one for one in pairs if one.after.cluster_id in edited)
    return replace(
        planned,
        changes=changes,
        warnings=(*planned.warnings, *_repeated(changes, answers_before)),
        certificate_before=before.manifest.certificate,
        certificate_after=after.manifest.certificate,
        also_relabelled=tuple(
            one for one in pairs if one.before.label != one.after.label and not one.is_relabelled
        ),
    )


def _repeated(changes: Iterable[LabelChange], answered: Mapping[int, Answers]) -> tuple[str, ...]:
    """Say what labels do that only repeat the automatic one."""
    repeated = [
        one
        for one in changes
        if one.n_sent_elsewhere
        and one.before.override is None
        and one.after.override == one.before.auto_label
    ]
    if not repeated:
        return ()
    n_all = sum(sum(counts.values()) for counts in answered.values())
    share = whole_percent(sum(one.n_sent_elsewhere for one in repeated) / n_all)
    labels = "1 label repeats" if len(repeated) == 1 else f"{len(repeated)} labels repeat"
    told = (
        f"{labels} the automatic model, which so far answers only most queries of a cluster, and "
        f"now all: {share} of the held-out queries go to another model than so far; empty labels "
        "leave each query to its own estimate"
    )
    return (told,)


def plan_labels(contents: IndexContents, edits: Iterable[LabelEdit]) -> LabelChanges:
    """Say what edits, as `read_edits` gives them, would change; nothing is changed.

    A cluster without an edit stays as it is, and so does what the sheet has no column for. An empty
    label means the automatic one again, an empty name the automatic name. A text that differs only
    by what saving does to it counts as untouched; a new name is cut to one printable line.
    """
    by_key = {edit.cluster_key: edit for edit in edits}
    edited = tuple(_edited(one, by_key.get(one.cluster_key)) for one in contents.clusters)
    pairs = zip(contents.clusters, edited, strict=True)
    changes = tuple(LabelChange(old, new) for old, new in pairs if old != new)
    keys = {cluster.cluster_key for cluster in contents.clusters}
    contradicted = contradictions((change.after for change in changes), contents.manifest.config)
    age = _age(by_key.values(), contents.manifest.index_version) if changes else ()
    unscored = _left_out(changes, contents.manifest.certificate)
    return LabelChanges(
        changes=changes,
        warnings=(
            *age,
            *doubts(contents.clusters, by_key),
            *_namesakes(changes, edited),
            *unscored,
            *contradicted,
        ),
        absent_columns=_absent_columns(by_key.values()),
        vanished=tuple(edit for key, edit in by_key.items() if key not in keys),
        index_version=contents.manifest.index_version,
    )


def _age(edits: Collection[LabelEdit], live: str) -> tuple[str, ...]:
    """Say that a sheet was exported from another version than the live one."""
    versions = sorted({edit.index_version or live for edit in edits} - {live})
    exported = f"the sheet was exported from version {', '.join(versions)}"
    told = f"{exported}, and {live} is live: where they differ the sheet takes back what is live"
    return (told,) if versions else ()


def _left_out(changes: Iterable[LabelChange], certificate: Certificate | None) -> tuple[str, ...]:
    """Say which new labels name a model of which hardly any score is known."""
    chosen = {one.after.override for one in changes if one.before.override != one.after.override}
    left_out = certificate.models_left_out if certificate else {}
    return tuple(
        f"{model} answers nothing so far for want of scores: where a label sends queries to it, "
        "those without its score count as failures, until half are known"
        for model in left_out
        if model in chosen
    )


def _namesakes(changes: Iterable[LabelChange], clusters: Iterable[Cluster]) -> tuple[str, ...]:
    """Say which new names more than one cluster would have."""
    new = {one.after.name.casefold() for one in changes if one.before.name != one.after.name}
    groups: dict[str, list[Cluster]] = {}
    for cluster in clusters:
        groups.setdefault(cluster.name.casefold(), []).append(cluster)
    return tuple(
        f"clusters {', '.join(str(one.cluster_id) for one in alike)} are all called "
        f"{printable(alike[0].name, _SHOWN_NAME_CHARS)!r}: only their numbers tell them apart"
        for name, alike in groups.items()
        if name in new and len(alike) > 1
    )


def _absent_columns(edits: Collection[LabelEdit]) -> tuple[str, ...]:
    return tuple(
        column
        for column in ("name", "label", "note")
        if edits and all(getattr(edit, column) is None for edit in edits)
    )


def _edited(cluster: Cluster, edit: LabelEdit | None) -> Cluster:
    if edit is None:
        return cluster
    changed: dict[str, str | None] = {}
    if edit.label is not None:
        changed["override"] = edit.label or None
    if edit.name is not None and not looks_untouched(cluster.name, edit.name):
        changed["name"] = printable(edit.name) or cluster.auto_name
    if edit.note is not None and not looks_untouched(cluster.note, edit.note):
        changed["note"] = edit.note.strip()
    return cluster.model_copy(update=changed)


def contradictions(clusters: Iterable[Cluster], config: Config) -> tuple[str, ...]:
    """Say which overrides the evidence does not defend, for the reasons the policy would give.

    The frontier model and the automatic label need no defence. Another contradicts the evidence if
    fewer of the cluster's queries were scored beside the frontier than the policy asks for, or if
    it is expected to lose more than `max_loss` there.
    """
    found = (_contradiction(cluster, config) for cluster in clusters)
    return tuple(warning for warning in found if warning is not None)


def _contradiction(cluster: Cluster, config: Config) -> str | None:
    if cluster.override in {None, config.frontier, cluster.auto_label}:
        return None
    known, max_loss = cluster.evidence_of_label, config.quality.max_loss
    name = printable(cluster.name, _SHOWN_NAME_CHARS)
    told = f"cluster {cluster.cluster_id}, {cluster.cluster_key} ({name}): {cluster.override!r}"
    if known.n_paired < FEWEST_PAIRS or known.loss_upper_bound is None:
        return f"{told} has too few evaluations here beside the frontier model: {known.n_paired}"
    if known.expected_loss is not None and known.expected_loss > max_loss:
        lost = f"is expected to lose {known.expected_loss:.4f} here, up to"
        return f"{told} {lost} {known.loss_upper_bound:.4f}; over all {max_loss:g} may be lost"
    return None
