"""The versions a sheet may have been exported from, as far as the folder still has them."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from semroute.artifact.contents import IndexContents
from semroute.artifact.difference import same_topics
from semroute.artifact.encoder import same_space
from semroute.artifact.loading import list_versions, load_index
from semroute.errors import InvalidIndexError
from semroute.labels import Exported

ContentsOf = Callable[[str], IndexContents | None]
"""Gives a version; None if it is not there or cannot be read."""


def versions_of(folder: Path, live: IndexContents) -> ContentsOf:
    """Return what reads the versions of a folder, each once; the live one is at hand."""

    @cache
    def contents_of(version: str) -> IndexContents | None:
        if version == live.manifest.index_version:
            return live
        if version not in list_versions(folder):
            return None
        try:
            return load_index(folder, version=version, samples=False)
        except InvalidIndexError:
            return None

    return contents_of


def exported_clusters(version: IndexContents | None, live: IndexContents) -> Mapping[str, Exported]:
    """Return the clusters of a version by their keys, as its sheet has them."""
    if version is None:
        return {}
    new_keys = _new_keys(version, live)
    return {
        one.cluster_key: Exported(
            cluster_id=one.cluster_id,
            name=one.name,
            is_automatic=one.name == one.auto_name,
            new_key=new_keys.get(one.cluster_key),
        )
        for one in version.clusters
    }


def _new_keys(version: IndexContents, live: IndexContents) -> dict[str, str]:
    if version is live or not (version.clusters and live.clusters and same_space(version, live)):
        return {}
    similarities = live.centroids @ version.centroids.T
    same = same_topics(version.clusters, live.clusters, similarities)
    return {old.cluster_key: new_key for new_key, old in same.items()}
