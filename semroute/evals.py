"""Evaluation data: how well each model did on each query, and what it cost."""

import logging
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semroute.columns import rename_to, suggest
from semroute.errors import FaultyRows, InputError
from semroute.tables import Row, identifier, listed, read_rows, shown_id

logger = logging.getLogger("semroute")

Numbers = NDArray[np.float64]

KNOWN_COLUMNS = ("query_id", "model", "score", "cost_usd")

LARGEST_COST_USD = 1e6
"""Of one request. Above it a value is taken for a slip: sums of such numbers overflow."""

_SHOWN = re.compile(r"[A-Za-z/]{1,8}|[\d.,:%$€+_eE/ -]{1,20}")
"""A short word, or what is like a number: of a faulty value no more is repeated."""

_SLIP = 0.9
"""From this likeness (of `difflib`) on a model that is not in the config may be one that is."""

_ROUNDED = {"score": 1e-6, "cost_usd": 0.005}
"""By so small a share values of two files differ where one was rounded: the first counts."""

_TRUE = ("true", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "prawda")
_FALSE = ("false", "falsch", "faux", "falso", "onwaar", "fałsz")
_WORDS = {**dict.fromkeys(_TRUE, 1.0), **dict.fromkeys(_FALSE, 0.0)}
"""The truth values of JSON, and of spreadsheets, which write them in their own language."""


@dataclass(frozen=True)
class EvalTable:
    """Scores and measured costs, float64 of shape (n_queries, n_models), NaN where unknown.

    Rows are in the order of the query ids that were asked for, columns in that of `models`.
    `n_scores` counts the known scores. What the file has beyond these queries and models was not
    used: `unknown_models` names the models, `n_unknown_queries` counts the queries, `warnings` tell
    of columns that seem misnamed.
    """

    models: tuple[str, ...]
    scores: Numbers
    costs_usd: Numbers
    n_scores: int
    unknown_models: tuple[str, ...]
    n_unknown_queries: int
    warnings: tuple[str, ...] = ()


@dataclass
class _Reading:
    """What has been read so far; `lines` holds the line each cell was first read on, 0 for none."""

    path: Path
    queries: Mapping[str, int]
    models: Mapping[str, int]
    scores: Numbers
    costs_usd: Numbers
    lines: NDArray[np.uint32]
    unknown_queries: dict[str, None] = field(default_factory=dict)
    unknown_models: dict[str, None] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    found_query: bool = False
    found_model: bool = False

    @property
    def ignored(self) -> set[str]:
        """The columns that are not used."""
        return self.columns.difference(KNOWN_COLUMNS)


def no_evals(n_queries: int, models: Sequence[str]) -> EvalTable:
    """Return the table of a log of which nothing was evaluated."""
    unknown = np.full((n_queries, len(models)), np.nan)
    return EvalTable(tuple(models), unknown, unknown.copy(), 0, (), 0)


def read_evals(
    paths: Path | Sequence[Path], query_ids: Sequence[str], models: Sequence[str]
) -> EvalTable:
    """Read evaluation data: one row per query and model, in any order, with or without holes.

    A row has `query_id`, `model`, `score` in [0, 1] (true and false are 1 and 0) and perhaps
    `cost_usd`. An empty score or cost is unknown. The same row twice counts once. A column that
    seems meant as one of these is logged as a warning. Several files add up: what one leaves
    unknown another may tell, as a plan of scores to buy does once it is filled in.

    Args:
        paths: of .csv, .jsonl or .parquet files; without any nothing is known.
        query_ids: of the query log; rows for other queries are counted, not used.
        models: of the config; the same holds for other models.

    Raises:
        InputError: rows cannot be read, two rows for one query and model differ, or no row of a
            file is for one of these queries and one of these models. Of several rows the first few
            are told.
        MissingExtraError: it is a Parquet file, and pyarrow is not installed.
    """
    readings = [_read(path, query_ids, models) for path in eval_files(paths)]
    if not readings:
        return no_evals(len(query_ids), models)
    for number, reading in enumerate(readings):
        for earlier in readings[:number]:
            _refuse_other_values(earlier, reading)
    scores, costs_usd = (
        _first_known([getattr(reading, name) for reading in readings])
        for name in ("scores", "costs_usd")
    )
    misnamed = [told for reading in readings for told in _misnamed_costs(reading.columns)]
    return EvalTable(
        models=tuple(models),
        scores=scores,
        costs_usd=costs_usd,
        n_scores=int(np.isfinite(scores).sum()),
        unknown_models=tuple(sorted({name for one in readings for name in one.unknown_models})),
        n_unknown_queries=len({name for one in readings for name in one.unknown_queries}),
        warnings=tuple(dict.fromkeys(misnamed)),
    )


def told_unknown_models(table: EvalTable) -> str:
    """Name the models whose scores were not used, slips first; empty if there are none.

    A slip is a name much like that of a model of the config: its scores were paid for.
    """
    slips = {
        name: suggest(name, table.models, likeness=_SLIP).removeprefix("; ")
        for name in table.unknown_models
    }
    names = sorted(slips, key=lambda name: not slips[name])
    told = listed(names, quote=lambda name: shown_id(name) + (slips[name] and f" ({slips[name]})"))
    return told and f"scores of models that are not in the config were not used: {told}"


def eval_files(paths: Path | Sequence[Path] | None) -> list[Path]:
    """List the files of evaluation data a caller gives: none, one or more."""
    if paths is None:
        return []
    return [Path(paths)] if isinstance(paths, Path | str) else [Path(path) for path in paths]


def _read(path: Path, query_ids: Sequence[str], models: Sequence[str]) -> _Reading:
    shape = (len(query_ids), len(models))
    reading = _Reading(
        path=path,
        queries={query_id: row for row, query_id in enumerate(query_ids)},
        models={model: column for column, model in enumerate(models)},
        scores=np.full(shape, np.nan),
        costs_usd=np.full(shape, np.nan),
        lines=np.zeros(shape, dtype=np.uint32),
    )
    faulty = FaultyRows()
    with faulty.reading():
        for row in read_rows(path, ("query_id", "model", "score"), KNOWN_COLUMNS):
            with faulty:
                _take(reading, row)
    faulty.refuse()
    _refuse_strangers(reading)
    if reading.ignored:
        logger.info("%s: columns not used: %s", path, ", ".join(sorted(reading.ignored)))
    for warning in _misnamed_costs(reading.columns):
        logger.warning("%s: %s", path, warning)
    return reading


def _first_known(tables: Sequence[Numbers]) -> Numbers:
    """Return, of each cell, the first value that is known; NaN where none is."""
    found = tables[0].copy()
    for table in tables[1:]:
        np.copyto(found, table, where=np.isnan(found))
    return found


def _refuse_other_values(earlier: _Reading, reading: _Reading) -> None:
    """Refuse a file that says otherwise than an earlier one; to say nothing is not otherwise."""
    faulty, query_ids, models = FaultyRows(), list(reading.queries), list(reading.models)
    cells: dict[tuple[int, int], str] = {}
    for table, column in (("scores", "score"), ("costs_usd", "cost_usd")):
        before, now = getattr(earlier, table), getattr(reading, table)
        same = np.isclose(before, now, rtol=_ROUNDED[column], atol=0)
        differs = np.argwhere(~np.isnan(before) & ~np.isnan(now) & ~same)
        cells = dict.fromkeys(((row, model) for row, model in differs.tolist()), column) | cells
    for cell in sorted(cells, key=lambda cell: int(reading.lines[cell])):
        with faulty:
            names = query_ids[cell[0]], models[cell[1]]
            raise _contradiction(earlier, reading, cell, cells[cell], names)
    faulty.refuse()


def _contradiction(
    earlier: _Reading,
    reading: _Reading,
    cell: tuple[int, int],
    column: str,
    names: tuple[str, str],
) -> InputError:
    query_id, model = names
    table = "scores" if column == "score" else "costs_usd"
    return InputError(
        f"query {shown_id(query_id)} and model {model!r} have two values, here and on line "
        f"{earlier.lines[cell]} of {earlier.path} (there {getattr(earlier, table)[cell]:.10g}); "
        "keep one of them",
        path=reading.path,
        line=int(reading.lines[cell]),
        column=column,
        value=float(getattr(reading, table)[cell]),
    )


def _take(reading: _Reading, row: Row) -> None:
    query_id = identifier(reading.path, row, "query_id")
    model = identifier(reading.path, row, "model")
    score, cost_usd = _score(reading.path, row), _cost_usd(reading.path, row)
    reading.columns |= row.values.keys()
    query, column = reading.queries.get(query_id), reading.models.get(model)
    if query is None:
        reading.unknown_queries[query_id] = None
    if column is None:
        reading.unknown_models[model] = None
    reading.found_query |= query is not None
    reading.found_model |= column is not None
    if query is None or column is None:
        return
    cell = query, column
    if reading.lines[cell]:
        _refuse_contradiction(reading, row, cell, (score, cost_usd))
        return
    reading.lines[cell] = row.line
    reading.scores[cell], reading.costs_usd[cell] = score, cost_usd


def _misnamed_costs(columns: Collection[str]) -> tuple[str, ...]:
    name = None if "cost_usd" in columns else rename_to("cost_usd", columns)
    if name is None:
        return ()
    told = (
        f"the column {name[:40]!r} of the evals is not used, the prices of the config are; if it "
        "holds US dollars a request, rename it to cost_usd"
    )
    return (told,)


def _score(path: Path, row: Row) -> float:
    value = row.values["score"]
    if value is None:
        return math.nan
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        value = value.strip().lower()
        if value in _WORDS or not value:
            return _WORDS.get(value, math.nan)
    number = _number(value)
    if 0 <= number <= 1:
        return number
    problem = (
        "must be a number from 0 to 1, true or false, or empty if unknown; bring other scales to "
        "that range"
    )
    raise _wrong(problem, path, row, "score")


def _cost_usd(path: Path, row: Row) -> float:
    value = row.values.get("cost_usd")
    if value is None or (isinstance(value, str) and not value.strip()):
        return math.nan
    number = _number(value)
    if 0 <= number <= LARGEST_COST_USD:
        return number
    problem = "must be a number of dollars from 0 to 1000000 without a sign, or empty if unknown"
    raise _wrong(problem, path, row, "cost_usd")


def _number(value: object) -> float:
    """Return a number, or NaN for what is none; of two marks a comma could group thousands.

    >>> _number("0.5"), _number("0,5"), _number("1,234.5"), _number("1_0")
    (0.5, 0.5, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return math.nan
    if isinstance(value, str) and ("_" in value or "," in value):
        is_decimal = value.count(",") == 1 and "." not in value and "_" not in value
        value = value.replace(",", ".") if is_decimal else "nan"
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _wrong(problem: str, path: Path, row: Row, column: str) -> InputError:
    value = row.values[column]
    # With its columns mixed up, a row has the text of a query or an answer here.
    shown = value if _SHOWN.fullmatch(str(value)) else None
    return InputError(problem, path=path, line=row.line, column=column, value=shown)


def _refuse_contradiction(
    reading: _Reading, row: Row, cell: tuple[int, int], values: tuple[float, float]
) -> None:
    query = shown_id(str(row.values["query_id"]))
    kept = (reading.scores[cell], reading.costs_usd[cell])
    for column, before, now in zip(("score", "cost_usd"), kept, values, strict=True):
        if before != now and not (math.isnan(before) and math.isnan(now)):
            raise InputError(
                f"query {query} and model {row.values['model']!r} have two values, on lines "
                f"{reading.lines[cell]} and {row.line}; keep one of them",
                path=reading.path,
                line=row.line,
                column=column,
                value=row.values.get(column),
            )


def _refuse_strangers(reading: _Reading) -> None:
    if reading.lines.any():
        return
    hint = "; check that the files belong together"
    if not reading.found_query:
        column = "query_id"
        problem = "no row is for a query of the query log"
        found, expected = list(reading.unknown_queries), list(reading.queries)
    elif not reading.found_model:
        column, problem = "model", "no row is for a model of the config"
        found, expected = list(reading.unknown_models), list(reading.models)
        hint = next((near for model in found if (near := suggest(model, expected))), hint)
    else:
        problem = "no row has both a query of the query log and a model of the config"
        raise InputError(f"{problem}{hint}", path=reading.path)
    # Whoever joins by the text, or mixes up columns, has texts here.
    there, asked = listed(found, 4, shown_id), listed(expected, 4, shown_id)
    there = f"the file has {there}, expected are {asked}"
    raise InputError(f"{problem}: {there}{hint}", path=reading.path, column=column)
