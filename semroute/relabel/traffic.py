"""What labels cost and lose on traffic like the log, and what a change of labels does to that."""

from collections.abc import Sequence
from dataclasses import dataclass

from semroute.artifact.contents import Cluster, ModelEvidence


@dataclass(frozen=True)
class TrafficEstimate:
    """What the labels in force mean per request, weighted by the clusters' shares of the log.

    `expected_loss` is the mean score lost against the frontier model over the traffic whose loss is
    known, None if none is; `unknown_loss_share` is the share of traffic it says nothing of.
    Requests that fall back as unknown are not counted.
    """

    expected_loss: float | None
    unknown_loss_share: float
    expected_cost_usd: float


@dataclass(frozen=True)
class TrafficChange:
    """Traffic before and after new labels.

    `loss_change` is how much the mean loss over all traffic changes (positive: worse) through the
    relabelled clusters whose loss is known before and after. The share of traffic in the other
    relabelled clusters is `unknown_change_share`: what becomes of their quality nobody knows.
    """

    before: TrafficEstimate
    after: TrafficEstimate
    loss_change: float
    unknown_change_share: float

    @property
    def cost_change_usd(self) -> float:
        """The change of the mean cost per request; negative: cheaper."""
        return self.after.expected_cost_usd - self.before.expected_cost_usd


def evidence_of_label(cluster: Cluster) -> ModelEvidence:
    """Return what is known of the model in force on a cluster."""
    return next(known for known in cluster.evidence if known.model == cluster.label)


def estimate_traffic(clusters: Sequence[Cluster]) -> TrafficEstimate:
    """Weigh what is known of the labels in force."""
    in_force = [(cluster.share, evidence_of_label(cluster)) for cluster in clusters]
    total = sum(share for share, _ in in_force) or 1.0
    losses = [(share, e.expected_loss) for share, e in in_force if e.expected_loss is not None]
    known = sum(share for share, _ in losses)
    return TrafficEstimate(
        expected_loss=sum(share * loss for share, loss in losses) / known if known else None,
        unknown_loss_share=sum(share for share, e in in_force if e.expected_loss is None) / total,
        expected_cost_usd=sum(share * e.mean_cost_usd for share, e in in_force) / total,
    )


def compare_traffic(before: Sequence[Cluster], after: Sequence[Cluster]) -> TrafficChange:
    """Compare the same clusters, in the same order, under two sets of labels."""
    relabelled = [
        (new.share, evidence_of_label(old).expected_loss, evidence_of_label(new).expected_loss)
        for old, new in zip(before, after, strict=True)
        if old.label != new.label
    ]
    total = sum(cluster.share for cluster in before) or 1.0
    known = [
        share * (new - old) for share, old, new in relabelled if old is not None and new is not None
    ]
    unknown = [share for share, old, new in relabelled if old is None or new is None]
    return TrafficChange(
        before=estimate_traffic(before),
        after=estimate_traffic(after),
        loss_change=sum(known) / total,
        unknown_change_share=sum(unknown) / total,
    )
