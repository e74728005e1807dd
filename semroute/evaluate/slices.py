"""The router on parts of the traffic, worst first."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.decision import RouteDecision
from semroute.evaluate.frozen import SMALL, Numbers
from semroute.evaluate.paired import PairedBootstrap, interval, score_interval
from semroute.evaluate.results import Slice
from semroute.evaluate.wording import lost
from semroute.texts import request_chars

MOST_VALUES = 60
"""A column with more values does not divide the traffic into slices worth reading."""

CLUSTER = "cluster"
LENGTH = "request length"
"""What slices by the characters of whole requests are named by."""

_LONGEST = "more than"

LENGTH_QUANTILES = (0.5, 0.9)
UNEVEN = 1.5
"""Times the median that the longest tenth begins at, at least, for lengths to be told apart."""


def skipped_columns(columns: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Name the columns that do not divide the traffic into a few parts.

    Of a small set, a column with fewer than two queries to a value: such may well hold texts.
    """
    return tuple(
        name
        for name, values in columns.items()
        if not 1 < len(set(values)) <= min(MOST_VALUES, len(values) / 2)
    )


def slices(
    judge: PairedBootstrap, shares: Numbers, decisions: Sequence[RouteDecision]
) -> tuple[Slice, ...]:
    """Judge the router's `shares` on every value of every column, by length and by cluster."""
    found = worst_first(
        [_slice(judge, shares, rows, LENGTH, name) for name, rows in _by_length(judge)]
    )
    columns = judge.frozen.columns
    for name in sorted(columns.keys() - skipped_columns(columns)):
        values = np.array([value or "(empty)" for value in columns[name]])
        parts = [_slice(judge, shares, np.flatnonzero(values == v), name, v) for v in set(values)]
        found += worst_first(parts)
    ids = np.array([-1 if d.cluster_id is None else d.cluster_id for d in decisions])
    names = {d.cluster_id: d.cluster_name or "" for d in decisions if d.cluster_id is not None}
    parts = [
        _slice(judge, shares, np.flatnonzero(ids == one), CLUSTER, name, one)
        for one, name in names.items()
    ]
    return (*found, *worst_first(parts))


def _by_length(judge: PairedBootstrap) -> list[tuple[str, NDArray[np.int64]]]:
    """Part the queries into the shorter half, the longest tenth and what is between."""
    n_chars = np.array([request_chars(one) for one in judge.frozen.requests])
    middle, long = np.quantile(n_chars, LENGTH_QUANTILES, method="lower").tolist()
    if long < UNEVEN * middle:
        return []
    ends = np.searchsorted([middle, long], n_chars)
    names = (
        f"up to {middle:,} characters",
        f"{middle + 1:,} to {long:,} characters",
        f"{_LONGEST} {long:,} characters",
    )
    parts = ((name, np.flatnonzero(ends == part)) for part, name in enumerate(names))
    return [(name, rows) for name, rows in parts if len(rows)]


def note_on_length(
    parts: Sequence[Slice], max_loss: float | None, frontier: str
) -> tuple[str, ...]:
    """Say that the longest requests clearly lose more than the mean over all is to lose.

    That mean hides it. Nothing is said where the interval reaches down to `max_loss`, of few
    queries, nor without a `max_loss`.
    """
    longest = [one for one in parts if one.column == LENGTH and one.value.startswith(_LONGEST)]
    return tuple(
        f"Of the {one.n:,} queries of {one.value} {lost(one.loss)} of mean score is lost, clearly "
        f"above max_loss: {max_loss:g} bounds the mean over all requests, not that of the longest. "
        f"A smaller context_window of the cheaper models sends these to {frontier}; truncated = "
        '"frontier" does only where it is the last user message that is long.'
        for one in longest
        if one.loss and max_loss is not None and one.loss.low > max_loss and not one.is_small
    )


def worst_first(parts: Sequence[Slice]) -> list[Slice]:
    """Order by the loss, as if `SMALL` more queries of each part had lost nothing.

    So that neither two unlucky queries come first nor a bad part of twenty last; only queries with
    scores count. Parts of which no loss is known are at the end; of equals those come first of
    which anything was sent elsewhere, then the larger ones.
    """

    def key(part: Slice) -> tuple[float, bool, int, str]:
        n_known = part.n - part.n_unscored
        shrunk = n_known * part.loss.value / (n_known + SMALL) if part.loss else -np.inf
        return -shrunk, not part.n_elsewhere, -part.n, part.value

    return sorted(parts, key=key)


def _slice(
    judge: PairedBootstrap,
    shares: Numbers,
    rows: NDArray[np.int64],
    column: str,
    value: str,
    cluster_id: int | None = None,
) -> Slice:
    part, chosen = judge.part(rows), shares[rows]
    draws, n_unscored = part.draws(chosen), part.n_unscored(chosen)
    elsewhere = np.flatnonzero(chosen[:, part.frozen.frontier_column] < 1)
    n_telling = len(elsewhere) - part.part(elsewhere).n_unscored(chosen[elsewhere])
    used = np.flatnonzero(chosen.any(axis=0))
    return Slice(
        column=column,
        value=str(value),
        n=len(rows),
        n_unscored=n_unscored,
        n_elsewhere=len(elsewhere),
        is_small=len(rows) - n_unscored < SMALL or (len(elsewhere) > 0 and n_telling < SMALL),
        score=score_interval(draws.score),
        loss=interval(draws.loss),
        cost_usd=float(draws.cost_usd[0]),
        saving=interval(draws.saving),
        frontier_share=float(draws.frontier_share[0]),
        model_shares={part.frozen.models[m]: float(chosen[:, m].mean()) for m in used},
        cluster_id=cluster_id,
    )
