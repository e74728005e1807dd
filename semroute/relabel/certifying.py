"""A certificate, and automatic labels, that are true of an index's policy."""

from collections import Counter
from dataclasses import replace

import numpy as np

from semroute.artifact.contents import Cluster, IndexContents
from semroute.artifact.serving import calibration_rows, policy_to_certify, routing_policy
from semroute.certificate import Certificate
from semroute.certify import NextStep, certify, next_step
from semroute.policy import NO_OVERRIDE, LabelReason


def certified(contents: IndexContents, max_loss: float | None = None) -> Certificate:
    """Certify the policy with the analysts' labels in place.

    Everything it needs is in the contents: no text, no encoder. `max_loss` is that of the config,
    unless another is asked about.
    """
    config = contents.manifest.config
    return certify(
        policy_to_certify(contents),
        config.model_names,
        calibration_rows(contents),
        config.quality.max_loss if max_loss is None else max_loss,
        config.quality.confidence,
    )


def beyond(contents: IndexContents, certificate: Certificate) -> NextStep | None:
    """Return the policy that would come next, and was not certified."""
    return next_step(routing_policy(contents), calibration_rows(contents), certificate)


def with_certificate(contents: IndexContents, certificate: Certificate) -> IndexContents:
    """Put a certificate in force, and set the automatic labels that follow from it."""
    manifest = contents.manifest.model_copy(update={"certificate": certificate})
    return _labelled(replace(contents, manifest=manifest))


def recertified(contents: IndexContents) -> IndexContents:
    """Certify the policy with the analysts' labels in place, and set what follows from it."""
    return with_certificate(contents, certified(contents))


def _labelled(contents: IndexContents) -> IndexContents:
    """Give each cluster the automatic label that most of its held-out queries would get.

    Queries that count as unknown do not: no label decides them.
    """
    policy = routing_policy(contents)
    automatic = replace(policy, overrides=policy.overrides * 0 + NO_OVERRIDE)
    rows = calibration_rows(contents).traffic
    chosen = automatic.choose(rows).columns.tolist()
    counted: dict[int, Counter[int]] = {}
    known = rows.similarities.astype(np.float64) >= policy.ood_threshold
    for cluster_id, column, is_known in zip(rows.cluster_ids.tolist(), chosen, known, strict=True):
        if is_known:
            counted.setdefault(cluster_id, Counter())[column] += 1
    clusters = tuple(
        _with_label(cluster, counted.get(cluster.cluster_id, Counter()), policy.frontier)
        for cluster in contents.clusters
    )
    return replace(contents, clusters=clusters)


def _with_label(cluster: Cluster, counted: Counter[int], frontier: int) -> Cluster:
    # Of equally frequent ones the frontier, then the first in the config.
    column = min(counted, key=lambda c: (-counted[c], c != frontier, c), default=frontier)
    reason: LabelReason = "insufficient_evidence" if column == frontier else "matched"
    model = cluster.evidence[column].model
    return cluster.model_copy(update={"auto_label": model, "auto_reason": reason})
