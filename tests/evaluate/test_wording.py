"""Figures and intervals in words."""

import pytest

from semroute.counted import are, counted
from semroute.evaluate.paired import Interval
from semroute.evaluate.wording import lost, more, saved, saved_per_thousand


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (Interval(0.007, -0.002, 0.015), "0.007 lost (0.002 gained to 0.015 lost)"),
        (Interval(-0.002, -0.006, 0.002), "0.002 gained (0.002 lost to 0.006 gained)"),
        (Interval(0.01, 0.002, 0.02), "0.010 lost (0.002 to 0.020)"),
        (Interval(-0.01, -0.02, -0.002), "0.010 gained (0.002 to 0.020)"),
        (Interval(0.0, 0.0, 0.0), "0.000 lost (0.000 to 0.000)"),
        (Interval(0.01, -0.0001, 0.02), "0.010 lost (0.000 to 0.020)"),
        (Interval(-0.01, -0.02, 0.0001), "0.010 gained (0.000 to 0.020)"),
        (Interval(-0.0001, -0.02, 0.01), "0.000 lost (0.020 gained to 0.010 lost)"),
    ],
)
def test_no_figure_has_a_sign_and_each_end_says_its_side_where_they_differ(
    loss: Interval, told: str
) -> None:
    assert lost(loss).with_word == told


def test_shares_dollars_and_scores_are_told_alike() -> None:
    mixed = Interval(0.2, -0.1, 0.3)
    assert str(saved(mixed)) == "20.0% (10.0% added to 30.0% saved)"
    assert str(more(mixed)) == "0.200 (0.100 less to 0.300 more)"
    dollars = saved_per_thousand(Interval(0.00136, -0.002, 0.00163))
    assert str(dollars) == "$1.36 ($2.00 added to $1.63 saved)"


def test_one_is_counted_in_the_singular() -> None:
    assert [f"{counted(n, 'query')} {are(n)}" for n in (0, 1, 2, 1000)] == [
        "0 queries are",
        "1 query is",
        "2 queries are",
        "1,000 queries are",
    ]
    assert [counted(n, "score") for n in (1, 2)] == ["1 score", "2 scores"]
