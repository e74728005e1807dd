"""What requests cost where nobody measured: hand-worked."""

import numpy as np
import pytest

from semroute.costs import FEWEST_MEASURED, price_ratios, spent_usd

NAN = float("nan")


def test_measured_costs_win_and_holes_take_the_price_of_a_model_hardly_measured() -> None:
    measured = np.array([[0.5, NAN], [NAN, NAN]])
    prices = np.array([[0.1, 0.01], [0.3, 0.03]])
    ratios = price_ratios(measured, prices)
    assert ratios[0] == pytest.approx(5)
    assert np.isnan(ratios[1])
    assert spent_usd(measured, prices, ratios).tolist() == [[0.5, 0.01], [0.3, 0.03]]


def test_a_model_that_answers_at_three_times_the_price_does_so_where_nobody_measured() -> None:
    prices = (
        np.tile([0.1, 0.01], (FEWEST_MEASURED + 1, 1)) * np.arange(1, FEWEST_MEASURED + 2)[:, None]
    )
    measured = prices * [3.0, NAN]
    measured[4, 0] = NAN
    spent = spent_usd(measured, prices, price_ratios(measured, prices))
    np.testing.assert_allclose(spent, prices * [3.0, 1.0])


def test_one_measured_cost_too_few_is_no_evidence() -> None:
    prices = np.full((FEWEST_MEASURED, 1), 0.1)
    measured = np.where(np.arange(FEWEST_MEASURED)[:, None] > 0, 3 * prices, NAN)
    assert spent_usd(measured, prices, price_ratios(measured, prices))[0, 0] == 0.1


@pytest.mark.parametrize(("measured", "price"), [(0.0, 0.1), (0.1, 0.0)])
def test_what_costs_nothing_has_no_ratio(measured: float, price: float) -> None:
    costs = np.full((2 * FEWEST_MEASURED, 1), measured)
    costs[0] = NAN
    prices = np.full_like(costs, price)
    ratios = price_ratios(costs, prices)
    assert np.isnan(ratios[0])
    assert spent_usd(costs, prices, ratios)[0, 0] == price
