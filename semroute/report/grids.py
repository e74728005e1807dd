"""What the tables of the report show, as plain values for the page's script."""

from collections.abc import Callable, Sequence
from typing import Any

from semroute.artifact.contents import Cluster, IndexContents
from semroute.counted import counted
from semroute.evaluate.costs import per_thousand
from semroute.evaluate.frozen import SMALL
from semroute.evaluate.paired import Interval
from semroute.evaluate.results import Evaluation, OperatingPoint, Slice, StrategyResult
from semroute.evaluate.slices import CLUSTER, worst_first
from semroute.evaluate.verdict import sends_nothing_elsewhere, telling
from semroute.evaluate.wording import Told, lost, more, saved

Cell = dict[str, Any]
Grid = dict[str, Any]

N_TOLERANCES = 12


def grid(columns: Sequence[str], rows: Sequence[Sequence[Cell]], marked: int = -1) -> Grid:
    """Put cells together; a column whose first known value is a number is set right."""
    return {
        "columns": [
            {"name": name, "figure": _is_figure([row[place]["value"] for row in rows])}
            for place, name in enumerate(columns)
        ],
        "rows": [
            {"cells": list(row), "marked": number == marked} for number, row in enumerate(rows)
        ],
    }


def _is_figure(values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and not isinstance(known[0], str)


def _words(text: str, note: str = "") -> Cell:
    return {"value": text, "text": text, "note": note}


_NOTHING: Cell = {"value": None, "text": "", "note": ""}


def _figure(value: float | None, style: str = ".3f", note: str = "") -> Cell:
    text = "unknown" if value is None else f"{value:{style}}"
    return {"value": value, "text": text, "note": note}


def _dollars(cost_usd: float) -> Cell:
    return {"value": cost_usd, "text": per_thousand(cost_usd), "note": ""}


def _score(one: Interval | None) -> Cell:
    if one is None:
        return _figure(None)
    return _figure(one.value, note=f"{one.low:.3f} to {one.high:.3f}")


def _told(one: Interval | None, tell: Callable[[Interval], Told], usual: str) -> Cell:
    """Show an estimate without its sign; its word is added unless it is the column's usual one."""
    if one is None:
        return _figure(None)
    told = tell(one)
    text = told.value if told.word == usual else f"{told.value} {told.word}"
    return {"value": one.value, "text": text, "note": told.interval}


def _lost(one: Interval | None) -> Cell:
    """Show a mean score lost; a gain is called one."""
    return _told(one, lost, "lost")


def _saved(one: Interval | None) -> Cell:
    """Show a share of the frontier's cost saved; what is added to it is called so."""
    return _told(one, saved, "saved")


def _alone(value: float | None, cell: Callable[[Interval | None], Cell]) -> Cell:
    """Show an estimate of which there is no interval."""
    if value is None:
        return cell(None)
    return {**cell(Interval(value, value, value)), "note": ""}


def _lost_in(part: Slice) -> Cell:
    """Show what a part lost; where the frontier answered all of it, nothing was at stake."""
    if not part.n_elsewhere:
        return {"value": None, "text": "–", "note": "nothing sent elsewhere"}
    return _lost(part.loss)


def _saved_in(part: Slice) -> Cell:
    # An interval from 0 to 0 would only repeat that nothing was sent elsewhere.
    return _saved(part.saving) if part.n_elsewhere else _alone(0.0, _saved)


def _n_judged(part: Slice) -> Cell:
    """Show how many queries a part has, and how many of them have scores where some have none."""
    n_scored = part.n - part.n_unscored
    notes = [f"{n_scored:,} scored"] if part.n_unscored else []
    return _figure(part.n, ",d", ", ".join([*notes, "few"] if n_scored < SMALL else notes))


def _sent_elsewhere(part: Slice) -> Cell:
    note = "few" if part.is_small and part.n_elsewhere else ""
    return _figure(part.n_elsewhere, ",d", note)


def strategy_grid(found: Evaluation) -> Grid:
    """Show every strategy, the router first."""
    columns = (
        "answered by",
        "mean score",
        "score lost",
        "per 1,000 requests",
        "saved",
        "frontier calls",
        "semroute scores",
        "without scores",
    )
    shown = telling(found.strategies)
    marked = [one.kind == "router" or one.name == f"always {found.frontier}" for one in shown]
    rows = [_strategy_row(one) for one in shown]
    if len(shown) == len(found.strategies):
        return grid(columns, rows, marked=0)
    # The router's gain would say what the loss says, with the other sign.
    apart = columns.index("semroute scores")
    kept = [row[:apart] + row[apart + 1 :] for row in rows]
    return grid(columns[:apart] + columns[apart + 1 :], kept, marked=marked.index(True))


def _strategy_row(one: StrategyResult) -> list[Cell]:
    gain = _NOTHING if one.kind == "router" else _told(one.router_gain, more, "")
    return [
        _words(one.name),
        _score(one.score),
        _lost(one.loss),
        _dollars(one.cost_usd.value),
        _saved(one.saving),
        _figure(one.frontier_share, ".1%"),
        gain,
        _figure(one.n_unscored, ",d"),
    ]


def tolerance_grid(contents: IndexContents, found: Evaluation) -> Grid:
    """Show a few tolerances from the safe end on, and the index as it is."""
    router, own = found.router, contents.manifest.tolerance
    columns = (
        "tolerance",
        "saved",
        "score lost",
        "mean score",
        "per 1,000 requests",
        "frontier calls",
    )
    now = [
        {"value": own, "text": "as it is", "note": "" if own is None else f"{own:.4f}"},
        _alone(router.saving.value, _saved),
        _alone(router.loss.value if router.loss else None, _lost),
        _figure(router.score.value if router.score else None),
        _dollars(router.cost_usd.value),
        _figure(router.frontier_share, ".1%"),
    ]
    others = [
        point
        for point in found.points
        if point.tolerance is None or (point.tolerance != own and is_sensible(point.tolerance))
    ]
    return grid(columns, [now, *map(_point_row, spread(others))], marked=0)


def is_sensible(tolerance: float) -> bool:
    """Say whether a build could choose it: scores are from 0 to 1, and so are their losses."""
    return abs(tolerance) <= 1


def spread(points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """Choose points whose savings are about evenly spread, safest first."""
    chosen: list[OperatingPoint] = []
    top = max(point.saving for point in points)
    for step in range(N_TOLERANCES):
        wanted = top * step / (N_TOLERANCES - 1)
        nearest = min(points, key=lambda point: abs(point.saving - wanted))
        if nearest not in chosen:
            chosen.append(nearest)
    return chosen


def _point_row(point: OperatingPoint) -> list[Cell]:
    alone = "always the frontier" if point.frontier_share == 1 else "analysts' labels alone"
    name = alone if point.tolerance is None else f"{point.tolerance:.4f}"
    return [
        {"value": point.tolerance, "text": name, "note": ""},
        _alone(point.saving, _saved),
        _alone(point.loss, _lost),
        _figure(point.score),
        _dollars(point.cost_usd),
        _figure(point.frontier_share, ".1%"),
    ]


def cluster_grid(contents: IndexContents, found: Evaluation) -> Grid:
    """Show every cluster, largest first, with the build's evidence and what was seen here."""
    judged = {part.cluster_id: part for part in found.slices if part.column == CLUSTER}
    columns = (
        "cluster",
        "share of log",
        "answered by",
        "expected loss",
        "scored in the build",
        "judged here",
        "sent elsewhere",
        "score lost",
        "saved",
    )
    by_size = sorted(contents.clusters, key=lambda cluster: -cluster.size)
    rows = [_cluster_row(one, judged.get(one.cluster_id), found.frontier) for one in by_size]
    # What was sent elsewhere, lost and saved: nothing, in every row.
    n_last = -3 if sends_nothing_elsewhere(found.router) else None
    return grid(columns[:n_last], [row[:n_last] for row in rows])


def _cluster_row(cluster: Cluster, judged: Slice | None, frontier: str) -> list[Cell]:
    known = cluster.evidence_of_label
    # Some of a cluster's queries may get another model even where most get the frontier.
    is_frontier = known.model == frontier
    bound = known.loss_upper_bound
    note = "" if bound is None else f"at most {bound:.3f}"
    answer, why = _answered_by(cluster, judged)
    return [
        _words(cluster.name, f"{cluster.cluster_id}: {', '.join(cluster.keywords[3:8])}"),
        _figure(cluster.share, ".1%", counted(cluster.size, "query")),
        _words(answer, why),
        _NOTHING if is_frontier else _figure(known.expected_loss, ".3f", note),
        _figure(known.n_paired, ",d"),
        _n_judged(judged) if judged else _figure(0, ",d"),
        _sent_elsewhere(judged) if judged else _NOTHING,
        _lost_in(judged) if judged else _NOTHING,
        _saved_in(judged) if judged else _NOTHING,
    ]


def _answered_by(cluster: Cluster, judged: Slice | None) -> tuple[str, str]:
    """Name the model of a cluster, how far it answered the queries judged here, and why."""
    share = judged.model_shares.get(cluster.label, 0.0) if judged else 1.0
    if share == 1:
        return cluster.label, _why(cluster)
    word = "mostly " if share > 0.5 else ""
    of_label = "an analyst's label, " if cluster.override else ""
    return f"{word}{cluster.label}", f"{of_label}{share:.0%} of its queries judged here"


def _why(cluster: Cluster) -> str:
    if cluster.override:
        return "an analyst's label"
    return "" if cluster.auto_reason == "matched" else "no cheaper model is shown to be good enough"


def slice_grid(found: Evaluation) -> Grid:
    """Show every part of the traffic, worst first; what a phone shows of a row is what it loses."""
    columns = ("part of the traffic", "score lost", "kind", "queries", "sent elsewhere")
    rows = [_slice_row(part) for part in worst_first(found.slices)]
    return grid((*columns, "mean score", "saved"), rows)


def _slice_row(part: Slice) -> list[Cell]:
    number = "" if part.cluster_id is None else str(part.cluster_id)
    return [
        _words(part.value),
        _lost_in(part),
        {"value": f"{part.column} {number}", "text": part.column, "note": number},
        _n_judged(part),
        _sent_elsewhere(part),
        _score(part.score),
        _saved_in(part),
    ]


def unknown_grid(found: Evaluation, texts: dict[str, str]) -> Grid:
    """Show queries that were taken for unknown, least similar first; `texts` are masked."""
    columns = ("query", "similarity", "nearest cluster", "id")
    rows = [
        [
            _words(texts[one.query_id]),
            _figure(one.similarity),
            _words(one.cluster_name or ""),
            _words(one.query_id),
        ]
        for one in found.unknown
    ]
    return grid(columns, rows)
