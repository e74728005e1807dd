"""What a build tells the person who started it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semroute.artifact.contents import Cluster, Counts, IndexContents
from semroute.build.watch import StepTime
from semroute.relabel import Reattached, Suggestion
from semroute.relabel.traffic import estimate_traffic


@dataclass(frozen=True)
class ModelShare:
    """One model's part of the log under the labels in force; `share` is of all queries."""

    model: str
    n_clusters: int
    share: float


@dataclass(frozen=True)
class BuildSummary:
    """A build in figures. Shares are of the log; costs are expected US dollars per request.

    `coverage` is the share of held-out queries similar enough to be matched; the others go to the
    frontier, and `cost_usd` counts them so. `frontier_cost_usd` is that of always using the
    frontier. `expected_loss` is the mean estimated score lost against it by the labels in force.
    """

    index_version: str
    folder: str
    counts: Counts
    coverage: float
    noise_share: float
    models: tuple[ModelShare, ...]
    n_insufficient_evidence: int
    frontier: str
    cost_usd: float
    frontier_cost_usd: float
    expected_loss: float
    max_loss: float
    confidence: float
    ood_threshold: float
    max_false_fallback: float
    n_reattached: int
    suggestions: tuple[Suggestion, ...]
    warnings: tuple[str, ...]
    steps: tuple[StepTime, ...]

    @property
    def saving(self) -> float:
        """The share of the frontier's cost that is saved."""
        return 1 - self.cost_usd / self.frontier_cost_usd if self.frontier_cost_usd else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        plain = {**asdict(self), "counts": self.counts.model_dump()}
        return {**plain, "saving": self.saving}


def model_shares(clusters: Sequence[Cluster], models: Sequence[str]) -> tuple[ModelShare, ...]:
    """Add up each model's clusters and share of the log, in the order of `models`."""
    return tuple(
        ModelShare(
            model,
            sum(cluster.label == model for cluster in clusters),
            sum(cluster.share for cluster in clusters if cluster.label == model),
        )
        for model in models
    )


def frontier_cost_usd(clusters: Sequence[Cluster], frontier: str) -> float:
    """Return the mean cost per request of always using the frontier model."""
    costs = (e.mean_cost_usd * c.share for c in clusters for e in c.evidence if e.model == frontier)
    return sum(costs)


def coverage(contents: IndexContents) -> float:
    """Return the share of the held-out queries that are similar enough to be matched."""
    similarities = (contents.calibration.vectors @ contents.centroids.T).max(axis=1, initial=-1.0)
    if not len(similarities):
        return 1.0
    return float((similarities >= contents.manifest.ood.threshold).mean())


def summarise(
    folder: Path,
    contents: IndexContents,
    carried: Reattached,
    warnings: Sequence[str],
    steps: Sequence[StepTime],
) -> BuildSummary:
    """Put the figures of a published build together."""
    manifest, clusters = contents.manifest, contents.clusters
    covered = coverage(contents)
    estimate = estimate_traffic(clusters)
    always = frontier_cost_usd(clusters, manifest.config.frontier)
    return BuildSummary(
        index_version=manifest.index_version,
        folder=str(folder),
        counts=manifest.counts,
        coverage=covered,
        noise_share=manifest.counts.n_noise / max(manifest.counts.n_fit, 1),
        models=model_shares(clusters, manifest.config.model_names),
        n_insufficient_evidence=sum(c.auto_reason == "insufficient_evidence" for c in clusters),
        frontier=manifest.config.frontier,
        cost_usd=covered * estimate.expected_cost_usd + (1 - covered) * always,
        frontier_cost_usd=always,
        expected_loss=covered * (estimate.expected_loss or 0.0),
        max_loss=manifest.config.quality.max_loss,
        confidence=manifest.config.quality.confidence,
        ood_threshold=manifest.ood.threshold,
        max_false_fallback=manifest.ood.max_false_fallback,
        n_reattached=carried.n_reattached,
        suggestions=carried.suggestions,
        warnings=tuple(warnings),
        steps=tuple(steps),
    )
