"""Carrying the analysts' work over to a rebuilt index."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from semroute.artifact.contents import Cluster
from semroute.artifact.difference import same_topics
from semroute.vectors import Vectors

SUGGESTED_FROM = 0.75
"""Cosine of two centroids from which one is worth a look: different topics of one log have 0.6 to
0.7 to the most similar other one."""

_BY_A_BUILD = re.compile(r"label of the former cluster .*, by a build\Z", re.DOTALL)


@dataclass(frozen=True)
class Suggestion:
    """Work a rebuild could not re-attach, and the new cluster it may belong to.

    `name` and `label` are None, `note` is empty where there is nothing left to decide; `label` may
    name a model that is no longer in the config. `similarity` is the cosine of the centroids to
    the most similar new cluster. The last three fields are None if none can be compared with the
    old one; the nearest key and name too if none is like it (`SUGGESTED_FROM`).
    """

    cluster_key: str
    name: str | None
    label: str | None
    note: str
    nearest_key: str | None
    nearest_name: str | None
    similarity: float | None


@dataclass(frozen=True)
class KeptUp:
    """A new cluster that stays with the frontier model, because what was there before did.

    `former_key` and `former_name` are of the cluster an analyst had labelled; `similarity` is the
    cosine of the centroids.
    """

    cluster_key: str
    cluster_name: str
    former_key: str
    former_name: str
    similarity: float


@dataclass(frozen=True)
class Reattached:
    """The clusters of a rebuild with the analysts' work on them, and the work that found no place.

    `n_reattached` counts clusters of an old key that got a name, a label or a note back,
    `n_renamed` those of a new key that got a name or a note, `kept_up` lists those of a new key
    that got the label of the frontier model.
    """

    clusters: tuple[Cluster, ...]
    n_reattached: int
    suggestions: tuple[Suggestion, ...]
    kept_up: tuple[KeptUp, ...] = ()
    n_renamed: int = 0

    @property
    def lost_labels(self) -> tuple[Suggestion, ...]:
        """The suggestions of a label, which is in force no more."""
        return tuple(one for one in self.suggestions if one.label is not None)


def reattach(
    previous: Sequence[Cluster],
    previous_centroids: Vectors,
    clusters: Sequence[Cluster],
    centroids: Vectors,
    *,
    frontier: str,
    former_frontier: str,
    known_from: float,
) -> Reattached:
    """Give names, overrides and notes to the clusters of the same key.

    An override of a key that is gone, or whose model is gone, becomes a suggestion: it is for an
    analyst to decide, never applied by itself. But for one kind: a cluster of a new key lies where
    the old index would have asked its frontier model because an analyst said so. It asks that of
    the rebuild, with the note, until an analyst says otherwise. A name and a note decide nothing,
    and go along to a cluster of a new key that is plainly the same topic (`same_topics`).

    Args:
        previous: the clusters analysts worked on.
        previous_centroids: float32 (n_previous, dimension); row i is cluster i's.
        clusters: those of the rebuild.
        centroids: float32 (n_clusters, dimension), likewise.
        frontier: the frontier model of the rebuild.
        former_frontier: that of the old index; it may be another model of the rebuild by now.
        known_from: the OOD threshold of the old index, below which it knew nothing; above 1 where
            its centroids are not to be compared with the new ones.
    """
    worked_on = {old.cluster_key: old for old in previous if _has_work(old)}
    carried = tuple(_carried(new, worked_on.get(new.cluster_key)) for new in clusters)
    n_reattached = sum(before != after for before, after in zip(clusters, carried, strict=True))
    kept_up: tuple[KeptUp, ...] = ()
    n_renamed, renamed = 0, set[str]()
    similarities: Vectors | None = None
    frontiers = {frontier, former_frontier}
    same_width = centroids.shape[1:] == previous_centroids.shape[1:]
    if len(previous) and len(clusters) and same_width and known_from <= 1:
        similarities = centroids @ previous_centroids.T
        kept_up = _kept_up(previous, carried, similarities, frontiers, known_from)
        same = same_topics(previous, carried, similarities)
        renamed = set(same)
        n_renamed = sum(bool(_given_name(old) or old.note) for old in same.values())
        carried = tuple(_renamed(new, same.get(new.cluster_key)) for new in carried)
    carried = _with_labels(carried, kept_up, worked_on, frontier)
    found = (
        *_of_lost_models(worked_on, carried),
        *_of_lost_clusters(worked_on, carried, similarities),
    )
    followed = {one.cluster_key for one in kept_up} | renamed
    left = (_left_to_decide(one, carried, followed, frontiers) for one in found)
    suggestions = tuple(_if_alike(one) for one in left if one)
    return Reattached(carried, n_reattached, suggestions, kept_up, n_renamed)


def _if_alike(suggestion: Suggestion) -> Suggestion:
    if suggestion.similarity is None or suggestion.similarity >= SUGGESTED_FROM:
        return suggestion
    return replace(suggestion, nearest_key=None, nearest_name=None)


def _renamed(new: Cluster, old: Cluster | None) -> Cluster:
    if old is None:
        return new
    return new.model_copy(update={"name": _given_name(old) or new.name, "note": old.note})


def _kept_up(
    previous: Sequence[Cluster],
    clusters: Sequence[Cluster],
    similarities: Vectors,
    frontiers: Collection[str],
    known_from: float,
) -> tuple[KeptUp, ...]:
    """Find the clusters of a new key whose nearest old centroid has a label of `frontiers`."""
    former_keys = {old.cluster_key for old in previous}
    found = []
    for new, row in zip(clusters, similarities, strict=True):
        old, similarity = previous[int(np.argmax(row))], float(row.max())
        is_new = new.cluster_key not in former_keys
        if is_new and old.override in frontiers and similarity >= known_from:
            found.append(KeptUp(new.cluster_key, new.name, old.cluster_key, old.name, similarity))
    return tuple(found)


def _with_labels(
    clusters: Sequence[Cluster],
    kept_up: Sequence[KeptUp],
    worked_on: dict[str, Cluster],
    frontier: str,
) -> tuple[Cluster, ...]:
    former = {kept.cluster_key: worked_on[kept.former_key] for kept in kept_up}
    return tuple(
        cluster.model_copy(update={"override": frontier, "note": _with_origin(old)})
        if (old := former.get(cluster.cluster_key))
        else cluster
        for cluster in clusters
    )


def _with_origin(old: Cluster) -> str:
    """Return the note, and why a cluster nobody looked at has a label; said once only."""
    if _BY_A_BUILD.search(old.note):
        return old.note
    origin = f"label of the former cluster {old.name}, by a build"
    return f"{old.note}; {origin}" if old.note else origin


def _left_to_decide(
    suggestion: Suggestion,
    clusters: Sequence[Cluster],
    followed: Collection[str],
    frontiers: Collection[str],
) -> Suggestion | None:
    """Leave out what went along to the nearest cluster; None if nothing is left.

    `followed` are the keys of clusters to which anything did: a label only if it is of one of
    `frontiers`. That another has the same label, by chance, does not make up for one that is lost.
    """
    near = next((one for one in clusters if one.cluster_key == suggestion.nearest_key), None)
    if near is None or near.cluster_key not in followed:
        return suggestion
    is_in_force = near.override is not None and suggestion.label in frontiers
    left = replace(
        suggestion,
        name=None if near.name == suggestion.name else suggestion.name,
        label=None if is_in_force else suggestion.label,
        note="" if near.note.startswith(suggestion.note) else suggestion.note,
    )
    return left if left.name or left.label or left.note else None


def _has_work(cluster: Cluster) -> bool:
    return bool(_given_name(cluster) or cluster.override or cluster.note)


def _given_name(cluster: Cluster) -> str | None:
    return None if cluster.name == cluster.auto_name else cluster.name


def _carried(new: Cluster, old: Cluster | None) -> Cluster:
    if old is None:
        return new
    override = old.override if _has_model(new, old.override) else None
    name = _given_name(old) or new.name
    return new.model_copy(update={"name": name, "override": override, "note": old.note})


def _has_model(cluster: Cluster, model: str | None) -> bool:
    return any(known.model == model for known in cluster.evidence)


def _of_lost_models(
    worked_on: dict[str, Cluster], carried: Sequence[Cluster]
) -> tuple[Suggestion, ...]:
    pairs = [(worked_on[new.cluster_key], new) for new in carried if new.cluster_key in worked_on]
    return tuple(
        Suggestion(old.cluster_key, None, old.override, "", new.cluster_key, new.name, None)
        for old, new in pairs
        if old.override != new.override
    )


def _of_lost_clusters(
    worked_on: dict[str, Cluster], carried: Sequence[Cluster], similarities: Vectors | None
) -> tuple[Suggestion, ...]:
    kept = {new.cluster_key for new in carried}
    lost = [old for key, old in worked_on.items() if key not in kept]
    return tuple(_suggestion(old, carried, similarities) for old in lost)


def _suggestion(
    old: Cluster, carried: Sequence[Cluster], similarities: Vectors | None
) -> Suggestion:
    work = (old.cluster_key, _given_name(old), old.override, old.note)
    if similarities is None:
        return Suggestion(*work, None, None, None)
    column = similarities[:, old.cluster_id]
    near = carried[int(column.argmax())]
    return Suggestion(*work, near.cluster_key, near.name, float(column.max()))
