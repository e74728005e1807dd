"""What a build tells the person who started it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from semroute.artifact.contents import Cluster, Counts, IndexContents
from semroute.artifact.difference import ClusterChanges, Move
from semroute.build.dearest import DearestRequests, dearest_requests
from semroute.build.drift import Drift
from semroute.build.scatter import saving_range
from semroute.build.watch import StepTime
from semroute.certificate import Certificate
from semroute.certify import NextStep
from semroute.encoders.contract import EncoderIdentity, EncoderOrigin
from semroute.known_losses import is_paired
from semroute.policy import FEWEST_PAIRS
from semroute.relabel import KeptUp, Reattached, Suggestion, beyond, certified
from semroute.texts import Cut

OTHER_MAX_LOSSES = (0.5, 2, 4)
"""Times the `max_loss` of the config, at which a build says what would be saved."""


@dataclass(frozen=True)
class ModelShare:
    """One model's part: clusters with its label, and share of the held-out queries it gets."""

    model: str
    n_clusters: int
    share: float


@dataclass(frozen=True)
class OtherSaving:
    """What would be certified to be saved if `max_loss` were this."""

    max_loss: float
    saving: float


@dataclass(frozen=True)
class Unmeasured:
    """Clusters on which no cheaper model has enough scores: their names, and share of the log.

    The largest is first; those with an analyst's label are none.
    """

    names: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class BuildSummary:
    """A build in figures. Shares are of the held-out queries; costs are US dollars per request.

    `coverage` is the share similar enough to be matched, of those a text decides the route of; the
    others go to the frontier.
    `saving_without_labels` is what would be saved without analysts' labels, None if there are none.
    `encoder` serves the index, `encoder_origin` says what it was made from.
    `frontier_cost_usd` is that of always using the frontier, `cost_usd` that of the policy in
    force; `mean_loss` is the mean score it lost against the frontier on the held-out queries.
    `dearest` tells of the requests that cost most, None where the frontier's do not go by length.
    `next_step` is the policy that would save more, and was not certified; None if there is none.
    `saving_range` says between which savings most certificates of other held-out queries would be.
    `other_savings` are for those who wonder what another `max_loss` would buy.
    `n_paired` counts the held-out queries scored with the frontier and another model.
    `n_truncated` counts the queries of which the encoder reads a part only, chosen by `cut`;
    `truncated` says what becomes of them.
    `n_templated` counts those that hold a prompt template.
    `n_reused` counts the different texts whose vectors an earlier build had saved.
    `before` compares with the version whose labels were carried over, None if there is none; of
    the log's requests `moves` went to another model by it, None if that cannot be told. `drifts`
    are models whose loss has changed over the time of the log.
    """

    index_version: str
    folder: str
    counts: Counts
    encoder: EncoderIdentity
    encoder_origin: EncoderOrigin | None
    coverage: float
    noise_share: float
    models: tuple[ModelShare, ...]
    n_insufficient_evidence: int
    unmeasured: Unmeasured
    n_paired: int
    frontier: str
    cost_usd: float
    frontier_cost_usd: float
    mean_loss: float
    certificate: Certificate
    dearest: DearestRequests | None
    next_step: NextStep | None
    saving_range: tuple[float, float] | None
    other_savings: tuple[OtherSaving, ...]
    max_loss: float
    confidence: float
    least_known: float
    ood_threshold: float
    max_new_words: float | None
    max_false_fallback: float
    n_reattached: int
    n_renamed: int
    kept_up: tuple[KeptUp, ...]
    saving_without_labels: float | None
    n_truncated: int
    n_templated: int
    cut: Cut
    truncated: str
    n_reused: int
    suggestions: tuple[Suggestion, ...]
    before: ClusterChanges | None
    moves: tuple[Move, ...] | None
    drifts: tuple[Drift, ...]
    warnings: tuple[str, ...]
    steps: tuple[StepTime, ...]

    @property
    def saving(self) -> float:
        """The share of the frontier's cost that is saved."""
        return self.certificate.saving

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        names = ("counts", "certificate", "encoder", "encoder_origin")
        records = {name: record.model_dump() for name in names if (record := getattr(self, name))}
        certificate = {**records["certificate"], "sentence": self.certificate.sentence}
        return {**asdict(self), **records, "certificate": certificate, "saving": self.saving}


def model_shares(
    clusters: Sequence[Cluster], certificate: Certificate, models: Sequence[str]
) -> tuple[ModelShare, ...]:
    """Count each model's clusters and held-out queries, in the order of `models`."""
    return tuple(
        ModelShare(
            model,
            sum(cluster.label == model for cluster in clusters),
            certificate.model_shares[model],
        )
        for model in models
    )


def coverage(contents: IndexContents) -> float:
    """Return the share of the held-out texts that are similar enough to be matched."""
    ood = contents.manifest.ood
    if not ood.n_calibration:
        return 0.0
    n_known = (~ood.rule.is_unknown(contents.calibration.similarities)).sum()
    return float(n_known / ood.n_calibration)


def _n_paired(contents: IndexContents) -> int:
    frontier = contents.manifest.config.frontier_column
    return int(is_paired(~np.isnan(contents.calibration.scores), frontier).sum())


def _saving_without_labels(contents: IndexContents) -> float | None:
    bare = tuple(cluster.model_copy(update={"override": None}) for cluster in contents.clusters)
    if bare == contents.clusters:
        return None
    return certified(replace(contents, clusters=bare)).promised_saving


def _unmeasured(clusters: Sequence[Cluster], frontier: str) -> Unmeasured:
    def lacks_scores(cluster: Cluster) -> bool:
        n_paired = (known.n_paired for known in cluster.evidence if known.model != frontier)
        return cluster.override is None and max(n_paired, default=0) < FEWEST_PAIRS

    found = sorted(filter(lacks_scores, clusters), key=lambda cluster: -cluster.size)
    return Unmeasured(tuple(one.name for one in found), sum(one.share for one in found))


def _other_savings(contents: IndexContents) -> tuple[OtherSaving, ...]:
    asked = contents.manifest.config.quality.max_loss
    # Rounded: 0.07 / 2 is not what a person would write.
    others = [round(asked * factor, 6) for factor in OTHER_MAX_LOSSES]
    return tuple(
        OtherSaving(one, certified(contents, one).promised_saving) for one in others if 0 < one <= 1
    )


def summarise(
    folder: Path,
    contents: IndexContents,
    certificate: Certificate,
    carried: Reattached,
    before: ClusterChanges | None,
    moves: tuple[Move, ...] | None,
    drifts: tuple[Drift, ...],
    warnings: Sequence[str],
    steps: Sequence[StepTime],
    n_truncated: int,
    n_templated: int,
    n_reused: int,
) -> BuildSummary:
    """Put the figures of a published build together."""
    manifest, clusters = contents.manifest, contents.clusters
    return BuildSummary(
        index_version=manifest.index_version,
        folder=str(folder),
        counts=manifest.counts,
        encoder=manifest.encoder,
        encoder_origin=manifest.encoder_origin,
        coverage=coverage(contents),
        noise_share=manifest.counts.n_noise / max(manifest.counts.n_fit, 1),
        models=model_shares(clusters, certificate, manifest.config.model_names),
        n_insufficient_evidence=sum(
            c.auto_reason == "insufficient_evidence" and c.override is None for c in clusters
        ),
        unmeasured=_unmeasured(clusters, manifest.config.frontier),
        n_paired=_n_paired(contents),
        frontier=manifest.config.frontier,
        cost_usd=certificate.cost_usd,
        frontier_cost_usd=certificate.frontier_cost_usd,
        mean_loss=certificate.mean_loss,
        certificate=certificate,
        dearest=dearest_requests(contents),
        next_step=beyond(contents, certificate),
        saving_range=saving_range(contents),
        other_savings=_other_savings(contents),
        max_loss=manifest.config.quality.max_loss,
        confidence=manifest.config.quality.confidence,
        least_known=manifest.config.quality.least_known,
        ood_threshold=manifest.ood.threshold,
        max_new_words=manifest.ood.max_new_words,
        max_false_fallback=manifest.ood.max_false_fallback,
        n_reattached=carried.n_reattached,
        n_renamed=carried.n_renamed,
        kept_up=carried.kept_up,
        saving_without_labels=_saving_without_labels(contents),
        n_truncated=n_truncated,
        n_templated=n_templated,
        cut=manifest.config.texts.cut,
        truncated=manifest.config.texts.truncated,
        n_reused=n_reused,
        suggestions=carried.suggestions,
        before=before,
        moves=moves,
        drifts=drifts,
        warnings=tuple(warnings),
        steps=tuple(steps),
    )
