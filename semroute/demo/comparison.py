"""What routing saves on the demo's held-out queries, against always using one model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semroute.config import Config
from semroute.demo.dataset import DemoFiles
from semroute.evals import EvalTable, read_evals
from semroute.queries import read_queries
from semroute.router import SemanticRouter


@dataclass(frozen=True)
class Compared:
    """One way to answer the held-out queries: mean score and mean cost in US dollars a request.

    `score` is over the queries whose chosen model has a score, `n_scored` of them.
    """

    name: str
    score: float
    cost_usd: float
    n_scored: int


def compare(router: SemanticRouter, files: DemoFiles, config: Config) -> tuple[Compared, ...]:
    """Answer the held-out queries by the router, by the frontier and by the cheapest model."""
    log = read_queries(files.queries_test)
    table = read_evals(files.evals_test, log.query_ids, config.model_names)
    costs = np.where(np.isnan(table.costs_usd), config.prices_usd(log.texts), table.costs_usd)
    routed = [config.model_names.index(d.model) for d in router.route_batch(log.texts)]
    cheapest = int(np.argmin(costs.mean(axis=0)))
    frontier = config.model_names.index(config.frontier)
    n = len(log.texts)
    return (
        _compared("semroute", routed, table, costs),
        _compared(f"always {config.frontier}", [frontier] * n, table, costs),
        _compared(f"always {config.model_names[cheapest]}", [cheapest] * n, table, costs),
    )


def _compared(
    name: str, columns: Sequence[int], table: EvalTable, costs: NDArray[np.float64]
) -> Compared:
    rows = np.arange(len(columns))
    scores = table.scores[rows, columns]
    n_scored = int((~np.isnan(scores)).sum())
    return Compared(name, float(np.nanmean(scores)), float(costs[rows, columns].mean()), n_scored)
