"""The frozen set: queries with scores that no build has seen."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.artifact.serving import cleaned_text, seen_requests
from semroute.costs import expected_usd, price_ratios, spent_usd
from semroute.counted import are, counted
from semroute.errors import InputError, InvalidIndexError
from semroute.evals import eval_files, read_evals, told_unknown_models
from semroute.queries import read_queries
from semroute.seen import Overlap
from semroute.split import group_ids
from semroute.tables import read_rows, shown_id
from semroute.texts import Query, told_apart

logger = logging.getLogger("semroute")

Numbers = NDArray[np.float64]

SMALL = 30
"""Queries below which a set, or a part of one, tells little."""

_BY = ", by the last user message and how much else there is"
"""How requests of messages are told apart."""

N_LISTED = 20
"""Seen queries that a message names; the JSON document of `--skip-seen` names all."""


@dataclass(frozen=True)
class FrozenSet:
    """Queries to judge a router on, row by row.

    `requests` are what the router is asked, `texts` what it looks up of them. `scores` is float64
    (n, n_models), NaN where unknown; `costs_usd` the same shape, measured where it was and else
    from the price, never NaN; `is_measured` says which, bool of the same shape;
    `expected_costs_usd` is what prices say ahead of all of them. `columns` are the query file's
    own. `groups` numbers near duplicates alike: they are drawn together. `left_out`
    are the ids of queries a build has seen that were left out, `n_same` of them with the same
    words.
    """

    query_ids: tuple[str, ...]
    requests: tuple[Query, ...]
    texts: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    models: tuple[str, ...]
    frontier: str
    scores: Numbers
    costs_usd: Numbers
    expected_costs_usd: Numbers
    is_measured: NDArray[np.bool_]
    groups: NDArray[np.int64]
    left_out: tuple[str, ...] = ()
    n_same: int = 0

    @property
    def frontier_column(self) -> int:
        """The column of the frontier model."""
        return self.models.index(self.frontier)

    @property
    def losses(self) -> Numbers:
        """The frontier's score minus each model's on the same query, NaN where one is unknown."""
        return self.scores[:, [self.frontier_column]] - self.scores

    @property
    def cheapest_column(self) -> int:
        """The column of the cheapest model that was scored beside the frontier."""
        scored = np.isfinite(self.losses).any(axis=0)
        return int(np.where(scored, self.costs_usd.mean(axis=0), np.inf).argmin())


def read_frozen_set(
    queries: Path,
    evals: Path | Sequence[Path],
    contents: IndexContents,
    *,
    skip_seen: bool = False,
) -> FrozenSet:
    """Read queries and scores, and refuse those the build has seen.

    Args:
        queries: in any format of a query log.
        evals: scores per query and model, in one or more files.
        contents: the index to be judged.
        skip_seen: leave out what the build has seen instead of refusing all of it.

    Raises:
        InputError: a file cannot be read, the build has seen some of the queries, or none is left
            with scores of the frontier.
        InvalidIndexError: the index does not say what its build has seen.
    """
    config = contents.manifest.config
    log = read_queries(queries, keep_columns=True)
    table = read_evals(evals, log.query_ids, config.model_names)
    if told := told_unknown_models(table):
        logger.warning(told)
    prices = config.prices_usd(log.n_chars)
    ratios = price_ratios(table.costs_usd, prices)
    texts = [cleaned_text(contents, text).text for text in log.texts]
    if n_blank := texts.count(""):
        told = "%s: %s blank; the frontier model gets such, and they count"
        logger.warning(told, queries, f"{counted(n_blank, 'query')} {are(n_blank)}")
    whole = FrozenSet(
        query_ids=log.query_ids,
        requests=log.requests,
        texts=log.texts,
        columns=log.columns,
        models=config.model_names,
        frontier=config.frontier,
        scores=table.scores,
        costs_usd=spent_usd(table.costs_usd, prices, ratios),
        expected_costs_usd=expected_usd(table.costs_usd, prices, ratios),
        is_measured=~np.isnan(table.costs_usd),
        groups=group_ids(told_apart(texts, log.n_chars)),
    )
    kept = _without_seen(whole, texts, log.n_chars, contents, queries, skip_seen)
    if len(kept.texts) < SMALL:
        told = "%s: %s too few to judge by: intervals and gates mean little"
        n = len(kept.texts)
        logger.warning(told, queries, f"{counted(n, 'query')} {are(n)}")
    if not np.isfinite(kept.scores[:, kept.frontier_column]).any():
        problem = f"no query has a score of the frontier model {config.frontier!r}; add some"
        raise InputError(problem, path=eval_files(evals)[0], column="model")
    return kept


def _without_seen(
    frozen: FrozenSet,
    texts: Sequence[str],
    n_chars: Sequence[int],
    contents: IndexContents,
    path: Path,
    skip_seen: bool,
) -> FrozenSet:
    """Leave out or refuse what the build has seen; `texts` are cleaned, `n_chars` whole lengths."""
    if not len(contents.seen):
        raise InvalidIndexError(
            f"version {contents.manifest.index_version}",
            "does not say which queries its build has seen, so nobody can tell whether this set "
            "judges it fairly; run build-index again",
        )
    found = seen_requests(contents, texts, n_chars)
    if not found.seen.any():
        return frozen
    told_by = "" if all(isinstance(one, str) for one in frozen.requests) else _BY
    if not skip_seen:
        raise _refusal(found, frozen.query_ids, told_by, path)
    if found.seen.all():
        problem = f"the build has seen every query of this set{told_by}; use another"
        raise InputError(problem, path=path)
    kept = np.flatnonzero(~found.seen)
    left_out = tuple(frozen.query_ids[row] for row in np.flatnonzero(found.seen))
    return replace(taken(frozen, kept), left_out=left_out, n_same=int(found.same.sum()))


def _refusal(found: Overlap, query_ids: Sequence[str], told_by: str, path: Path) -> InputError:
    seen = [query_ids[int(row)] for row in np.flatnonzero(found.seen)]
    wanted = set(seen[:N_LISTED])
    lines = {
        str(row.values["query_id"]): row.line
        for row in read_rows(path, ("query_id",), ("query_id",))
        if str(row.values["query_id"]) in wanted
    }
    named = ", ".join(f"{shown_id(one)} (line {lines[one]})" for one in seen[:N_LISTED])
    more = f" and {len(seen) - N_LISTED} more" if len(seen) > N_LISTED else ""
    kinds = f"{int(found.same.sum())} with the same words, {int(found.near.sum())} nearly so"
    return InputError(
        f"the build has seen {len(seen):,} of these {len(query_ids):,} queries{told_by} ({kinds}): "
        f"{named}{more}; take them out, or leave them out with --skip-seen",
        path=path,
        column="query_id",
    )


def taken(frozen: FrozenSet, rows: NDArray[np.int64]) -> FrozenSet:
    """Return the set with these rows only."""
    return replace(
        frozen,
        query_ids=tuple(frozen.query_ids[row] for row in rows),
        requests=tuple(frozen.requests[row] for row in rows),
        texts=tuple(frozen.texts[row] for row in rows),
        columns={
            name: tuple(values[row] for row in rows) for name, values in frozen.columns.items()
        },
        scores=frozen.scores[rows],
        costs_usd=frozen.costs_usd[rows],
        expected_costs_usd=frozen.expected_costs_usd[rows],
        is_measured=frozen.is_measured[rows],
        groups=np.unique(frozen.groups[rows], return_inverse=True)[1].astype(np.int64),
    )
