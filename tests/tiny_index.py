"""A small index in memory, consistent in every cross-check, that routes its own sample texts."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from semroute import __version__
from semroute.artifact.contents import (
    FORMAT_VERSION,
    Calibration,
    Cluster,
    Counts,
    IndexContents,
    Manifest,
    ModelEvidence,
    OODRecord,
    Sample,
)
from semroute.certificate import Certificate
from semroute.config import Config
from semroute.encoders.contract import PROBE_TEXTS, Encoder
from semroute.estimator import LossEstimator, blank_estimator
from semroute.estimator.lengths import ClusterCosts
from semroute.index import CentroidIndex
from semroute.vectors import Vectors, unit_rows
from tests.tiny import TinyEncoder, tiny_config

N_SAMPLES = 4
LOSSES = (0.0, 0.01, 0.1)


def tiny_contents(
    n_clusters: int = 3,
    *,
    n_calibration: int = 24,
    seed: int = 0,
    config: Config | None = None,
    encoder: Encoder | None = None,
    samples: bool = True,
) -> IndexContents:
    """Make an index whose cluster i is labelled with the i-th cheapest model, in turn.

    `tiny_texts(i, n)` are texts of cluster i: with the same encoder they route to it.
    """
    config, encoder = config or tiny_config(), encoder or TinyEncoder()
    centroids = _centroids(n_clusters, encoder)
    clusters = tuple(_cluster(i, n_clusters, config) for i in range(n_clusters))
    estimator = _estimator(clusters, config, encoder, seed)
    return IndexContents(
        manifest=_manifest(n_clusters, n_calibration, seed, config, encoder),
        clusters=clusters,
        centroids=centroids,
        probes=encoder.encode(PROBE_TEXTS),
        calibration=_calibration(n_calibration, seed, config, encoder, centroids, estimator),
        estimator=estimator,
        samples=tuple(Sample(cluster_id=i, texts=_samples(i)) for i in range(n_clusters))
        if samples
        else (),
        encoder_files=_encoder_files(seed),
    )


def tiny_texts(cluster_id: int, n_texts: int) -> list[str]:
    """Texts that belong to one cluster of `tiny_contents`."""
    topic = " ".join(f"topic{cluster_id}{letter}" for letter in "abcde")
    return [f"{topic} detail{i}" for i in range(n_texts)]


def with_cluster(contents: IndexContents, cluster_id: int, **changes: object) -> IndexContents:
    """The contents with another value in a field of one cluster."""
    clusters = list(contents.clusters)
    clusters[cluster_id] = clusters[cluster_id].model_copy(update=changes)
    return dataclasses.replace(contents, clusters=tuple(clusters))


def with_threshold(contents: IndexContents, threshold: float) -> IndexContents:
    """The contents with another out-of-distribution threshold."""
    ood = contents.manifest.ood.model_copy(update={"threshold": threshold})
    manifest = contents.manifest.model_copy(update={"ood": ood})
    return dataclasses.replace(contents, manifest=manifest)


def assert_same_contents(left: IndexContents, right: IndexContents) -> None:
    """Compare everything an index holds, numbers to the last bit."""
    assert left.manifest == right.manifest
    assert left.clusters == right.clusters
    assert left.samples == right.samples
    assert left.encoder_files == right.encoder_files
    assert left.estimator.models == right.estimator.models
    assert left.calibration.models == right.calibration.models
    for one, other in zip(_arrays(left), _arrays(right), strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()


def _arrays(contents: IndexContents) -> list[np.ndarray]:
    found = [contents.centroids, contents.probes]
    fields = dataclasses.astuple(contents.calibration)
    # A number of the estimator is an array without dimensions here.
    fields += tuple(np.asarray(value) for value in dataclasses.astuple(contents.estimator)[1:])
    return found + [value for value in fields if isinstance(value, np.ndarray)]


def _samples(cluster_id: int) -> tuple[str, ...]:
    return tuple(tiny_texts(cluster_id, N_SAMPLES))


def _centroids(n_clusters: int, encoder: Encoder) -> Vectors:
    if not n_clusters:
        return np.zeros((0, encoder.identity.dimension), dtype=np.float32)
    return unit_rows(
        np.stack([_embedded(encoder, _samples(i)).mean(axis=0) for i in range(n_clusters)])
    )


def _embedded(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    return encoder.encode(texts)[:, : encoder.identity.dimension]


def _encoder_files(seed: int) -> dict[str, bytes]:
    """Stand for the files of an encoder; who routes with this index gives the tiny encoder."""
    return {"model.onnx": b"not a model %d" % seed, "settings.json": b'{"seed": %d}' % seed}


def _estimator(
    clusters: tuple[Cluster, ...], config: Config, encoder: Encoder, seed: int
) -> LossEstimator:
    """One cluster decides, and no model that is cheaper than its label is good enough."""
    n_models = len(config.models)
    costs = np.array([[e.mean_cost_usd for e in c.evidence] for c in clusters])
    costs = costs.reshape(len(clusters), n_models)
    by_topic = ClusterCosts(costs, np.full(len(clusters), 40.0), np.zeros(n_models))
    blank = blank_estimator(config.model_names, len(clusters), encoder.identity.width, by_topic)
    losses = np.zeros_like(costs)
    for row, cluster in enumerate(clusters):
        label = config.model_names.index(cluster.auto_label)
        losses[row, costs[row] < costs[row, label]] = 0.5
    head = ("topic", "wording", "text", "products", "intercept", "typical")
    zeros = {name: np.zeros_like(getattr(blank, name)) for name in head}
    # No text feature has a weight, so that their centre is free to tell indexes apart.
    centre = np.full_like(blank.centre, seed)
    return dataclasses.replace(blank, evidence=losses, centre=centre, **zeros)


def _calibration(
    n: int,
    seed: int,
    config: Config,
    encoder: Encoder,
    centroids: Vectors,
    estimator: LossEstimator,
) -> Calibration:
    rng = np.random.default_rng(seed)
    shape = (n, len(config.models))
    scores, costs = rng.uniform(size=shape), rng.uniform(0, 0.03, size=shape)
    unknown = rng.uniform(size=shape) < 0.2
    texts = [tiny_texts(i % 3, i + 1)[-1] for i in range(n)]
    rows = encoder.encode(texts)
    vectors = rows[:, : encoder.identity.dimension]
    near = CentroidIndex(centroids).search(vectors, 1)
    features = np.zeros((n, len(estimator.centre)))
    n_chars = np.array([len(text) for text in texts], dtype=np.int64)
    expected = estimator.estimate(near.cluster_ids, near.similarities, rows, features, n_chars)
    found = len(centroids) > 0
    return Calibration(
        vectors=vectors,
        cluster_ids=near.cluster_ids[:, 0] if found else np.full(n, -1),
        similarities=near.similarities[:, 0] if found else np.full(n, -1, dtype=np.float32),
        expected_losses=expected.losses,
        expected_costs_usd=expected.costs_usd,
        n_chars=n_chars,
        text_ids=np.argsort(np.random.default_rng(0).permutation(n)),
        scores=np.where(unknown, np.nan, scores),
        costs_usd=np.where(unknown, np.nan, costs),
        models=config.model_names,
    )


def _cluster(i: int, n_clusters: int, config: Config) -> Cluster:
    cheapest_first = sorted(config.models, key=lambda model: model.cost_usd(400))
    label = cheapest_first[i % len(cheapest_first)].name
    return Cluster(
        cluster_id=i,
        cluster_key=f"c{i:08x}",
        name=f"topic {i}",
        auto_name=f"topic {i}",
        keywords=(f"topic{i}a", f"topic{i}b"),
        size=10,
        share=1 / n_clusters,
        auto_label=label,
        auto_reason="insufficient_evidence" if label == config.frontier else "matched",
        evidence=tuple(_evidence(name, config) for name in config.model_names),
    )


def _evidence(model: str, config: Config) -> ModelEvidence:
    is_frontier = model == config.frontier
    loss = 0.0 if is_frontier else LOSSES[1 + config.model_names.index(model) % 2]
    return ModelEvidence(
        model=model,
        n_scored=10,
        mean_score=0.9 - loss,
        n_paired=10,
        mean_loss=loss,
        loss_variance=0.0 if is_frontier else 0.04,
        mean_cost_usd=config.price(model).cost_usd(400),
        expected_loss=loss,
        loss_upper_bound=loss * 1.5,
    )


def _manifest(
    n_clusters: int, n_calibration: int, seed: int, config: Config, encoder: Encoder
) -> Manifest:
    n_fit = 10 * n_clusters
    return Manifest(
        format_version=FORMAT_VERSION,
        index_version="unpublished",
        created_at="2026-01-01T00:00:00Z",
        semroute_version=__version__,
        config=config,
        encoder=encoder.identity,
        seed=seed,
        hash_key="00112233445566778899aabbccddeeff",
        told_apart_by="request",
        too_long_goes_to="next_best",
        library_versions={"numpy": np.__version__},
        input_sha256={"queries": "0" * 64, "evals": "1" * 64, "config": "2" * 64},
        counts=Counts(
            n_queries=n_fit + n_calibration,
            n_duplicate_rows=0,
            n_unusable_queries=0,
            n_groups=n_fit + n_calibration,
            n_fit=n_fit,
            n_calibration=n_calibration,
            n_clusters=n_clusters,
            n_noise=0,
            n_scores=3 * (n_fit + n_calibration),
        ),
        ood=OODRecord(threshold=0.5, max_false_fallback=0.02, n_calibration=n_calibration),
        certificate=tiny_certificate(config, n_calibration),
    )


def tiny_certificate(config: Config, n_calibration: int = 24) -> Certificate:
    """Accept an expected loss of 0.02; the figures are made up."""
    return Certificate(
        frontier=config.frontier,
        max_loss=config.quality.max_loss,
        confidence=config.quality.confidence,
        tolerance=0.02,
        holds=True,
        upper_bound=0.015,
        mean_loss=0.01,
        n_queries=n_calibration,
        n_worst_case=0,
        n_left_out=0,
        n_unscored=0,
        n_repeated=0,
        model_shares={name: 1 / len(config.models) for name in config.model_names},
        cost_usd=0.008,
        frontier_cost_usd=0.02,
        n_overrides=0,
        n_needed=None,
    )
