"""How wrong estimates are, and how much of them is left to the clusters."""

from dataclasses import dataclass

import numpy as np

from semroute.estimator.blending import Numbers

BLEND_SHARES = (1.0, 0.75, 0.5, 0.33, 0.2, 0.0)

_SMALLEST_VARIANCE = 1e-6


@dataclass(frozen=True)
class SquaredError:
    """Squared error in units of each model's variance, so that no model dominates."""

    losses: Numbers

    @property
    def variance(self) -> Numbers:
        """Of each model's losses, shape (n_models,)."""
        return np.asarray(np.maximum(np.nanvar(self.losses, axis=0), _SMALLEST_VARIANCE))

    def per_row(self, predicted: Numbers) -> Numbers:
        """Mean over the models known on a row; rows without any are left out."""
        squared = (predicted - self.losses) ** 2 / self.variance
        known = ~np.isnan(squared)
        some = known.any(axis=1)
        sums = np.where(known, squared, 0.0).sum(axis=1)
        return np.asarray(sums[some] / known.sum(axis=1)[some])

    def mean(self, predicted: Numbers) -> float:
        """Mean over all known cells; infinite if there is none."""
        squared = (predicted - self.losses) ** 2 / self.variance
        known = ~np.isnan(squared)
        return float(squared[known].mean()) if known.any() else np.inf


def blend_share(blend: Numbers, head: Numbers, error: SquaredError) -> float:
    """Return the largest share whose error is within one standard error of the least."""
    both = ~np.isnan(head)
    if not both.any():
        return 1.0
    blend = np.where(both, blend, np.nan)
    rows = [error.per_row(share * blend + (1 - share) * head) for share in BLEND_SHARES]
    least = rows[int(np.argmin([errors.mean() for errors in rows]))]
    for share, errors in zip(BLEND_SHARES, rows, strict=True):
        gap = errors - least
        if gap.mean() <= gap.std() / np.sqrt(len(gap)):
            return share
    return 0.0
