"""What routing saves on the demo's held-out queries, against always using one model."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.loading import load_index
from semroute.evaluate.frozen import read_frozen_set
from semroute.evaluate.paired import PairedBootstrap, chosen_shares, score_interval
from semroute.router import SemanticRouter


@dataclass(frozen=True)
class Compared:
    """One way to answer the held-out queries, in the figures of `semroute evaluate`.

    `score` is the mean score, None if it is unknown; `cost_usd` is of a request on average;
    `saving` is the share of the frontier's cost; `n_scored` counts queries whose chosen model has
    a score beside the frontier's.
    """

    name: str
    score: float | None
    cost_usd: float
    saving: float
    n_scored: int


def compare(
    router: SemanticRouter, index: Path, queries: Path, evals: Path
) -> tuple[Compared, ...]:
    """Answer the held-out queries by the router, by the frontier and by the cheapest model."""
    contents = load_index(index, samples=False)
    frozen = read_frozen_set(queries, evals, contents)
    n = len(frozen.texts)
    judge = PairedBootstrap(frozen, np.ones((1, n)))
    routed = np.array([frozen.models.index(d.model) for d in router.route_batch(frozen.texts)])
    cheapest = frozen.cheapest_column
    return (
        _compared("semroute", routed, judge),
        _compared(f"always {frozen.frontier}", np.full(n, frozen.frontier_column), judge),
        _compared(f"always {frozen.models[cheapest]}", np.full(n, cheapest), judge),
    )


def _compared(name: str, columns: NDArray[np.int64], judge: PairedBootstrap) -> Compared:
    shares = chosen_shares(columns, len(judge.frozen.models))
    draws = judge.draws(shares)
    score = score_interval(draws.score)
    return Compared(
        name=name,
        score=None if score is None else score.value,
        cost_usd=float(draws.cost_usd[0]),
        saving=float(draws.saving[0]),
        n_scored=len(columns) - judge.n_unscored(shares),
    )
