"""Requests that another version sends to another model."""

import dataclasses

import pytest

from semroute.evaluate.moved import NamedMove, moved_traffic
from semroute.router import SemanticRouter
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts, with_cluster

TEXTS = [*tiny_texts(0, 2), *tiny_texts(1, 3), "", "unlike all of it"]
IDS = [f"q{number}" for number in range(len(TEXTS))]


def _routers() -> tuple[SemanticRouter, SemanticRouter]:
    contents = tiny_contents(3)
    labels = [cluster.label for cluster in contents.clusters]
    other = next(model for model in ("medium", "small") if model != labels[1])
    changed = with_cluster(contents, 1, override=other)
    before, after = (SemanticRouter(one, TinyEncoder()) for one in (contents, changed))
    return before, after


def test_each_request_that_moved_is_named_with_both_decisions() -> None:
    before, after = _routers()
    found = moved_traffic(before, after, IDS, TEXTS)
    was, now = before.route_batch(TEXTS), after.route_batch(TEXTS)
    expected = [
        (query_id, a.model, b.model, a.reason, b.reason)
        for query_id, a, b in zip(IDS, was, now, strict=True)
        if a.model != b.model
    ]
    assert [one[0] for one in expected] == ["q2", "q3", "q4"]
    told = found.to_dict()["moved"]
    assert [tuple(one.values()) for one in told] == expected
    assert {one.reason for one in found.moved} == {"override"}
    assert found.moves(2) == (NamedMove(was[2].model, now[2].model, 3, ("q2", "q3")),)


def test_costs_are_means_of_what_each_version_expects() -> None:
    before, after = _routers()
    found = moved_traffic(before, after, IDS[:5], TEXTS[:5])

    def mean(router: SemanticRouter) -> float:
        chosen = [
            next(c.expected_cost_usd for c in one.candidates if c.model == one.model)
            for one in router.route_batch(TEXTS[:5])
        ]
        return sum(cost or 0 for cost in chosen) / 5

    assert found.cost_usd_before == pytest.approx(mean(before))
    assert found.cost_usd == pytest.approx(mean(after))
    assert found.cost_usd != found.cost_usd_before


def test_both_costs_are_what_the_newer_version_expects() -> None:
    """The older one expects twice as much of every model: no request has become any cheaper."""
    before, after = tiny_contents(3), tiny_contents(3)
    doubled = dataclasses.replace(before.estimator, costs_usd=2 * before.estimator.costs_usd)
    routers = [
        SemanticRouter(one, TinyEncoder())
        for one in (dataclasses.replace(before, estimator=doubled), after)
    ]
    found = moved_traffic(*routers, IDS[:5], TEXTS[:5])
    assert found.moved == ()
    assert found.cost_usd_before == found.cost_usd


def test_without_requests_nothing_moves_and_no_cost_is_known() -> None:
    found = moved_traffic(*_routers(), [], [])
    assert (found.n_requests, found.moved, found.moves(3)) == (0, (), ())
    assert found.cost_usd is found.cost_usd_before is None
