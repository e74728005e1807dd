"""The fitted estimator; what serves needs numpy only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import Integers, Numbers
from semroute.estimator.lengths import ClusterCosts
from semroute.features import FEATURES

LARGEST_DEVIATION = 3.0
"""Standard deviations a text feature counts at most, so that no odd text moves an estimate far."""


class Estimates(NamedTuple):
    """Per text and model, float64 of shape (n, n_models).

    `losses` are against the frontier model, in [-1, 1], 0 for the frontier itself and NaN where
    nothing is known; `costs_usd` are of a request of this length.
    """

    losses: Numbers
    costs_usd: Numbers


@dataclass(frozen=True)
class LossEstimator:
    """What was learned from the `fit` queries; columns are in the order of `models`.

    `evidence` and `costs_usd` (n_clusters, n_models) are shrunk cluster means, `n_chars`
    (n_clusters,) that of the requests' characters, `usd_per_char` (n_models,) what one character
    more of a request costs; 0 where cost does not go by length, or nobody knew. The head's weights
    are `topic` (n_clusters, n_models), `wording` (dimension + hidden_dimension, n_models), `text`
    (n_features, n_models), `products` (n_features * (n_features + 1) / 2, n_models) and `intercept`
    (n_models,).
    `centre` and `spread` (n_features,) standardise the text features. `typical` (2 + n_features,
    n_models) holds the head's mean terms over the fit rows: topic, wording, each feature. A model
    nothing is known of has NaN in its column of evidence and head.

    `score_topic` (n_clusters,), `score_wording`, `score_text` and `score_products` (as long as
    those of a model) add up to what the frontier is expected to score.
    What is easy for all models and what is too hard for all loses little, which no sum of terms can
    say: so `curve` (7, n_models) makes a loss of the sum `m` of a model's terms and of the expected
    mean score `s` of it and the frontier: c0 + c1 * m + c2 * s + c3 * s^2 + c4 * m * s, with `s`
    cut to what was seen, c5 to c6.
    """

    models: tuple[str, ...]
    n_neighbours: int
    temperature: float
    blend_share: float
    pseudo_rows: float
    evidence: Numbers
    costs_usd: Numbers
    n_chars: Numbers
    usd_per_char: Numbers
    topic: Numbers
    wording: Numbers
    text: Numbers
    products: Numbers
    intercept: Numbers
    centre: Numbers
    spread: Numbers
    typical: Numbers
    score_topic: Numbers
    score_wording: Numbers
    score_text: Numbers
    score_products: Numbers
    curve: Numbers

    def estimate(
        self,
        cluster_ids: Integers,
        similarities: NDArray[np.floating],
        vectors: NDArray[np.floating],
        features: Numbers,
        n_chars: Integers,
    ) -> Estimates:
        """Estimate losses and costs; each row is independent of the others, to the last bit.

        Args:
            cluster_ids: the nearest clusters of each text, nearest first; shape (n, k) with k at
                least `n_neighbours`, or all clusters if there are fewer.
            similarities: their similarities, the same shape.
            vectors: rows as the encoder gives them, shape (n, dimension + hidden_dimension).
            features: of `text_features`, shape (n, n_features).
            n_chars: the length of each whole request, shape (n,).

        Returns:
            NaN for texts whose vector was unusable.
        """
        of_texts = cluster_ids, similarities, vectors, features.tolist(), n_chars.tolist()
        found = [self.estimate_one(*row) for row in zip(*of_texts, strict=True)]
        losses, costs_usd = (
            np.array(found, dtype=np.float64).reshape(-1, 2, len(self.models)).swapaxes(0, 1)
        )
        return Estimates(losses, costs_usd)

    def estimate_one(
        self,
        cluster_ids: Integers,
        similarities: NDArray[np.floating],
        vector: NDArray[np.floating],
        features: Sequence[float],
        n_chars: int,
    ) -> tuple[list[float], list[float]]:
        """Estimate the losses and costs of one text, by model; see `estimate` for a row of each."""
        n_models = len(self.models)
        if not len(self.evidence):
            return [math.nan] * n_models, [math.nan] * n_models
        # After a model has emptied the caches a numpy call takes as long as ten lines of Python:
        # hence `neighbour_weights` and `standardised` once more, for one row.
        near = similarities[: self.n_neighbours].tolist()
        raw = [math.exp(self.temperature * (similarity - near[0])) for similarity in near]
        total = sum(raw)
        weights = np.array([one / total for one in raw])
        blend = weights.dot(self._by_cluster.take(cluster_ids[: len(near)], axis=0)).tolist()
        wording = vector.dot(self._by_component).tolist()
        z = np.array([*self._standardised_one(features), 1.0])
        text = z.dot(self._by_pair).reshape(n_models + 1, -1).dot(z).tolist()
        costs_usd = self.costs_of_length(blend[n_models + 1 :], n_chars)
        *sums, score = map(_sum, blend, wording, text)
        losses = [curved(one, score, *curve) for one, curve in zip(sums, self._curves, strict=True)]
        return losses, costs_usd

    def costs_of_length(self, usual_request: Sequence[float], n_chars: int) -> list[float]:
        """Return what a request of `n_chars` characters costs where the usual one is known.

        `usual_request` holds its cost by model, then its length. Characters account for no more
        than all of the cost, so that none is below 0.
        """
        *costs, usual = usual_request
        if not self._goes_by_length or usual <= 0:
            return costs
        fixed = [max(c - u * usual, 0.0) for c, u in zip(costs, self._usd_per_char, strict=True)]
        return [f + (c - f) / usual * n_chars for f, c in zip(fixed, costs, strict=True)]

    def standardised(self, features: Numbers) -> Numbers:
        """Centre and scale text features, and cut them at `LARGEST_DEVIATION`."""
        z: Numbers = (features - self.centre) / self.spread
        return np.clip(z, -LARGEST_DEVIATION, LARGEST_DEVIATION)

    def _standardised_one(self, features: Sequence[float]) -> list[float]:
        """Do the same for one text, without numpy."""
        most = LARGEST_DEVIATION
        z = [(x - c) / s for x, c, s in zip(features, *self._usual, strict=True)]
        return [most if x > most else max(x, -most) for x in z]

    @cached_property
    def _by_cluster(self) -> Numbers:
        """What a cluster says of losses, the frontier's score, costs and length.

        Shape (n_clusters, 2 * n_models + 2).

        Weights sum to one, so the intercept may count in every cluster.
        """
        heads = self.topic + self.intercept
        losses = self.blend_share * self.evidence + (1 - self.blend_share) * heads
        score, n_chars = self.score_topic[:, None], self.n_chars[:, None]
        return np.concatenate([losses, score, self.costs_usd, n_chars], axis=1)

    @cached_property
    def _by_component(self) -> Numbers:
        """What each number of a text's row adds to losses and score; (width, n_models + 1)."""
        losses = (1 - self.blend_share) * self.wording
        return np.concatenate([losses, self.score_wording[:, None]], axis=1)

    @cached_property
    def _by_pair(self) -> Numbers:
        """What the text features add, as a quadratic form of them and a 1, by model and of score.

        Shape (n_features + 1, (n_models + 1) * (n_features + 1)): the weight of features i <= j for
        a model is in row i and the model's column j, that of a feature alone in its last column;
        all else is 0.
        """
        n_features, n_models = self.text.shape
        form = np.zeros((n_features + 1, n_models + 1, n_features + 1))
        left, right = np.triu_indices(n_features)
        share = 1 - self.blend_share
        form[left, :, right] = np.column_stack([share * self.products, self.score_products])
        form[:-1, :, -1] = np.column_stack([share * self.text, self.score_text])
        return form.reshape(n_features + 1, -1)

    @cached_property
    def _curves(self) -> list[list[float]]:
        """The numbers of each model's curve."""
        return list(self.curve.T.tolist())

    @cached_property
    def _usd_per_char(self) -> list[float]:
        return list(self.usd_per_char.tolist())

    @cached_property
    def _goes_by_length(self) -> bool:
        return bool(self.usd_per_char.any())

    @cached_property
    def _usual(self) -> tuple[list[float], list[float]]:
        """Centre and spread of the text features."""
        return self.centre.tolist(), self.spread.tolist()


def products(z: Numbers) -> Numbers:
    """All products of two columns, squares too, in the order of `np.triu_indices`."""
    left, right = np.triu_indices(z.shape[1])
    return np.asarray(z.take(left, axis=1) * z.take(right, axis=1))


def _sum(blend: float, wording: float, text: float) -> float:
    return blend + wording + text


def curved(loss: float, score: float, *curve: float) -> float:
    """Return what `bent` does, cut to [-1, 1]; what is not a number stays so."""
    found = bent(loss, score, *curve)
    return 1.0 if found > 1 else -1.0 if found < -1 else found


def bent(loss: float, score: float, *curve: float) -> float:
    """Return the loss of a sum of terms and a frontier's score, see `LossEstimator`."""
    constant, slope, by_score, by_square, by_product, least, most = curve
    ease = min(max(score - 0.5 * loss, least), most)
    return constant + slope * loss + (by_score + by_square * ease + by_product * loss) * ease


def blank_estimator(
    models: tuple[str, ...], n_clusters: int, width: int, costs: ClusterCosts
) -> LossEstimator:
    """Make an estimator that knows costs and no loss; every model's column is NaN.

    `width` is how many numbers the encoder gives for a text.
    """
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
        costs_usd=costs.costs_usd,
        n_chars=costs.n_chars,
        usd_per_char=costs.usd_per_char,
        topic=unknown(n_clusters),
        wording=unknown(width),
        text=unknown(n_features),
        products=unknown(n_products),
        intercept=unknown(),
        centre=np.zeros(n_features),
        spread=np.ones(n_features),
        typical=unknown(2 + n_features),
        **no_curve(n_clusters, width, n_features, n_models),
    )


def no_curve(n_clusters: int, width: int, n_features: int, n_models: int) -> dict[str, Numbers]:
    """Return what leaves sums of terms as they are."""
    return {
        "score_topic": np.zeros(n_clusters),
        "score_wording": np.zeros(width),
        "score_text": np.zeros(n_features),
        "score_products": np.zeros(n_features * (n_features + 1) // 2),
        "curve": np.tile([[0.0], [1.0], [0.0], [0.0], [0.0], [0.0], [0.0]], (1, n_models)),
    }
