"""Carrying the analysts' work over to a rebuilt index."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semroute.artifact.contents import Cluster
from semroute.vectors import Vectors


@dataclass(frozen=True)
class Suggestion:
    """Work a rebuild could not re-attach, and the new cluster it may belong to.

    `name` and `label` are None, `note` is empty where there is nothing left to decide; `label` may
    name a model that is no longer in the config. The last three fields are None if there is no new
    cluster, or the encoder has another dimension; `similarity` is the cosine of the centroids.
    """

    cluster_key: str
    name: str | None
    label: str | None
    note: str
    nearest_key: str | None
    nearest_name: str | None
    similarity: float | None


@dataclass(frozen=True)
class Reattached:
    """The clusters of a rebuild with the analysts' work on them, and the work that found no place.

    `n_reattached` counts clusters that got a name, a label or a note back.
    """

    clusters: tuple[Cluster, ...]
    n_reattached: int
    suggestions: tuple[Suggestion, ...]


def reattach(
    previous: Sequence[Cluster],
    previous_centroids: Vectors,
    clusters: Sequence[Cluster],
    centroids: Vectors,
) -> Reattached:
    """Give names, overrides and notes to the clusters of the same key.

    What belonged to a key that is gone, and an override whose model is gone, become suggestions:
    they are for an analyst to decide, never applied by themselves.

    Args:
        previous: the clusters analysts worked on.
        previous_centroids: float32 (n_previous, dimension); row i is cluster i's.
        clusters: those of the rebuild.
        centroids: float32 (n_clusters, dimension), likewise.
    """
    worked_on = {old.cluster_key: old for old in previous if _has_work(old)}
    carried = tuple(_carried(new, worked_on.get(new.cluster_key)) for new in clusters)
    changed = zip(clusters, carried, strict=True)
    return Reattached(
        clusters=carried,
        n_reattached=sum(before != after for before, after in changed),
        suggestions=(
            *_of_lost_models(worked_on, carried),
            *_of_lost_clusters(worked_on, previous_centroids, carried, centroids),
        ),
    )


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
    worked_on: dict[str, Cluster],
    previous_centroids: Vectors,
    carried: Sequence[Cluster],
    centroids: Vectors,
) -> tuple[Suggestion, ...]:
    kept = {new.cluster_key for new in carried}
    return tuple(
        _suggestion(old, previous_centroids[old.cluster_id], carried, centroids)
        for key, old in worked_on.items()
        if key not in kept
    )


def _suggestion(
    old: Cluster, centroid: Vectors, carried: Sequence[Cluster], centroids: Vectors
) -> Suggestion:
    work = (old.cluster_key, _given_name(old), old.override, old.note)
    if not len(centroids) or centroids.shape[1:] != centroid.shape:
        return Suggestion(*work, None, None, None)
    similarities = centroids @ centroid
    nearest = int(np.argmax(similarities))
    near = carried[nearest]
    return Suggestion(*work, near.cluster_key, near.name, float(similarities[nearest]))
