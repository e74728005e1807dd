"""What changed since the version that was live before a build."""

from dataclasses import dataclass

from semroute.artifact.contents import IndexContents


@dataclass(frozen=True)
class Relabelled:
    """A cluster of both versions that another model answers now; `share` is of the new log."""

    cluster_key: str
    cluster_name: str
    share: float
    label_before: str
    label: str


@dataclass(frozen=True)
class Before:
    """The version that was live before, beside the one that was built.

    Clusters are the same if their keys are. `relabelled` begins with the largest cluster. `saving`
    is what the version before was expected to save on its own held-out queries; None if it does not
    say.
    """

    index_version: str
    n_kept: int
    n_new: int
    n_gone: int
    relabelled: tuple[Relabelled, ...]
    saving: float | None


def compared(previous: IndexContents | None, contents: IndexContents) -> Before | None:
    """Compare a build with the version before; None if there is none."""
    if previous is None:
        return None
    old = {cluster.cluster_key: cluster for cluster in previous.clusters}
    kept = [cluster for cluster in contents.clusters if cluster.cluster_key in old]
    relabelled = [
        Relabelled(new.cluster_key, new.name, new.share, before.label, new.label)
        for new in kept
        if (before := old[new.cluster_key]).label != new.label
    ]
    certificate = previous.manifest.certificate
    return Before(
        index_version=previous.manifest.index_version,
        n_kept=len(kept),
        n_new=len(contents.clusters) - len(kept),
        n_gone=len(old) - len(kept),
        relabelled=tuple(sorted(relabelled, key=lambda one: -one.share)),
        saving=certificate.saving if certificate else None,
    )
