"""Which requests another version of an index sends to another model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from semroute.artifact.difference import Move
from semroute.decision import RouteDecision
from semroute.router import SemanticRouter
from semroute.texts import Query


@dataclass(frozen=True)
class MovedRequest:
    """A request that goes to another model, and why it goes there."""

    query_id: str
    model_before: str
    model: str
    reason_before: str
    reason: str


@dataclass(frozen=True)
class NamedMove(Move):
    """The same with the first few of their ids."""

    query_ids: tuple[str, ...]


@dataclass(frozen=True)
class MovedTraffic:
    """The same requests decided by two versions.

    `cost_usd_before` and `cost_usd` are what a request is expected to cost on average with the
    models that each version gives it, both as `after` expects, so that nothing but other models
    makes a difference; as `before` expects of a model that `after` does not know. None without any
    request, or where the cost of one is unknown.
    """

    n_requests: int
    moved: tuple[MovedRequest, ...]
    cost_usd_before: float | None
    cost_usd: float | None

    def moves(self, n_ids: int) -> tuple[NamedMove, ...]:
        """Return which models requests went between, the most frequent first."""
        pairs = Counter((one.model_before, one.model) for one in self.moved)
        ids: dict[tuple[str, str], list[str]] = {pair: [] for pair in pairs}
        for one in self.moved:
            ids[one.model_before, one.model].append(one.query_id)
        return tuple(
            NamedMove(*pair, n_requests=n, query_ids=tuple(ids[pair][:n_ids]))
            for pair, n in pairs.most_common()
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def moved_traffic(
    before: SemanticRouter,
    after: SemanticRouter,
    query_ids: Sequence[str],
    requests: Sequence[Query],
) -> MovedTraffic:
    """Decide requests by two versions, as each would serve them."""
    old, new = before.route_batch(requests), after.route_batch(requests)
    moved = tuple(
        MovedRequest(query_id, was.model, now.model, was.reason, now.reason)
        for query_id, was, now in zip(query_ids, old, new, strict=True)
        if was.model != now.model
    )
    costs_before = [_cost_usd(was.model, now, was) for was, now in zip(old, new, strict=True)]
    costs = [_cost_usd(now.model, now) for now in new]
    return MovedTraffic(len(new), moved, _mean(costs_before), _mean(costs))


def _mean(costs_usd: Sequence[float | None]) -> float | None:
    known = [cost_usd for cost_usd in costs_usd if cost_usd is not None]
    return sum(known) / len(known) if known and len(known) == len(costs_usd) else None


def _cost_usd(model: str, *decisions: RouteDecision) -> float | None:
    """Return what a model is expected to cost, by the first decision that knows it."""
    candidates = (one for decision in decisions for one in decision.candidates)
    return next((one.expected_cost_usd for one in candidates if one.model == model), None)
