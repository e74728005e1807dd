"""Small frozen sets, and decisions on them."""

from collections.abc import Mapping, Sequence

import numpy as np

from semroute.decision import Candidate, Reason, RouteDecision
from semroute.evaluate.frozen import FrozenSet
from semroute.ood import SimilarityThreshold
from semroute.policy import NO_OVERRIDE, RoutingPolicy

MODELS = ("large", "small")
NAN = float("nan")


def frozen_set(
    scores: Sequence[Sequence[float]],
    costs_usd: Sequence[float] = (0.1, 0.01),
    *,
    models: Sequence[str] = MODELS,
    columns: Mapping[str, tuple[str, ...]] | None = None,
    groups: Sequence[int] | None = None,
) -> FrozenSet:
    """A set whose frontier is the first model; every query costs the same."""
    table = np.array(scores, dtype=float)
    n = len(table)
    return FrozenSet(
        query_ids=tuple(f"q{row}" for row in range(n)),
        requests=tuple(f"text number {row}" for row in range(n)),
        texts=tuple(f"text number {row}" for row in range(n)),
        columns=columns or {},
        models=tuple(models),
        frontier=models[0],
        scores=table,
        costs_usd=np.tile(np.array(costs_usd), (n, 1)),
        expected_costs_usd=np.tile(np.array(costs_usd), (n, 1)),
        is_measured=np.ones(table.shape, dtype=bool),
        groups=np.arange(n) if groups is None else np.array(groups),
    )


def decision(
    model: str,
    expected_loss: Sequence[float | None],
    *,
    reason: Reason = "matched",
    cluster_id: int | None = 0,
    costs_usd: Sequence[float | None] = (0.1, 0.01),
    models: Sequence[str] = MODELS,
) -> RouteDecision:
    """A decision by a cluster with these expected losses."""
    candidates = zip(models, expected_loss, costs_usd, strict=True)
    return RouteDecision(
        model=model,
        reason=reason,
        index_version="v",
        candidates=tuple(Candidate(*one) for one in candidates),
        cluster_id=cluster_id,
        cluster_name=None if cluster_id is None else f"cluster {cluster_id}",
        similarity=None if cluster_id is None else 0.1 if reason == "ood" else 0.9,
    )


def policy(
    *, tolerance: float | None = None, overrides: Sequence[int] = (NO_OVERRIDE,), n_models: int = 2
) -> RoutingPolicy:
    """A policy of as many clusters as there are overrides; every model was measured on each."""
    return RoutingPolicy(
        frontier=0,
        tolerance=tolerance,
        measured=np.ones((len(overrides), n_models), dtype=bool),
        overrides=np.array(overrides),
        ood_rule=SimilarityThreshold(0.5),
        windows=np.full(n_models, np.inf),
        usual_cost_usd=0.1,
    )
