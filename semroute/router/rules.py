"""What is known of each cluster before a request comes: its model, reason and candidates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from semroute.artifact.contents import Cluster, IndexContents
from semroute.config import Config
from semroute.decision import Candidate, Reason


@dataclass(frozen=True, slots=True)
class ClusterRule:
    """What a request nearest to one cluster gets."""

    name: str
    model: str
    reason: Reason
    candidates: tuple[Candidate, ...]


def cluster_rules(contents: IndexContents) -> tuple[ClusterRule, ...]:
    """Return one rule per cluster, in the order of the centroids."""
    return tuple(
        ClusterRule(
            name=cluster.name,
            model=cluster.label,
            reason="override" if cluster.override else cast("Reason", cluster.auto_reason),
            candidates=_candidates(cluster),
        )
        for cluster in contents.clusters
    )


def _candidates(cluster: Cluster) -> tuple[Candidate, ...]:
    known = (Candidate(e.model, e.expected_loss, e.mean_cost_usd) for e in cluster.evidence)
    return _cheapest_first(known)


def unknown_candidates(config: Config) -> tuple[Candidate, ...]:
    """Return the candidates for a text nothing is known of: prices only."""
    return _cheapest_first(
        Candidate(
            model.name,
            0.0 if model.name == config.frontier else None,
            model.usd_per_request,
        )
        for model in config.models
    )


def _cheapest_first(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    def cost(candidate: Candidate) -> float:
        known = candidate.expected_cost_usd
        return float("inf") if known is None else known

    return tuple(sorted(candidates, key=cost))
