"""From clusters in numbers to clusters people read: names, keywords, evidence, labels, examples."""

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import Cluster, ModelEvidence, Sample
from semroute.build.embed import EmbeddedLog
from semroute.build.naming import naming_words
from semroute.clusters import Grouping, examples, readable_names
from semroute.config import Config
from semroute.evidence import Evidence, LossEstimate, estimate_loss, measure
from semroute.texts import keyed_hash


def describe(
    log: EmbeddedLog, fit: NDArray[np.bool_], grouping: Grouping, config: Config, hash_key: str
) -> tuple[Cluster, ...]:
    """Weigh the evidence of the `fit` rows; every label is the frontier until one is certified."""
    n_clusters = len(grouping.centroids)
    evidence = measure(
        log.scores[fit],
        log.costs_usd[fit],
        grouping.cluster_ids[fit],
        n_clusters,
        config.model_names,
        config.frontier,
    )
    estimate = estimate_loss(evidence, config.quality.confidence)
    words = naming_words(log, grouping)
    names = readable_names(words)
    sizes = np.bincount(grouping.cluster_ids, minlength=n_clusters)
    return tuple(
        Cluster(
            cluster_id=row,
            cluster_key=cluster_key(hash_key, log.texts[grouping.medoids[row]]),
            name=names[row],
            auto_name=names[row],
            keywords=words[row],
            size=int(sizes[row]),
            share=float(sizes[row] / len(log.texts)),
            auto_label=config.frontier,
            auto_reason="insufficient_evidence",
            evidence=_cluster_evidence(evidence, estimate, row),
        )
        for row in range(n_clusters)
    )


def cluster_key(hash_key: str, medoid_text: str) -> str:
    """Name a cluster by its medoid; the letter keeps spreadsheets from reading it as a number."""
    return f"c{keyed_hash(hash_key, medoid_text)[:15]}"


def _cluster_evidence(
    evidence: Evidence, estimate: LossEstimate, row: int
) -> tuple[ModelEvidence, ...]:
    return tuple(
        ModelEvidence(
            model=model,
            n_scored=int(evidence.n_scored[row, column]),
            mean_score=_known(evidence.mean_score[row, column]),
            n_paired=int(evidence.n_paired[row, column]),
            mean_loss=_known(evidence.mean_loss[row, column]),
            loss_variance=_known(evidence.loss_variance[row, column]),
            mean_cost_usd=float(evidence.mean_cost_usd[row, column]),
            expected_loss=_known(estimate.expected_loss[row, column]),
            loss_upper_bound=_known(estimate.upper_bound[row, column]),
        )
        for column, model in enumerate(evidence.models)
    )


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def sampled(log: EmbeddedLog, grouping: Grouping) -> tuple[Sample, ...]:
    """Choose example queries of each cluster, masked; clusters too small to show give none."""
    chosen = examples(log.texts, grouping)
    return tuple(Sample(cluster_id=row, texts=texts) for row, texts in enumerate(chosen) if texts)
