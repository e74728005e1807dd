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

    `cost_usd_before` and `cost_usd` are what a request is expected to cost on average, each by its
    own version; None where the cost of some request is unknown.
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
    return MovedTraffic(len(new), moved, _mean_cost_usd(old), _mean_cost_usd(new))


def _mean_cost_usd(decisions: Sequence[RouteDecision]) -> float | None:
    costs_usd = [_cost_usd(decision) for decision in decisions]
    known = [cost_usd for cost_usd in costs_usd if cost_usd is not None]
    if not known or len(known) < len(costs_usd):
        return None
    return sum(known) / len(known)


def _cost_usd(decision: RouteDecision) -> float | None:
    return next(
        (one.expected_cost_usd for one in decision.candidates if one.model == decision.model), None
    )
