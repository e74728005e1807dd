"""The block ridge, against scikit-learn on scaled columns; fewer columns than rows, and more."""

import numpy as np
import pytest

from semroute.estimator.ridge import BlockRidge

SCALES = {"a": 0.5, "b": 2.0}
WIDTHS = ((3, 4), (50, 20), (50, 40))
"""Of the two blocks; of the second pair, models known on all 80 rows and on 60 differ in form."""


def _data(
    widths: tuple[int, int] = (3, 4),
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = [(80, width) for width in widths]
    blocks = {"a": random.standard_normal(shapes[0]), "b": random.standard_normal(shapes[1]) + 1}
    losses = random.standard_normal((80, 3))
    losses[:20, 1] = np.nan
    return blocks, losses, random.integers(0, 4, 80)


def _oracle(
    blocks: dict[str, np.ndarray], y: np.ndarray, train: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.linear_model import Ridge

    scaled = np.concatenate([SCALES[name] * block for name, block in blocks.items()], axis=1)
    rows = train & ~np.isnan(y)
    model = Ridge(alpha=1.0).fit(scaled[rows], y[rows])
    return model.predict(scaled), model.coef_


@pytest.mark.parametrize("widths", WIDTHS)
def test_weights_are_those_of_a_ridge_on_scaled_columns(widths: tuple[int, int]) -> None:
    blocks, losses, folds = _data(widths)
    ((beta, intercept),) = BlockRidge(blocks, losses, folds).weights([SCALES])
    columns = np.concatenate(list(blocks.values()), axis=1)
    for model in range(3):
        expected, weights = _oracle(blocks, losses[:, model], np.ones(80, dtype=bool))
        assert columns @ beta[:, model] + intercept[model] == pytest.approx(expected)
        scale = np.repeat(list(SCALES.values()), widths)
        assert beta[:, model] == pytest.approx(scale * weights)


@pytest.mark.parametrize("widths", WIDTHS)
def test_a_fold_is_predicted_from_the_others_only(widths: tuple[int, int]) -> None:
    blocks, losses, folds = _data(widths)
    (found,) = BlockRidge(blocks, losses, folds).out_of_fold([SCALES])
    assert np.array_equal(np.isnan(found), np.isnan(losses))
    for model in range(3):
        for fold in range(4):
            expected, _ = _oracle(blocks, losses[:, model], folds != fold)
            rows = (folds == fold) & ~np.isnan(losses[:, model])
            assert found[rows, model] == pytest.approx(expected[rows])


def test_the_search_of_scales_never_ends_worse_than_it_started() -> None:
    blocks, losses, folds = _data()
    losses[:, 0] = blocks["a"][:, 0]
    ridge = BlockRidge(blocks, losses, folds)

    def score(predicted: np.ndarray) -> float:
        return float(np.nanmean((predicted - losses) ** 2))

    start = {"a": 0.01, "b": 0.01}
    found = ridge.tuned_scales(start, score)
    after, before = ridge.out_of_fold([found, start])
    assert score(after) < score(before)
    assert found["a"] > start["a"]


@pytest.mark.parametrize("widths", WIDTHS)
def test_rows_of_one_fold_alone_cannot_be_held_out(widths: tuple[int, int]) -> None:
    blocks, losses, _ = _data(widths)
    (found,) = BlockRidge(blocks, losses, np.zeros(80, dtype=np.int64)).out_of_fold([SCALES])
    assert np.isnan(found).all()


def test_with_more_columns_than_rows_what_all_rows_share_drowns_nothing() -> None:
    blocks, losses, folds = _data((50, 40))
    expected = BlockRidge(blocks, losses, folds)
    moved = BlockRidge({**blocks, "a": blocks["a"] + 1e6}, losses, folds)
    assert moved.weights([SCALES])[0][0] == pytest.approx(
        expected.weights([SCALES])[0][0], abs=1e-6
    )
    held_out = *moved.out_of_fold([SCALES]), *expected.out_of_fold([SCALES])
    assert held_out[0] == pytest.approx(held_out[1], abs=1e-6, nan_ok=True)
