"""Why a request went where it went, in words and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from semroute.artifact.contents import Cluster, IndexContents, ModelEvidence
from semroute.artifact.serving import AS_KNOWN, routing_policy
from semroute.decision import Neighbour, RouteDecision
from semroute.estimator import LossParts
from semroute.ood import ALWAYS_UNKNOWN
from semroute.vocabulary import has_words


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
    """A decision, the reasons in sentences, and the nearest clusters, most similar first.

    `estimates` take the expected loss of every model but the frontier apart, as far as anything is
    known of it; `tolerance` is the expected loss that is accepted for saving what the frontier
    costs on a usual request, None if nothing was certified. `accepted_losses` is what that comes to
    on this text, by model; a model expected to lose more is not chosen.
    """

    decision: RouteDecision
    why: tuple[str, ...]
    ood_threshold: float
    max_loss: float
    clusters: tuple[ExplainedCluster, ...]
    estimates: tuple[LossParts, ...]
    tolerance: float | None
    accepted_losses: Mapping[str, float]

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
            "estimates": [asdict(parts) for parts in self.estimates],
            "tolerance": self.tolerance,
            "accepted_losses": dict(self.accepted_losses),
        }


def explain_decision(
    decision: RouteDecision,
    text: str,
    near: Sequence[Neighbour],
    contents: IndexContents,
    examples: Mapping[int, tuple[str, ...]],
    estimates: tuple[LossParts, ...],
    n_elsewhere: int = 0,
    template: str | None = None,
) -> Explanation:
    """Lay out what the decision on a text rests on.

    `near` are the clusters to show, most similar first; `n_elsewhere` is how many characters of the
    request are in other messages than the one that decides; `template` what is embedded of a
    prompt template in it, None without one.
    """
    manifest = contents.manifest
    # The frontier's answer to what is unknown rests on no estimate.
    known = () if decision.is_fallback else decision.candidates
    accepted = {one.model: one.accepted_loss for one in known if one.accepted_loss is not None}
    clusters = tuple(
        _explained(contents.clusters[n.cluster_id], n, examples.get(n.cluster_id, ())) for n in near
    )
    return Explanation(
        decision=decision,
        why=(
            *_why(decision, text, contents, accepted),
            *_looked_at(decision, text, contents, n_elsewhere, template),
        ),
        ood_threshold=manifest.ood.threshold,
        max_loss=manifest.config.quality.max_loss,
        clusters=clusters,
        estimates=estimates,
        tolerance=manifest.tolerance,
        accepted_losses=accepted,
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


def _why(
    decision: RouteDecision, text: str, contents: IndexContents, accepted: Mapping[str, float]
) -> tuple[str, ...]:
    """Say in sentences how the decision came about."""
    near = _nearness(decision, contents.manifest.ood.threshold)
    certificate = contents.manifest.certificate
    left_out = certificate.left_out_sentence if certificate and not decision.is_fallback else None
    others = () if left_out is None else (f"{left_out}.",)
    reason = _reason(decision, text, contents, accepted)
    return (*near, reason, *_size(decision, contents), *others)


def _nearness(decision: RouteDecision, threshold: float) -> tuple[str, ...]:
    if decision.similarity is None:
        return ()
    is_below = decision.similarity < threshold
    nearest = f"The nearest cluster is {decision.cluster_id} ({decision.cluster_name})"
    limit = f"{'below' if is_below else 'above'} the out-of-distribution threshold {threshold:.3f}"
    told = f"{nearest}; its similarity {decision.similarity:.3f} is {limit}."
    if not is_below or decision.is_fallback:
        return (told,)
    return (told, "But the build was fitted on this very request, so it is known all the same.")


def _reason(
    decision: RouteDecision, text: str, contents: IndexContents, accepted: Mapping[str, float]
) -> str:
    frontier = contents.manifest.config.frontier
    tolerance = contents.manifest.tolerance
    if decision.reason == "matched" and tolerance is not None:
        loss = next(c.expected_loss for c in decision.candidates if c.model == decision.model)
        first = _first_choice(decision, contents)
        others, passed_over = "measured on this cluster", ""
        if first != decision.model:
            others += " that the request fits"
            passed_over = f" {first} came first, but the request may not fit its context window."
        return (
            f"{decision.model} is expected to lose {loss or 0.0:.3f} against {frontier} on this "
            f"text; for what it saves, {accepted[decision.model]:.3f} is accepted, and no other "
            f"model {others} trades score for cost better. (max_loss bounds the mean over all "
            f"requests, not the loss on one.){passed_over}"
        )
    if decision.reason == "too_long" and decision.cluster_id is not None:
        return _beyond_windows(_first_choice(decision, contents), decision, contents)
    if decision.reason == "too_long" and decision.truncated:
        return f"Only a part of the text could be looked at, so {frontier} answers, as configured."
    return {
        "override": f"An analyst chose {decision.model} here, whatever the evidence says.",
        "ood": f"{_unlike_the_log(decision, text, contents)}, so {frontier} answers.",
        "insufficient_evidence": _insufficient(tolerance, frontier),
        "empty": f"There is no text to embed, so {frontier} answers.",
        "too_long": f"The text is above the size limit, so {frontier} answers.",
        "encoder_error": f"The encoder gave no usable vector, so {frontier} answers.",
    }[decision.reason]


def _first_choice(decision: RouteDecision, contents: IndexContents) -> str:
    """Return the model that the text would get if every context window were large enough."""
    models, policy = contents.manifest.config.model_names, routing_policy(contents)
    found = {one.model: one for one in decision.candidates}
    losses = [np.nan if (loss := found[name].expected_loss) is None else loss for name in models]
    costs_usd = [found[name].expected_cost_usd or 0.0 for name in models]
    cluster_id = decision.cluster_id or 0
    column, _ = policy.choose_one(cluster_id, AS_KNOWN, losses, costs_usd, n_chars=0)
    return models[column]


def _beyond_windows(first: str, decision: RouteDecision, contents: IndexContents) -> str:
    """Say whose context window the request may not fit, and why no other model gets it."""
    manifest = contents.manifest
    frontier, override = (
        manifest.config.frontier,
        contents.clusters[decision.cluster_id or 0].override,
    )
    told = f"The request may not fit the context window of {first}"
    if override:
        return f"{told}, which an analyst chose here, so {frontier} answers."
    if first == frontier:
        return f"{told}, but no other model is good enough here, so {frontier} answers."
    if manifest.too_long_goes_to == "frontier":
        return f"{told}, so {frontier} answers."
    return f"{told}, and no other model that it fits is good enough here, so {frontier} answers."


def _size(decision: RouteDecision, contents: IndexContents) -> tuple[str, ...]:
    """Say how dear the request is, where that decides how much loss is accepted on it."""
    config, policy = contents.manifest.config, routing_policy(contents)
    traded = decision.reason in ("matched", "insufficient_evidence")
    if not traded or policy.tolerance is None or not policy.usual_cost_usd:
        return ()
    cost_usd = next(c.expected_cost_usd for c in decision.candidates if c.model == config.frontier)
    times = (cost_usd or 0.0) / policy.usual_cost_usd
    shown = f"{times:.1f}" if times >= 0.1 else f"{times:.1g}"
    told = f"With {config.frontier} it is expected to cost as much as {shown} usual requests"
    if (cost_usd or 0.0) <= policy.most_cost_usd:
        return (f"{told}.",)
    most = policy.most_cost_usd / policy.usual_cost_usd
    return (f"{told}, and counts as {most:.0f} when loss is traded for cost.",)


def _looked_at(
    decision: RouteDecision,
    text: str,
    contents: IndexContents,
    n_elsewhere: int,
    template: str | None,
) -> tuple[str, ...]:
    """Say what of a long request was looked at, where that was not most of it."""
    if decision.similarity is None:
        return ()
    told: tuple[str, ...] = ()
    if template is not None:
        shared = "It holds a prompt template, passages that many requests of the log share"
        beside = ", beside what tells its template from others" if template else ""
        own = f"what else it says, {len(text):,} characters, decides"
        told = (f"{shared}: {own}{beside}.",)
    if decision.truncated:
        ends = contents.manifest.config.texts.cut == "head_tail"
        rest = "text" if template is None else "rest of the text"
        part = "both ends were" if ends else "the start was"
        told = (*told, f"Of the {rest} only {part} looked at.")
    if n_elsewhere <= len(text):
        return told
    other = (
        f"Of the {n_elsewhere:,} characters outside the last user message only the number counts"
    )
    return (*told, f"{other}.")


def _unlike_the_log(decision: RouteDecision, text: str, contents: IndexContents) -> str:
    ood = contents.manifest.ood
    if decision.similarity is None and contents.clusters:
        return "It holds more than text, of which the log says nothing"
    if ood.threshold == ALWAYS_UNKNOWN:
        return "The build held no query out to tell by what is known"
    if decision.similarity is None or ood.rule.is_unknown_one(decision.similarity):
        return "It is far from every cluster, and the build was fitted on no such request"
    if not has_words(text):
        return "It holds no word, as no query does that the build has fitted"
    share = 1.0 if ood.max_new_words is None else ood.max_new_words
    return f"More than {share:.0%} of its words are in no query that the build has fitted"


def _insufficient(tolerance: float | None, frontier: str) -> str:
    if tolerance is None:
        return f"No cheaper model could be certified, so {frontier} answers."
    return (
        "No cheaper model measured on this cluster saves enough for what it is expected to lose on "
        f"this text, so {frontier} answers."
    )
