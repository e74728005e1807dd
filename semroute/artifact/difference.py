"""What differs between two versions of an index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import Cluster, IndexContents, Manifest
from semroute.artifact.encoder import same_space
from semroute.config import Config

SAME_TOPIC = 0.9
"""Cosine of two centroids, each nearest to the other, from which a new key is the old topic."""

_ROLES = ("queries", "evals")
"""Input files that are told to be other ones; of the config its settings are."""

Pairs = Sequence[tuple[Cluster, Cluster]]
"""Clusters of both versions, each as it was and as it is."""


@dataclass(frozen=True)
class Relabelled:
    """A cluster of both versions that another model answers now; `share` is of the newer log.

    `former_key` is another one where the topic's most typical query has changed. `by_label` says
    whether an analyst's label, given or taken back, is why.
    """

    cluster_key: str
    former_key: str
    cluster_name: str
    share: float
    label_before: str
    label: str
    by_label: bool


@dataclass(frozen=True)
class ClusterChanges:
    """The clusters of a version beside those of version `index_version`, which came before.

    `n_kept` clusters have the same key, `n_rekeyed` are plainly the same topic under another key,
    `n_new` and `n_gone` neither. `relabelled` begins with the largest cluster. `saving` is what the
    version before was expected to save on its own held-out queries; None if it does not say.
    """

    index_version: str
    n_kept: int
    n_rekeyed: int
    n_new: int
    n_gone: int
    relabelled: tuple[Relabelled, ...]
    saving: float | None


@dataclass(frozen=True)
class Move:
    """How many requests went from one model to another."""

    model_before: str
    model: str
    n_requests: int


@dataclass(frozen=True)
class Change:
    """A setting, a library or a file that is another one; None where it is not there at all."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """Two versions beside each other.

    `settings` are the changes of the config, by dotted names such as `quality.max_loss`; those of
    a model go by its name. `versions` are those of semroute and of the libraries. `new` and `gone`
    are clusters of one version only, the largest first. `inputs` names which files were not the
    same, by their hashes: `queries`, `evals`.
    """

    before: Manifest
    after: Manifest
    clusters: ClusterChanges
    new: tuple[Cluster, ...]
    gone: tuple[Cluster, ...]
    settings: tuple[Change, ...]
    versions: tuple[Change, ...]
    inputs: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "before": _plain(self.before),
            "after": _plain(self.after),
            "clusters": asdict(self.clusters),
            "new": [_named(cluster) for cluster in self.new],
            "gone": [_named(cluster) for cluster in self.gone],
            "settings": [asdict(change) for change in self.settings],
            "versions": [asdict(change) for change in self.versions],
            "inputs": list(self.inputs),
        }


def changed_clusters(before: IndexContents, after: IndexContents) -> ClusterChanges:
    """Say which clusters stayed, came and went, and which another model answers."""
    return _changed(before, after, _pairs(before, after))


def _changed(before: IndexContents, after: IndexContents, pairs: Pairs) -> ClusterChanges:
    relabelled = [
        Relabelled(
            cluster_key=new.cluster_key,
            former_key=old.cluster_key,
            cluster_name=new.name,
            share=new.share,
            label_before=old.label,
            label=new.label,
            by_label=old.override != new.override,
        )
        for old, new in pairs
        if old.label != new.label
    ]
    certificate = before.manifest.certificate
    n_kept = sum(old.cluster_key == new.cluster_key for old, new in pairs)
    return ClusterChanges(
        index_version=before.manifest.index_version,
        n_kept=n_kept,
        n_rekeyed=len(pairs) - n_kept,
        n_new=len(after.clusters) - len(pairs),
        n_gone=len(before.clusters) - len(pairs),
        relabelled=tuple(sorted(relabelled, key=lambda one: -one.share)),
        saving=certificate.saving if certificate else None,
    )


def difference(before: IndexContents, after: IndexContents) -> Difference:
    """Lay two versions of an index beside each other."""
    old, new = before.manifest, after.manifest
    pairs = _pairs(before, after)
    return Difference(
        before=old,
        after=new,
        clusters=_changed(before, after, pairs),
        new=_without(after.clusters, [cluster for _, cluster in pairs]),
        gone=_without(before.clusters, [cluster for cluster, _ in pairs]),
        settings=_changes(_settings(old.config), _settings(new.config)),
        versions=_changes(
            {"semroute": old.semroute_version, **old.library_versions},
            {"semroute": new.semroute_version, **new.library_versions},
        ),
        inputs=tuple(role for role in _ROLES if _files(old, role) != _files(new, role)),
    )


def _files(manifest: Manifest, role: str) -> set[str]:
    """Return the hashes of the files of a role, of which there may be several in any order."""
    hashes = manifest.input_sha256
    return {sha256 for name, sha256 in hashes.items() if name.partition("-")[0] == role}


def with_frontier_of(before: IndexContents, after: IndexContents) -> tuple[Cluster, ...]:
    """Return the clusters of version `before`, its frontier by the name it has in `after`."""
    former, now = (contents.manifest.config.frontier for contents in (before, after))
    if former in after.manifest.config.model_names:
        return before.clusters

    def renamed(model: str | None) -> str | None:
        return now if model == former else model

    return tuple(
        cluster.model_copy(
            update={
                "auto_label": renamed(cluster.auto_label),
                "override": renamed(cluster.override),
            }
        )
        for cluster in before.clusters
    )


def same_topics(
    previous: Sequence[Cluster],
    clusters: Sequence[Cluster],
    similarities: NDArray[np.floating[Any]],
) -> dict[str, Cluster]:
    """Find the clusters of a new key that are an old one whose key is gone, by their new key.

    Args:
        previous: the old clusters.
        clusters: the new ones.
        similarities: cosines of the centroids, (n_clusters, n_previous).
    """
    keys = {cluster.cluster_key for cluster in clusters}
    former_keys = {old.cluster_key for old in previous}
    nearest_new = similarities.argmax(axis=0)
    found = {}
    for row, new in enumerate(clusters):
        old = previous[place := int(similarities[row].argmax())]
        is_mutual = nearest_new[place] == row and similarities[row, place] >= SAME_TOPIC
        if is_mutual and new.cluster_key not in former_keys and old.cluster_key not in keys:
            found[new.cluster_key] = old
    return found


def _pairs(before: IndexContents, after: IndexContents) -> Pairs:
    """Return each cluster of both versions, as it was and as it is."""
    former = with_frontier_of(before, after)
    old = {cluster.cluster_key: cluster for cluster in former}
    if former and after.clusters and same_space(before, after):
        similarities = after.centroids @ before.centroids.T
        old |= same_topics(former, after.clusters, similarities)
    return [(old[new.cluster_key], new) for new in after.clusters if new.cluster_key in old]


def _without(clusters: Sequence[Cluster], others: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """Return the clusters that are not among the others, the largest first."""
    keys = {cluster.cluster_key for cluster in others}
    found = [cluster for cluster in clusters if cluster.cluster_key not in keys]
    return tuple(sorted(found, key=lambda cluster: -cluster.size))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    names = sorted(before.keys() | after.keys())
    changes = (Change(name, before.get(name), after.get(name)) for name in names)
    return tuple(change for change in changes if change.before != change.after)


def _settings(config: Config) -> dict[str, Any]:
    plain = config.model_dump(mode="json")
    plain["models"] = {model["name"]: model for model in plain["models"]}
    return dict(_flat(plain))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _plain(manifest: Manifest) -> dict[str, Any]:
    wanted = {"index_version", "created_at", "semroute_version", "encoder", "seed", "counts", "ood"}
    plain = manifest.model_dump(mode="json", include=wanted)
    certificate = manifest.certificate
    plain["certificate"] = certificate and {
        **certificate.model_dump(mode="json"),
        "saving": certificate.saving,
        "sentence": certificate.sentence,
    }
    return plain


def _named(cluster: Cluster) -> dict[str, Any]:
    return cluster.model_dump(
        mode="json", include={"cluster_id", "cluster_key", "name", "size", "share"}
    ) | {"label": cluster.label}
