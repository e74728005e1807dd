"""The fitted estimator; what serves needs numpy only."""

import math
import operator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import Integers, Numbers
from semroute.features import FEATURES

LARGEST_DEVIATION = 3.0
"""Standard deviations a text feature counts at most, so that no odd text moves an estimate far."""


class Estimates(NamedTuple):
    """Per text and model, float64 of shape (n, n_models).

    `losses` are against the frontier model, in [-1, 1], 0 for the frontier itself and NaN where
    nothing is known; `costs_usd` are per request.
    """

    losses: Numbers
    costs_usd: Numbers


@dataclass(frozen=True)
class LossEstimator:
    """What was learned from the `fit` queries; columns are in the order of `models`.

    `evidence` and `costs_usd` (n_clusters, n_models) are shrunk cluster means. The head's weights
    are `topic` (n_clusters, n_models), `wording` (dimension, n_models), `text` (n_features,
    n_models), `products` (n_features * (n_features + 1) / 2, n_models) and `intercept` (n_models,).
    `centre` and `spread` (n_features,) standardise the text features. `typical` (2 + n_features,
    n_models) holds the head's mean terms over the fit rows: topic, wording, each feature. A model
    nothing is known of has NaN in its column of evidence and head.
    """

    models: tuple[str, ...]
    n_neighbours: int
    temperature: float
    blend_share: float
    pseudo_rows: float
    evidence: Numbers
    costs_usd: Numbers
    topic: Numbers
    wording: Numbers
    text: Numbers
    products: Numbers
    intercept: Numbers
    centre: Numbers
    spread: Numbers
    typical: Numbers

    def estimate(
        self,
        cluster_ids: Integers,
        similarities: NDArray[np.floating],
        vectors: NDArray[np.floating],
        features: Numbers,
    ) -> Estimates:
        """Estimate losses and costs; each row is independent of the others, to the last bit.

        Args:
            cluster_ids: the nearest clusters of each text, nearest first; shape (n, k) with k at
                least `n_neighbours`, or all clusters if there are fewer.
            similarities: their similarities, the same shape.
            vectors: unit embeddings, shape (n, dimension).
            features: of `text_features`, shape (n, n_features).

        Returns:
            NaN for texts whose vector was unusable.
        """
        rows = zip(cluster_ids, similarities, vectors, features, strict=True)
        found = [self.estimate_one(*row) for row in rows]
        losses, costs_usd = (
            np.array(found, dtype=np.float64).reshape(-1, 2, len(self.models)).swapaxes(0, 1)
        )
        return Estimates(losses, costs_usd)

    def estimate_one(
        self,
        cluster_ids: Integers,
        similarities: NDArray[np.floating],
        vector: NDArray[np.floating],
        features: Numbers,
    ) -> tuple[list[float], list[float]]:
        """Estimate the losses and costs of one text, by model; see `estimate` for a row of each."""
        n_models = len(self.models)
        if not len(self.evidence):
            return [math.nan] * n_models, [math.nan] * n_models
        # Every numpy call costs a few microseconds after a model has emptied the caches.
        near = similarities[: self.n_neighbours].tolist()
        raw = [math.exp(self.temperature * (similarity - near[0])) for similarity in near]
        weights = np.array(raw) / sum(raw)
        blend = weights.dot(self._by_cluster.take(cluster_ids[: len(near)], axis=0)).tolist()
        z = self.standardised(features)
        wide = np.concatenate([vector, z, products(z)], dtype=np.float64)
        head = wide.dot(self._by_column).tolist()
        losses = [_cut(both) for both in map(operator.add, blend[:n_models], head)]
        return losses, blend[n_models:]

    def standardised(self, features: Numbers) -> Numbers:
        """Centre and scale text features, and cut them at `LARGEST_DEVIATION`."""
        # `np.clip` in two plain calls takes a third of its time on one row.
        z: Numbers = (features - self.centre) / self.spread
        return np.minimum(np.maximum(z, -LARGEST_DEVIATION), LARGEST_DEVIATION)

    @cached_property
    def _by_cluster(self) -> Numbers:
        """What a cluster says of losses, then of costs; (n_clusters, 2 * n_models).

        Weights sum to one, so the intercept may count in every cluster.
        """
        heads = self.topic + self.intercept
        losses = self.blend_share * self.evidence + (1 - self.blend_share) * heads
        return np.concatenate([losses, self.costs_usd], axis=1)

    @cached_property
    def _by_column(self) -> Numbers:
        return (1 - self.blend_share) * np.concatenate([self.wording, self.text, self.products])


_N_USUAL = len(FEATURES)
_LEFT, _RIGHT = np.triu_indices(_N_USUAL)


def products(z: Numbers) -> Numbers:
    """All products of two along the last axis, squares too, in the order of `np.triu_indices`."""
    left, right = (_LEFT, _RIGHT) if z.shape[-1] == _N_USUAL else np.triu_indices(z.shape[-1])
    found: Numbers = z.take(left, axis=-1) * z.take(right, axis=-1)
    return found


def _cut(loss: float) -> float:
    """Cut to [-1, 1]; what is not a number stays so."""
    return 1.0 if loss > 1 else -1.0 if loss < -1 else loss


def blank_estimator(
    models: tuple[str, ...], n_clusters: int, dimension: int, costs_usd: Numbers
) -> LossEstimator:
    """Make an estimator that knows costs and no loss; every model's column is NaN."""
    n_features, n_models = len(FEATURES), len(models)
    n_products = n_features * (n_features + 1) // 2

    def unknown(*shape: int) -> Numbers:
        return np.full((*shape, n_models), np.nan)

    return LossEstimator(
        models=models,
        n_neighbours=1,
        temperature=0.0,
        blend_share=1.0,
        pseudo_rows=0.0,
        evidence=unknown(n_clusters),
        costs_usd=costs_usd,
        topic=unknown(n_clusters),
        wording=unknown(dimension),
        text=unknown(n_features),
        products=unknown(n_products),
        intercept=unknown(),
        centre=np.zeros(n_features),
        spread=np.ones(n_features),
        typical=unknown(2 + n_features),
    )
