"""The order of parts of the traffic, against a hand-worked case."""

from semroute.evaluate.paired import Interval
from semroute.evaluate.results import Slice
from semroute.evaluate.slices import worst_first


def _part(value: str, n: int, loss: float | None, n_unscored: int = 0) -> Slice:
    return Slice(
        column="kind",
        value=value,
        n=n,
        n_unscored=n_unscored,
        is_small=n < 30,
        score=None,
        loss=None if loss is None else Interval(loss, loss, loss),
        cost_usd=0.0,
        saving=None,
        frontier_share=0.0,
    )


def test_a_bad_part_of_twenty_comes_before_two_unlucky_queries_and_a_large_part() -> None:
    """30 queries more that lose nothing make 0.1, 0.063, 0.045 and 0."""
    parts = [
        _part("no scores", 900, None),
        _part("large and fine", 500, 0.0),
        _part("large and bad", 300, 0.05),
        _part("unlucky", 2, 1.0),
        _part("bad", 20, 0.25),
        _part("two scored", 500, 1.0, n_unscored=498),
    ]
    order = ["bad", "two scored", "unlucky", "large and bad", "large and fine", "no scores"]
    assert [part.value for part in worst_first(parts)] == order


def test_of_parts_that_lose_alike_the_larger_comes_first() -> None:
    parts = [_part("b", 10, 0.0), _part("a", 10, 0.0), _part("c", 40, 0.0), _part("d", 5, -0.1)]
    assert [part.value for part in worst_first(parts)] == ["c", "a", "b", "d"]


def test_without_any_known_loss_the_order_is_by_size() -> None:
    assert [p.n for p in worst_first([_part("a", 1, None), _part("b", 2, None)])] == [2, 1]
    assert worst_first([]) == []
