"""Made-up traffic: a tiny index that has held some of it out, and decisions about some of it."""

import dataclasses
import functools

import numpy as np

from semroute.artifact.contents import Calibration, IndexContents
from semroute.artifact.serving import routing_policy, usual_costs_usd
from semroute.decision import Candidate, Neighbour, RouteDecision
from semroute.policy import REASONS, Traffic
from tests.tiny_index import tiny_contents

MODELS = ("large", "medium", "small")
VERSION = "20260101T000000Z"


def index_of(traffic: Calibration, n_clusters: int) -> IndexContents:
    """An index whose build has held this traffic out."""
    return dataclasses.replace(_blank(n_clusters), calibration=traffic)


@functools.cache
def _blank(n_clusters: int) -> IndexContents:
    contents = tiny_contents(n_clusters)
    counts = contents.manifest.counts.model_copy(update={"n_queries": 2000})
    manifest = contents.manifest.model_copy(update={"index_version": VERSION, "counts": counts})
    return dataclasses.replace(contents, manifest=manifest)


def drawn(
    rng: np.random.Generator, shares: np.ndarray, n: int, *, ood: float = 0.02, most_copies: int = 1
) -> Calibration:
    """Draw texts, each of a cluster with its share of traffic and coming up to so many times.

    What is expected of the models depends on the cluster, and on the text.
    """
    n_copies = rng.integers(1, most_copies + 1, size=n)
    text_ids = np.repeat(np.arange(n), n_copies)[:n]
    n_texts = len(set(text_ids.tolist()))
    clusters = rng.choice(len(shares), size=n_texts, p=shares)
    similarities = rng.uniform(0.6, 1, size=n_texts)
    similarities[rng.uniform(size=n_texts) < ood] = 0.2
    # Not on one value, or all unknown texts would be copies of one.
    similarities -= rng.uniform(0, 0.1, size=n_texts)
    small = np.where(clusters % 2, 0.005, 0.05) + rng.normal(0, 0.01, size=n_texts)
    losses = np.stack([np.zeros(n_texts), small / 2 + 0.01, small], axis=1)
    size = rng.lognormal(0, 0.6, size=(n_texts, 1))
    costs_usd = size * [[0.02, 0.004, 0.0005]]
    unknown = np.full((n, 3), np.nan)
    return Calibration(
        vectors=np.zeros((n, 32), dtype=np.float32),
        scores=unknown,
        costs_usd=unknown,
        cluster_ids=clusters[text_ids],
        similarities=similarities[text_ids].astype(np.float32),
        expected_losses=losses[text_ids],
        expected_costs_usd=costs_usd[text_ids],
        n_chars=np.full(n, 100),
        text_ids=text_ids,
        models=MODELS,
    )


def decided(contents: IndexContents, traffic: Calibration) -> list[RouteDecision]:
    """Decide traffic as the index serves it."""
    choices = routing_policy(contents).choose(
        Traffic(
            traffic.cluster_ids,
            traffic.similarities,
            traffic.expected_losses,
            traffic.expected_costs_usd,
            traffic.n_chars,
        )
    )
    return [
        decision(
            model=MODELS[column],
            reason=REASONS[reason],
            cluster_id=int(traffic.cluster_ids[row]),
            similarity=float(traffic.similarities[row]),
            losses=traffic.expected_losses[row].tolist(),
            costs_usd=usual_costs_usd(contents)
            if REASONS[reason] == "ood"
            else traffic.expected_costs_usd[row].tolist(),
        )
        for row, (column, reason) in enumerate(zip(choices.columns, choices.reasons, strict=True))
    ]


def decision(
    model: str = "large",
    reason: str = "insufficient_evidence",
    cluster_id: int | None = 0,
    similarity: float | None = 0.9,
    losses: list[float | None] | tuple[float | None, ...] = (0.0, 0.01, 0.1),
    costs_usd: list[float] | tuple[float, ...] = (0.02, 0.004, 0.0005),
    version: str = VERSION,
    **changes: object,
) -> RouteDecision:
    """One decision; without a similarity no cluster was looked up."""
    near = similarity is not None
    return RouteDecision(
        model=model,
        reason=reason,  # type: ignore[arg-type]  # one of them
        index_version=version,
        candidates=tuple(map(Candidate, MODELS, losses, costs_usd)),
        cluster_id=cluster_id if near else None,
        cluster_name=f"topic {cluster_id}" if near else None,
        similarity=similarity,
        runner_up=Neighbour(1, "topic 1", 0.1) if near else None,
        **changes,  # type: ignore[arg-type]  # of any field
    )


def drawn_index(n_clusters: int = 4, n: int = 800, seed: int = 0) -> IndexContents:
    """An index that has held out traffic of which each cluster has the same share."""
    shares = np.full(n_clusters, 1 / n_clusters)
    return index_of(drawn(np.random.default_rng(seed), shares, n), n_clusters)
