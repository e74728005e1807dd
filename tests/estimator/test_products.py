"""Products of text features have a say where they explain losses, and none where they do not."""

import dataclasses

import numpy as np

from semroute.estimator import FitRows, LossEstimator, fit_estimator
from semroute.features import FEATURES
from tests.estimator.logs import MODELS, N_CLUSTERS, rows_of

ONE, OTHER = 3, 7


def log_of(n: int, seed: int, *, of_product: float) -> FitRows:
    """A log whose `medium` loses by one feature, or by two multiplied, and by chance."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((n, len(FEATURES)))
    rows = rows_of(n, seed=seed)[0]
    losses = rows.losses.copy()
    losses[:, 1] = 0.1 * features[:, ONE] + of_product * features[:, ONE] * features[:, OTHER]
    losses[:, 2] = losses[:, 1]
    losses[:, 1:] += 0.1 * random.standard_normal((n, 2))
    return dataclasses.replace(rows, features=features, losses=np.clip(losses, -1, 1))


def fitted(rows: FitRows) -> LossEstimator:
    return fit_estimator(rows, N_CLUSTERS, MODELS, "large")


def test_products_that_tell_nothing_are_left_out() -> None:
    """A standard error is passed by chance on one log in six."""
    found = [fitted(log_of(500, seed, of_product=0.0)) for seed in range(6)]
    assert sum(estimator.products.any() for estimator in found) <= 2
    for estimator in found:
        assert np.abs(estimator.products).max() < 1e-3
        assert np.abs(estimator.text[ONE, 1:]).min() > 0.02


def test_products_that_tell_much_are_used() -> None:
    found = fitted(log_of(900, 0, of_product=0.2))
    fresh = log_of(300, 1, of_product=0.2)
    at = (fresh.cluster_ids, fresh.similarities, fresh.vectors, fresh.features)
    error = np.abs(found.estimate(*at).losses - fresh.losses)[:, 1:].mean()
    assert found.products[..., 1:].any()
    # 0.08 is left by chance, 0.15 by whoever sees no product.
    assert error < 0.12
