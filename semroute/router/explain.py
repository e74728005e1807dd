"""Why a request went where it went, in words and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from semroute.artifact.contents import Cluster, IndexContents, ModelEvidence
from semroute.decision import Neighbour, RouteDecision


@dataclass(frozen=True)
class ExplainedCluster:
    """A cluster near the text, with what is known of every model on it.

    `examples` are queries of the log (masked), empty if samples were not kept.
    """

    cluster_id: int
    cluster_key: str
    name: str
    similarity: float
    label: str
    label_reason: str
    note: str
    share: float
    keywords: tuple[str, ...]
    evidence: tuple[ModelEvidence, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """A decision, the reasons in sentences, and the nearest clusters, most similar first."""

    decision: RouteDecision
    why: tuple[str, ...]
    ood_threshold: float
    max_loss: float
    clusters: tuple[ExplainedCluster, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        clusters = [
            {**asdict(cluster), "evidence": [e.model_dump() for e in cluster.evidence]}
            for cluster in self.clusters
        ]
        return {
            "decision": self.decision.to_dict(),
            "why": self.why,
            "ood_threshold": self.ood_threshold,
            "max_loss": self.max_loss,
            "clusters": clusters,
        }


def explain_decision(
    decision: RouteDecision,
    near: Sequence[Neighbour],
    contents: IndexContents,
    examples: Mapping[int, tuple[str, ...]],
) -> Explanation:
    """Lay out what a decision rests on; `near` are the clusters to show, most similar first."""
    manifest = contents.manifest
    clusters = tuple(
        _explained(contents.clusters[n.cluster_id], n, examples.get(n.cluster_id, ())) for n in near
    )
    return Explanation(
        decision=decision,
        why=_why(decision, contents),
        ood_threshold=manifest.ood.threshold,
        max_loss=manifest.config.quality.max_loss,
        clusters=clusters,
    )


def _explained(cluster: Cluster, near: Neighbour, examples: tuple[str, ...]) -> ExplainedCluster:
    return ExplainedCluster(
        cluster_id=cluster.cluster_id,
        cluster_key=cluster.cluster_key,
        name=cluster.name,
        similarity=near.similarity,
        label=cluster.label,
        label_reason="override" if cluster.override else cluster.auto_reason,
        note=cluster.note,
        share=cluster.share,
        keywords=cluster.keywords,
        evidence=cluster.evidence,
        examples=examples,
    )


def _why(decision: RouteDecision, contents: IndexContents) -> tuple[str, ...]:
    """Say in sentences how the decision came about."""
    near = _nearness(decision, contents.manifest.ood.threshold)
    return (*near, _reason(decision, contents))


def _nearness(decision: RouteDecision, threshold: float) -> tuple[str, ...]:
    if decision.similarity is None:
        return ()
    side = "below" if decision.similarity < threshold else "above"
    nearest = f"The nearest cluster is {decision.cluster_id} ({decision.cluster_name})"
    limit = f"{side} the out-of-distribution threshold {threshold:.3f}"
    return (f"{nearest}; its similarity {decision.similarity:.3f} is {limit}.",)


def _reason(decision: RouteDecision, contents: IndexContents) -> str:
    quality = contents.manifest.config.quality
    frontier = contents.manifest.config.frontier
    if decision.reason == "matched":
        return (
            f"{decision.model} is the cheapest model whose loss against {frontier} on this cluster "
            f"is within {quality.max_loss:g} at confidence {quality.confidence:g}."
        )
    if decision.reason == "too_long" and decision.cluster_id is not None:
        return f"The request may not fit the context window of the label, so {frontier} answers."
    return {
        "override": f"An analyst chose {decision.model} for this cluster.",
        "ood": f"Nothing like it is in the log, so {frontier} answers.",
        "insufficient_evidence": (
            f"No cheaper model's loss is shown to be within {quality.max_loss:g} at confidence "
            f"{quality.confidence:g}, so {frontier} answers."
        ),
        "empty": f"There is no text to embed, so {frontier} answers.",
        "too_long": f"The text is above the size limit, so {frontier} answers.",
        "encoder_error": f"The encoder gave no usable vector, so {frontier} answers.",
    }[decision.reason]
