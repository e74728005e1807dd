"""A certificate, and automatic labels, that are true of an index's policy."""

from dataclasses import replace

from semroute.artifact.contents import Cluster, IndexContents
from semroute.artifact.serving import calibration_rows, policy_to_certify, routing_policy
from semroute.certificate import Certificate
from semroute.certify import NextStep, certify, next_step
from semroute.policy import LabelReason
from semroute.relabel.answering import Answers, answers


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
    """Give each cluster the automatic label that most of its held-out queries would get."""
    counted = answers(contents, with_labels=False)
    frontier = contents.manifest.config.frontier
    clusters = tuple(
        _with_label(cluster, counted.get(cluster.cluster_id, {}), frontier)
        for cluster in contents.clusters
    )
    return replace(contents, clusters=clusters)


def _with_label(cluster: Cluster, answered: Answers, frontier: str) -> Cluster:
    model = next(iter(answered), frontier)
    reason: LabelReason = "insufficient_evidence" if model == frontier else "matched"
    return cluster.model_copy(update={"auto_label": model, "auto_reason": reason})
