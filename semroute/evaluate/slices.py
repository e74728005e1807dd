"""The router on parts of the traffic, worst first."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.decision import RouteDecision
from semroute.evaluate.frozen import SMALL, Numbers
from semroute.evaluate.paired import PairedBootstrap, interval, score_interval
from semroute.evaluate.results import Slice

MOST_VALUES = 60
"""A column with more values does not divide the traffic into slices worth reading."""

CLUSTER = "cluster"


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
    """Judge the router's `shares` on every value of every column, and on every cluster."""
    found: list[Slice] = []
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
