"""Ridge regression over blocks of columns, each block with a penalty of its own.

Source: Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems",
Technometrics 1970. Scaling a block's columns by s and penalising all alike is a penalty of 1 / s^2
on that block. Gram matrices are added up once per fold, so that trying scales costs a solve each.
They are kept for the models that scales are tried on, `N_TRIED` groups at most: a gram has the
square of the number of columns, and with holes every model has grams of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from semroute.estimator.blending import Integers, Numbers

Scales = Mapping[str, float]
Score = Callable[[Numbers], float]

LEAST_IMPROVEMENT = 2e-5
N_TRIES = 24
N_TRIED = 4


@dataclass(frozen=True)
class _Sums:
    """Products of columns, and of columns and losses, over some rows; column 0 is all ones."""

    gram: Numbers
    cross: Numbers
    rows: Integers


@dataclass(frozen=True)
class _Pattern:
    """Models whose losses are known on the same rows, with the sums of each fold and of all."""

    models: Integers
    folds: list[_Sums]
    gram: Numbers
    cross: Numbers


class BlockRidge:
    """Ridge of several models' losses on the same columns.

    Args:
        blocks: columns by name of their block, each of shape (n, any).
        losses: shape (n, n_models), NaN where unknown; each model is fitted on its own rows.
        folds: of each row, 0 to the number of folds - 1.
    """

    def __init__(self, blocks: Mapping[str, Numbers], losses: Numbers, folds: Integers) -> None:
        self._columns = np.concatenate(list(blocks.values()), axis=1)
        self._block = np.repeat(list(blocks), [block.shape[1] for block in blocks.values()])
        self._losses = losses
        self._folds = folds
        self._groups = _by_known_rows(losses)
        self._kept: dict[int, _Pattern] = {}

    def _patterns(self, n_groups: int | None = None) -> Iterator[_Pattern]:
        for number, models in enumerate(self._groups[:n_groups]):
            pattern = self._kept.get(number) or self._pattern(models)
            if number < N_TRIED:
                self._kept[number] = pattern
            yield pattern

    def _pattern(self, models: Integers) -> _Pattern:
        known = ~np.isnan(self._losses[:, models[0]])
        parts = []
        for fold in range(int(self._folds.max()) + 1):
            rows = np.flatnonzero(known & (self._folds == fold))
            a = np.concatenate([np.ones((len(rows), 1)), self._columns[rows]], axis=1)
            parts.append(_Sums(a.T @ a, a.T @ self._losses[np.ix_(rows, models)], rows))
        gram, cross = (sum(getattr(part, name) for part in parts) for name in ("gram", "cross"))
        return _Pattern(models, parts, gram, cross)

    def weights(self, scales: Scales) -> tuple[Numbers, Numbers]:
        """Fit on all rows: weights (n_columns, n_models) and intercepts (n_models,)."""
        n_models = self._losses.shape[1]
        beta = np.empty((self._columns.shape[1], n_models))
        intercept = np.empty(n_models)
        for pattern in self._patterns():
            found = self._solve(pattern.gram, pattern.cross, scales)
            beta[:, pattern.models], intercept[pattern.models] = found
        return beta, intercept

    def out_of_fold(self, scales: Scales, n_groups: int | None = None) -> Numbers:
        """Predict each fold from the others, shape of the losses; NaN where a loss is unknown.

        `n_groups` limits the work to the groups of models with most losses.
        """
        predicted = np.full_like(self._losses, np.nan)
        for pattern in self._patterns(n_groups):
            gram, cross = pattern.gram, pattern.cross
            for part in pattern.folds:
                if len(part.rows) and gram[0, 0] - part.gram[0, 0] >= 1:
                    beta, intercept = self._solve(gram - part.gram, cross - part.cross, scales)
                    cells = np.ix_(part.rows, pattern.models)
                    predicted[cells] = self._columns[part.rows] @ beta + intercept
        return predicted

    def _solve(self, gram: Numbers, cross: Numbers, scales: Scales) -> tuple[Numbers, Numbers]:
        from scipy.linalg import cho_factor, cho_solve

        scale = np.array([scales[name] for name in self._block])
        n = gram[0, 0]
        mean, level = gram[0, 1:] / n, cross[0] / n
        scaled = (gram[1:, 1:] - n * np.outer(mean, mean)) * np.outer(scale, scale)
        scaled[np.diag_indices_from(scaled)] += 1.0
        target = (cross[1:] - n * np.outer(mean, level)) * scale[:, None]
        factor = cho_factor(scaled, overwrite_a=True, check_finite=False)
        beta = scale[:, None] * cho_solve(factor, target, check_finite=False)
        return beta, level - mean @ beta

    def tuned_scales(self, start: Scales, score: Score, n_tries: int = N_TRIES) -> Scales:
        """Search each block's scale in steps of a factor of two for the least `score`.

        Blocks are tried in the order of `start`.
        """
        best, least = dict(start), score(self.out_of_fold(start, N_TRIED))
        tried, moved = {tuple(start.values())}, True
        while moved and len(tried) < n_tries:
            moved = False
            for name in start:
                for factor in (2.0, 0.5):
                    trial = {**best, name: best[name] * factor}
                    if tuple(trial.values()) in tried or len(tried) >= n_tries:
                        continue
                    tried.add(tuple(trial.values()))
                    found = score(self.out_of_fold(trial, N_TRIED))
                    if found < least - LEAST_IMPROVEMENT:
                        best, least, moved = trial, found, True
                        break
        return best


def _by_known_rows(losses: Numbers) -> list[Integers]:
    """Group models that are known on the same rows; the groups with most losses first."""
    known = ~np.isnan(losses)
    groups: dict[bytes, list[int]] = {}
    for model in range(losses.shape[1]):
        groups.setdefault(known[:, model].tobytes(), []).append(model)
    largest_first = sorted(groups.values(), key=lambda models: -int(known[:, models].sum()))
    return [np.array(models, dtype=np.int64) for models in largest_first]
