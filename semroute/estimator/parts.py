"""One estimate taken apart: which clusters, and what about the text, moved it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.blending import Integers, Numbers, neighbour_weights
from semroute.estimator.estimating import LossEstimator, bent, products
from semroute.features import FEATURES

LEAST_MOVE = 0.0005
"""Of a loss, to be told: with three decimals a smaller one is none."""


@dataclass(frozen=True)
class ClusterPart:
    """A cluster's say: its weight among the nearest, and the model's loss there."""

    cluster_id: int
    weight: float
    loss: float


@dataclass(frozen=True)
class LossParts:
    """The parts of one model's estimated loss on one text; they add up to `loss` unless it was cut.

    `base` is the loss on a usual text of the log; `blend` (the losses of the nearest clusters),
    `topic`, `wording` and `features` (the head's terms) are how far this text moves it from there,
    and `difficulty` how far what is easy or too hard for all models moves it: see `LossEstimator`.
    `was_cut`: the sum was outside [-1, 1].
    """

    model: str
    loss: float
    clusters: tuple[ClusterPart, ...]
    base: float
    blend: float
    topic: float
    wording: float
    features: dict[str, float]
    difficulty: float
    was_cut: bool

    def largest_moves(self, n_most: int) -> dict[str, float]:
        """Return what moves the loss most from `base`, largest first, and the rest as "all else".

        Moves of less than `LEAST_MOVE` are told with the rest only.
        """
        moves = {"clusters": self.blend, "topic": self.topic, "wording": self.wording}
        moves |= {"difficulty": self.difficulty} | self.features
        ordered = sorted(moves.items(), key=lambda item: -abs(item[1]))
        told = {name: move for name, move in ordered[:n_most] if abs(move) >= LEAST_MOVE}
        rest = sum(moves.values()) - sum(told.values())
        return told | ({"all else": rest} if abs(rest) >= LEAST_MOVE else {})


def loss_parts(
    estimator: LossEstimator,
    model: str,
    shares: Numbers,
    cluster_ids: Integers,
    similarities: NDArray[np.floating],
    vector: NDArray[np.floating],
    features: Numbers,
) -> LossParts | None:
    """Take apart the estimate of one text; None for a model nothing is known of.

    Args:
        estimator: of the index.
        model: one of its models.
        shares: of the log in each cluster, shape (n_clusters,).
        cluster_ids: the nearest clusters, nearest first, shape (k,).
        similarities: their similarities, shape (k,).
        vector: the text's row as the encoder gives it, shape (dimension + hidden_dimension,).
        features: of `text_features`, shape (n_features,).
    """
    column = estimator.models.index(model)
    if np.isnan(estimator.intercept[column]):
        return None
    weights = neighbour_weights(similarities[None], estimator.n_neighbours, estimator.temperature)[
        0
    ]
    near = cluster_ids[: len(weights)]
    evidence = estimator.evidence[near, column]
    terms = _head_terms(estimator, column, near, weights, vector, features)
    typical = estimator.typical[:, column]
    share = 1 - estimator.blend_share
    moved = share * (terms - typical)
    usual = float(estimator.blend_share * (shares @ estimator.evidence[:, column]))
    blend = float(estimator.blend_share * (weights @ evidence)) - usual
    base = usual + float(share * (estimator.intercept[column] + typical.sum()))
    total = blend + base + float(moved.sum())
    score = _score(estimator, near, weights, vector, features)
    loss = bent(total, score, *estimator.curve[:, column].tolist())
    return LossParts(
        model=model,
        loss=float(np.clip(loss, -1.0, 1.0)),
        clusters=tuple(
            ClusterPart(int(c), float(w), float(e))
            for c, w, e in zip(near, weights, evidence, strict=True)
        ),
        base=base,
        blend=blend,
        topic=float(moved[0]),
        wording=float(moved[1]),
        features=dict(zip(FEATURES, moved[2:].tolist(), strict=True)),
        difficulty=loss - total,
        was_cut=abs(loss) > 1.0,
    )


def _score(
    estimator: LossEstimator,
    near: Integers,
    weights: Numbers,
    vector: NDArray[np.floating],
    features: Numbers,
) -> float:
    """Return what the frontier is expected to score."""
    z = estimator.standardised(features[None])
    text = z @ estimator.score_text + products(z) @ estimator.score_products
    wording = vector.astype(np.float64) @ estimator.score_wording
    return float(weights @ estimator.score_topic[near] + wording + text[0])


def _head_terms(
    estimator: LossEstimator,
    column: int,
    near: Integers,
    weights: Numbers,
    vector: NDArray[np.floating],
    features: Numbers,
) -> Numbers:
    topic = weights @ estimator.topic[near, column]
    wording = vector.astype(np.float64) @ estimator.wording[:, column]
    z = estimator.standardised(features[None])
    weights_of = estimator.text[:, [column]], estimator.products[:, [column]]
    text = feature_terms(z, products(z), *weights_of)
    return np.concatenate([[topic, wording], text[0, :, 0]])


def feature_terms(z: Numbers, z_products: Numbers, text: Numbers, weights: Numbers) -> Numbers:
    """Divide the head's text terms among the features; a product counts half for each of its two.

    Args:
        z: standardised features, shape (n, n_features).
        z_products: their products, shape (n, n_products).
        text: weights of the features, shape (n_features, n_models).
        weights: those of the products, shape (n_products, n_models).

    Returns:
        shape (n, n_features, n_models).
    """
    left, right = np.triu_indices(z.shape[1])
    terms = z[:, :, None] * text
    halves = 0.5 * z_products[:, :, None] * weights
    for column in range(z.shape[1]):
        terms[:, column] += halves[:, left == column].sum(axis=1)
        terms[:, column] += halves[:, right == column].sum(axis=1)
    return np.asarray(terms)
