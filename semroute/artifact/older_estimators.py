"""Estimators of older formats.

Those before 6 knew nothing of a request but its text, those before 7 nothing of its difficulty, and
those before 8 not that difficulty may change what a loss counts.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.estimator.estimating import no_curve
from semroute.features import FEATURES

FORMAT_BY_LENGTH = 6
BROUGHT = ("n_chars", "usd_per_char")
"""Arrays that came with it."""

FORMAT_OF_CURVE = 7
CURVE = ("score_topic", "score_wording", "score_text", "score_products", "curve")
"""Arrays that came with that one."""

FORMAT_OF_PRODUCT = 8
_PRODUCT = 4
"""Row of the curve that came with the last."""

FEATURES_BEFORE = FEATURES[:-1]
"""Without the characters beside the text, which came with it too."""


def by_text_alone(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Fill in what an older estimator does not know, so that it says what it said.

    Costs go by topic, and the characters beside a text have no weight.
    """
    n_models, n_features = len(arrays["intercept"]), len(FEATURES)
    # NaN where nothing is known of a model, as in all its other weights.
    no_weight = 0.0 * arrays["intercept"][None]
    products = np.repeat(no_weight, n_features * (n_features + 1) // 2, axis=0)
    products[np.triu_indices(n_features)[1] < len(FEATURES_BEFORE)] = arrays["products"]
    return arrays | {
        "n_chars": np.zeros(arrays["costs_usd"].shape[:1]),
        "usd_per_char": np.zeros(n_models),
        "text": np.concatenate([arrays["text"], no_weight]),
        "products": products,
        "centre": np.append(arrays["centre"], 0.0),
        "spread": np.append(arrays["spread"], 1.0),
        "typical": np.concatenate([arrays["typical"], no_weight]),
    }


def without_curve(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Fill in what leaves the losses of an older estimator as they were."""
    n_clusters, n_models = arrays["topic"].shape
    width = len(arrays["wording"])
    return arrays | no_curve(n_clusters, width, len(FEATURES), n_models)


def without_product(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Let no product of loss and difficulty count, as in an older estimator."""
    return arrays | {"curve": np.insert(arrays["curve"], _PRODUCT, 0.0, axis=0)}
