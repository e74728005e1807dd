"""What requests cost: as measured, and at the prices of the config where nobody measured."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

FEWEST_MEASURED = 20
"""So many measured costs of a model say more of what it costs than the config's price does."""


def price_ratios(measured_usd: Numbers, prices_usd: Numbers) -> Numbers:
    """Say how many times the config's price each model was measured to cost.

    Args:
        measured_usd: shape (n, n_models), NaN where the cost was not measured.
        prices_usd: the same shape, at the config's prices.

    Returns:
        Shape (n_models,): the sum of what was measured by the sum of the prices of the same
        requests; NaN for a model never measured, or with nothing to compare.

    Example:
        >>> price_ratios(np.array([[3.0], [np.nan], [1.0]]), np.array([[1.0], [9.0], [1.0]]))
        array([2.])
    """
    known = ~np.isnan(measured_usd)
    measured = np.where(known, measured_usd, 0.0).sum(axis=0)
    priced = np.where(known, prices_usd, 0.0).sum(axis=0)
    comparable = (measured > 0) & (priced > 0)
    ratios: Numbers = np.full(len(priced), np.nan)
    np.divide(measured, priced, out=ratios, where=comparable)
    return ratios


def spent_usd(measured_usd: Numbers, prices_usd: Numbers, ratios: Numbers) -> Numbers:
    """Put a price where no cost was measured, that of `expected_usd`; shape (n, n_models)."""
    expected = expected_usd(measured_usd, prices_usd, ratios)
    return np.where(np.isnan(measured_usd), expected, measured_usd)


def expected_usd(measured_usd: Numbers, prices_usd: Numbers, ratios: Numbers) -> Numbers:
    """Say what requests cost by their prices, measured or not; shape (n, n_models).

    A model with at least `FEWEST_MEASURED` measured costs is priced at its own ratio (see
    `price_ratios`): answers longer or shorter than the config assumes make it no cheaper and no
    dearer where nobody measured.
    """
    n_measured = (~np.isnan(measured_usd)).sum(axis=0)
    trusted = (n_measured >= FEWEST_MEASURED) & np.isfinite(ratios)
    return np.asarray(prices_usd * np.where(trusted, ratios, 1.0))
