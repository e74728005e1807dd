"""Ridge regression over blocks of columns, each block with a penalty of its own.

Source: Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems",
Technometrics 1970. Scaling a block's columns by s and penalising all alike is a penalty of 1 / s^2
on that block. What does not depend on scales is kept for the models that scales are tried on,
`N_TRIED` groups at most: it has the square of the number of columns or rows, and with holes every
model has its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from semroute.estimator.blending import Integers, Numbers
from semroute.estimator.ridge_forms import DualRidge, PrimalRidge, RidgeRows, Scales

Score = Callable[[Numbers], float]

LEAST_IMPROVEMENT = 2e-5
N_TRIES = 24
N_TRIED = 4

START_SCALES = {"wording": 0.09, "hidden": 0.4, "text": 0.012, "topic": 0.2}


class BlockRidge:
    """Ridge of several models' losses on the same columns.

    Args:
        blocks: columns by name of their block, each of shape (n, any).
        losses: shape (n, n_models), NaN where unknown; each model is fitted on its own rows.
        folds: of each row, 0 to the number of folds - 1.
    """

    def __init__(self, blocks: Mapping[str, Numbers], losses: Numbers, folds: Integers) -> None:
        self._blocks = blocks
        self._columns = np.concatenate(list(blocks.values()), axis=1)
        self._losses = losses
        self._folds = folds
        self._groups = _by_known_rows(losses)
        self._kept: dict[int, PrimalRidge | DualRidge] = {}

    def _forms(
        self, n_groups: int | None = None
    ) -> Iterator[tuple[Integers, PrimalRidge | DualRidge]]:
        """Give the models of each group, and the regression on the rows where they are known."""
        for number, models in enumerate(self._groups[:n_groups]):
            form = self._kept.get(number) or self._form(models)
            if number < N_TRIED:
                self._kept[number] = form
            yield models, form

    def _form(self, models: Integers) -> PrimalRidge | DualRidge:
        rows = np.flatnonzero(~np.isnan(self._losses[:, models[0]]))
        solver = DualRidge if len(rows) <= self._columns.shape[1] else PrimalRidge
        losses, folds = self._losses[np.ix_(rows, models)], self._folds[rows]
        widths = {name: block.shape[1] for name, block in self._blocks.items()}
        return solver(RidgeRows(self._columns, widths, rows, losses, folds))

    def weights(self, each: Sequence[Scales]) -> list[tuple[Numbers, Numbers]]:
        """Fit on all rows with each of some scales, in one pass over the models.

        Returns:
            weights (n_columns, n_models) and intercepts (n_models,) for each.
        """
        n_columns, n_models = self._columns.shape[1], self._losses.shape[1]
        found = [(np.empty((n_columns, n_models)), np.empty(n_models)) for _ in each]
        for models, form in self._forms():
            for (beta, intercept), scales in zip(found, each, strict=True):
                beta[:, models], intercept[models] = form.weights(scales)
        return found

    def out_of_fold(self, each: Sequence[Scales], n_groups: int | None = None) -> list[Numbers]:
        """Predict each fold from the others with each of some scales, in one pass over the models.

        `n_groups` limits the work to the groups of models with most losses.

        Returns:
            predictions for each, shape of the losses; NaN where a loss is unknown.
        """
        predicted = [np.full_like(self._losses, np.nan) for _ in each]
        for models, form in self._forms(n_groups):
            for one, scales in zip(predicted, each, strict=True):
                one[np.ix_(form.rows, models)] = form.out_of_fold(scales)
        return predicted

    def by_block(self, weights: Numbers) -> dict[str, Numbers]:
        """Divide weights (n_columns, any) among the blocks."""
        ends = np.cumsum([block.shape[1] for block in self._blocks.values()])[:-1]
        return dict(zip(self._blocks, np.split(weights, ends), strict=True))

    def tuned_scales(self, start: Scales, score: Score, n_tries: int = N_TRIES) -> Scales:
        """Search each block's scale in steps of a factor of two for the least `score`.

        Blocks are tried in the order of `start`.
        """
        best, least = dict(start), score(*self.out_of_fold([start], N_TRIED))
        tried, moved = {tuple(start.values())}, True
        while moved and len(tried) < n_tries:
            moved = False
            for name in start:
                for factor in (2.0, 0.5):
                    trial = {**best, name: best[name] * factor}
                    if tuple(trial.values()) in tried or len(tried) >= n_tries:
                        continue
                    tried.add(tuple(trial.values()))
                    found = score(*self.out_of_fold([trial], N_TRIED))
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


def start_scales(blocks: Mapping[str, Numbers]) -> dict[str, float]:
    """Where the search for scales starts, in the order in which they are tried."""
    return {name: scale for name, scale in START_SCALES.items() if name in blocks}
