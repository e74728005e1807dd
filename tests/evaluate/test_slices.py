"""Parts of the traffic and their order, against hand-worked cases."""

import dataclasses
import re

import numpy as np
import pytest

from semroute.cli.evaluation_tables import print_evaluation
from semroute.evaluate import judge_decisions
from semroute.evaluate.paired import Interval, chosen_shares, resample
from semroute.evaluate.results import Slice
from semroute.evaluate.slices import (
    MOST_VALUES,
    note_on_length,
    skipped_columns,
    slices,
    worst_first,
)
from tests.evaluate.sets import NAN, decision, frozen_set
from tests.tiny_index import tiny_contents

MODELS, COSTS = ("large", "medium", "small"), (0.02, 0.004, 0.0005)


def _part(value: str, n: int, loss: float | None, n_unscored: int = 0) -> Slice:
    return Slice(
        column="kind",
        value=value,
        n=n,
        n_unscored=n_unscored,
        n_elsewhere=n,
        is_small=n < 30,
        score=None,
        loss=None if loss is None else Interval(loss, loss, loss),
        cost_usd=0.0,
        saving=None,
        frontier_share=0.0,
        model_shares={},
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


def test_every_value_and_cluster_is_judged_by_its_own_queries() -> None:
    """Sixty queries answered by the small model; one of those without a kind has no score."""
    kinds = ("chat",) * 30 + ("",) * 30
    scores = [[1.0, 1.0]] * 30 + [[1.0, 0.5]] * 29 + [[1.0, NAN]]
    frozen = frozen_set(scores, columns={"kind": kinds, "all alike": ("x",) * 60})
    decisions = [decision("small", (0.0, 0.1), cluster_id=row % 3 or None) for row in range(60)]
    shares = chosen_shares(np.ones(60, int), 2)
    found = {(one.column, one.value): one for one in slices(resample(frozen), shares, decisions)}
    names = {
        ("kind", "chat"),
        ("kind", "(empty)"),
        ("cluster", "cluster 1"),
        ("cluster", "cluster 2"),
    }
    assert set(found) == names
    chat, empty = found["kind", "chat"], found["kind", "(empty)"]
    assert (chat.n, chat.n_unscored, chat.is_small) == (30, 0, False)
    assert (empty.n, empty.n_unscored, empty.is_small) == (30, 1, True)
    assert chat.loss is not None
    assert empty.loss is not None
    assert (chat.loss.value, empty.loss.value) == (0.0, 0.5)
    assert chat.cost_usd == pytest.approx(0.01)
    assert found["cluster", "cluster 2"].cluster_id == 2
    assert found["cluster", "cluster 2"].n == 20


@pytest.mark.parametrize(
    ("n_elsewhere", "n_scored", "is_small"),
    [(0, 0, False), (4, 4, True), (30, 30, False), (30, 29, True)],
)
def test_a_part_is_small_by_what_was_sent_elsewhere_too(
    n_elsewhere: int, n_scored: int, is_small: bool
) -> None:
    """Of sixty queries the first go to the small model; what goes to the frontier loses nothing."""
    scores = [[1.0, 1.0]] * n_scored + [[1.0, NAN]] * (n_elsewhere - n_scored) + [[1.0, 1.0]] * 60
    frozen = frozen_set(scores[: n_elsewhere + 60])
    chosen = np.array([1] * n_elsewhere + [0] * 60)
    decisions = [decision(("large", "small")[one], (0.0, 0.1)) for one in chosen]
    (found,) = slices(resample(frozen), chosen_shares(chosen, 2), decisions)
    assert (found.n_elsewhere, found.is_small) == (n_elsewhere, is_small)
    assert found.model_shares.get("small", 0.0) == pytest.approx(n_elsewhere / len(chosen))


def test_the_longest_tenth_of_the_requests_is_judged_apart() -> None:
    """Half of 60 are of 10 characters, 24 of 20 and 6 of 1,000; only the longest lose."""
    n_chars = [10] * 30 + [20] * 24 + [1_000] * 6
    frozen = frozen_set([[1.0, 0.0 if n == 1_000 else 1.0] for n in n_chars])
    texts = tuple("x" * n for n in n_chars)
    frozen = dataclasses.replace(frozen, requests=texts, texts=texts)
    decisions = [decision("small", (0.0, 0.1), cluster_id=None)] * 60
    shares = chosen_shares(np.ones(60, int), 2)
    found = slices(resample(frozen), shares, decisions)
    assert {one.column for one in found} == {"request length"}
    losses = [(one.value, one.n, one.loss and one.loss.value) for one in found]
    assert losses == [
        ("more than 20 characters", 6, 1.0),
        ("up to 10 characters", 30, 0.0),
        ("11 to 20 characters", 24, 0.0),
    ]
    few = dataclasses.replace(frozen, requests=tuple("x" * n for n in [10] * 30 + [14] * 30))
    assert slices(resample(few), shares, decisions) == ()


def _length(value: str, low: float, n: int = 60) -> Slice:
    part = dataclasses.replace(_part(value, n, 0.2), column="request length")
    return dataclasses.replace(part, loss=Interval(0.2, low, 0.3))


def test_longest_requests_that_clearly_lose_more_than_the_mean_may_are_told_apart() -> None:
    parts = [_length("more than 9,000 characters", 0.1), _length("up to 50 characters", 0.1)]
    (told,) = note_on_length(parts, 0.05, "large")
    assert told.startswith(
        "Of the 60 queries of more than 9,000 characters 0.200 (0.100 to 0.300) of mean score is "
        "lost, clearly above max_loss: 0.05 bounds the mean over all requests"
    )
    assert "A smaller context_window of the cheaper models sends these to large" in told


@pytest.mark.parametrize(
    ("part", "max_loss"),
    [
        (_length("more than 9,000 characters", 0.05), 0.05),
        (_length("more than 9,000 characters", 0.1), None),
        (_length("more than 9,000 characters", 0.1, n=29), 0.05),
        (_length("10 to 9,000 characters", 0.1), 0.05),
        (_part("more than 9,000 characters", 60, 0.2), 0.05),
        (dataclasses.replace(_length("more than 9 characters", 0.1), loss=None), 0.05),
    ],
)
def test_of_long_requests_that_may_lose_as_little_by_chance_nothing_is_said(
    part: Slice, max_loss: float | None
) -> None:
    assert note_on_length([part], max_loss, "large") == ()


def test_a_column_of_one_value_or_of_too_many_is_no_slice() -> None:
    some, many = (tuple(map(str, range(n))) * 2 for n in (MOST_VALUES, MOST_VALUES + 1))
    assert skipped_columns({"one": ("x", "x"), "some": some, "many": many}) == ("one", "many")


def test_a_column_that_hardly_repeats_in_a_small_set_is_no_slice() -> None:
    columns = {"pairs": ("a", "a", "b", "b"), "comments": ("a", "a", "b", "c")}
    assert skipped_columns(columns) == ("comments",)


def test_a_column_named_cluster_hides_no_cluster_of_the_index(
    capsys: pytest.CaptureFixture[str],
) -> None:
    contents, values = tiny_contents(), tuple(f"theirs {row % 12}" for row in range(60))
    frozen = frozen_set([[1.0, 1.0, 0.0]] * 60, COSTS, models=MODELS, columns={"cluster": values})
    decided = decision("small", (0.0, 0.1, 0.2), costs_usd=COSTS, models=MODELS)
    vectors = contents.calibration.vectors[[0] * 60]
    print_evaluation(judge_decisions(contents, frozen, [decided] * 60, vectors))
    told = capsys.readouterr().out
    assert "worst by cluster (5 of 12)" in told
    assert "worst by cluster (1 of 1)" in told
    assert "0: cluster 0" in told


def test_of_a_part_nothing_of_which_was_sent_elsewhere_no_loss_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of `some` a third goes to the small model, which gains a half there; of `none` nothing."""
    kinds = ("some",) * 60 + ("none",) * 60
    frozen = frozen_set([[0.5, 1.0, 1.0]] * 120, COSTS, models=MODELS, columns={"kind": kinds})
    decisions = [
        decision("small" if row < 20 else "large", (0.0, 0.1, 0.2), costs_usd=COSTS, models=MODELS)
        for row in range(120)
    ]
    contents = tiny_contents()
    vectors = contents.calibration.vectors[[0] * 120]
    print_evaluation(judge_decisions(contents, frozen, decisions, vectors))
    told = capsys.readouterr().out.partition("worst by kind")[2].splitlines()
    heading, none, some = told[1:4]
    assert re.split(r"\s{2,}", heading.strip())[:4] == [
        "value",
        "queries",
        "sent elsewhere",
        "lost (-: gained)",
    ]
    assert re.split(r"\s{2,}", none.strip()) == ["none", "60", "0", "-", "0.0%", "100.0%"]
    assert re.match(r"  some +60 +20 +-0\.167  \[-0\.\d+, -0\.\d+\] .* few$", some)
    assert sum(line.startswith("  few: fewer than 30") for line in told) == 1


def test_where_nothing_at_all_was_sent_elsewhere_no_part_is_called_the_worst(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kinds = ("one", "other") * 30
    frozen = frozen_set([[1.0, 1.0, 1.0]] * 60, COSTS, models=MODELS, columns={"kind": kinds})
    large = decision("large", (0.0, 0.1, 0.2), costs_usd=COSTS, models=MODELS)
    contents = tiny_contents()
    vectors = contents.calibration.vectors[[0] * 60]
    print_evaluation(judge_decisions(contents, frozen, [large] * 60, vectors))
    assert "worst by" not in capsys.readouterr().out
