"""Decisions beside the held-out queries: worked by hand, served by a router, drawn at random."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.serving import cleaned_text
from semroute.decision import RouteDecision
from semroute.errors import InputError
from semroute.monitoring import Figure, traffic_drift
from semroute.queries import read_queries
from semroute.router import SemanticRouter
from semroute.split import in_fit
from tests.build.small import (
    build_small,
    held_out_rows,
    routed,
    rows_of,
    write_priced_files,
    write_rows,
)
from tests.judged import Judged
from tests.monitoring.traffic import decided, decision, drawn, drawn_index, index_of
from tests.tiny import tiny_config

SHARES = np.array([0.3, 0.2, 0.15, 0.1, 0.08, 0.07, 0.05, 0.05])
SHIFTED = np.array([0.15, 0.2, 0.15, 0.1, 0.08, 0.07, 0.05, 0.2])


def named(figures: tuple[Figure, ...], name: str) -> Figure:
    return next(one for one in figures if one.name == name)


def four_held_out() -> IndexContents:
    """Held out: two of cluster 0 that the frontier answers, one of 1 that does not, one unknown."""
    held = dataclasses.replace(
        drawn(np.random.default_rng(0), np.ones(2) / 2, 4),
        cluster_ids=np.array([0, 0, 1, 1]),
        similarities=np.array([0.9, 0.8, 0.9, 0.1], dtype=np.float32),
        expected_losses=np.array([[0, 0.5, 0.5], [0, 0.5, 0.5], [0, 0.5, 0.01], [0, 0.5, 0.01]]),
        expected_costs_usd=np.tile([0.02, 0.004, 0.001], (4, 1)),
    )
    return index_of(held, 2)


def test_the_figures_of_the_held_out_queries_are_those_worked_by_hand() -> None:
    found = traffic_drift(four_held_out(), [decision()])
    assert found.n_held_out == 4
    assert {one.name: one.held_out for one in found.models} == {
        "large": 0.75,
        "medium": 0.0,
        "small": 0.25,
    }
    assert named(found.reasons, "ood").held_out == 0.25
    assert named(found.reasons, "truncated").held_out is None
    assert named(found.means, "expected loss").held_out == pytest.approx(0.01 / 4)
    # The unknown one costs what a usual request does, as a decision of it says.
    assert named(found.means, "expected cost").held_out == pytest.approx((3 * 0.02 + 0.001) / 4)
    assert found.saving.held_out == pytest.approx(1 - (3 * 0.02 + 0.001) / (4 * 0.02))
    assert {one.cluster_id: one.held_out for one in found.clusters.shares} == pytest.approx(
        {0: 2 / 3, 1: 1 / 3}
    )


def test_the_figures_of_the_decisions_are_those_worked_by_hand() -> None:
    made = [
        decision(similarity=0.7),
        decision(similarity=0.8, truncated=True),
        decision("small", "matched", 1, losses=(0.0, None, 0.02), costs_usd=(0.03, 0.02, 0.01)),
        decision("small", "override", 1, losses=(0.0, None, None), similarity=0.95),
        decision(reason="ood", similarity=0.1, costs_usd=(0.04, 0.0, 0.0)),
        decision(reason="ood", similarity=None),
        decision(reason="empty", similarity=None),
        decision(reason="encoder_error", similarity=None),
    ]
    found = traffic_drift(four_held_out(), [one.to_dict() for one in made])
    assert (found.n_decisions, found.n_compared, found.n_texts) == (8, 6, 6)
    assert named(found.models, "small").now == pytest.approx(2 / 6)
    assert named(found.models, "small").difference == pytest.approx(2 / 6 - 1 / 4)
    assert named(found.models, "small").noise == pytest.approx(
        2 * np.sqrt(0.3 * 0.7 * (1 / 4 + 1 / 6))
    )
    of_reasons = {one.name: one.now for one in found.reasons}
    assert of_reasons == pytest.approx(
        {"ood": 2 / 6, "too_long": 0, "empty": 1 / 8, "encoder_error": 1 / 8, "truncated": 1 / 8}
    )
    # What the override loses nobody knows: the mean is over the others.
    assert named(found.means, "expected loss").now == pytest.approx(0.02 / 5)
    # What is unknown counts as a usual request, whatever its length made of its cost.
    costs_usd = [0.02, 0.02, 0.01, 0.0005, 0.02, 0.02]
    assert named(found.means, "expected cost").now == pytest.approx(np.mean(costs_usd))
    # With the frontier always the third would cost 0.03, the others what a usual request does.
    assert found.saving.to_dict() == {
        "frontier": "large",
        "n_requests": 6,
        "cost_usd": pytest.approx(sum(costs_usd)),
        "frontier_cost_usd": pytest.approx(5 * 0.02 + 0.03),
        "now": pytest.approx(1 - sum(costs_usd) / 0.13),
        "held_out": found.saving.held_out,
    }
    assert {one.cluster_id: one.now for one in found.clusters.shares} == {0: 0.5, 1: 0.5}
    assert found.clusters.moved_share == pytest.approx(1 / 6)


def test_held_out_queries_served_by_the_router_are_the_held_out_queries(judged: Judged) -> None:
    contents = load_index(judged.index)
    log = read_queries(judged.files.queries)
    texts = [cleaned_text(contents, text).text for text in log.texts]
    again = [log.requests[row] for row in np.flatnonzero(~in_fit(texts, 0))]
    decisions = SemanticRouter(contents, judged.encoder).route_batch(again)
    found = traffic_drift(contents, decisions)
    assert found.n_decisions == found.n_held_out == len(contents.calibration.text_ids) > 300
    told = [one for one in (*found.figures, *found.clusters.shares) if one.name != "truncated"]
    for one in told:
        assert one.now == pytest.approx(one.held_out), one.name
    assert named(found.models, "mid-m").now not in (0, 1)
    assert named(found.means, "expected loss").now != 0
    assert found.clusters.moved_share == pytest.approx(0)
    assert not found.is_drift


def test_held_out_queries_too_long_to_be_read_cost_the_same_served(tmp_path: Path) -> None:
    files = write_priced_files(tmp_path, n_queries=1200)
    cut = '[texts]\nmax_chars = 200\ntruncated = "frontier"\n'
    files.config.write_text(f"{files.config.read_text()}\n{cut}")
    rows = rows_of(files)
    for row in rows[::10]:
        row["text"] += " detail" * 100
    write_rows(files, rows)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    found = traffic_drift(contents, routed(held_out_rows(rows, contents), tmp_path / "i"))
    assert (named(found.reasons, "ood or too_long").now or 0) > 0.05
    for one in (*found.models, *found.means, *found.reasons[:-1]):
        assert one.now == pytest.approx(one.held_out), one.name
    assert not found.is_drift


def rounds(
    n_rounds: int, shares: np.ndarray, n: int, seed: int = 0, ood: float = 0.02
) -> list[bool]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_rounds):
        contents = index_of(drawn(rng, SHARES, 800), len(SHARES))
        decisions = decided(contents, drawn(rng, shares, n, ood=ood))
        found.append(traffic_drift(contents, decisions).is_drift)
    return found


@pytest.mark.parametrize("n", [100, 1000])
def test_the_same_traffic_is_called_another_one_at_most_once_in_twenty(n: int) -> None:
    # At 5% more than 9 of 80 come once in 60 times.
    assert sum(rounds(80, SHARES, n)) <= 9


def test_traffic_of_which_some_has_moved_to_another_cluster_is_found() -> None:
    assert all(rounds(10, SHIFTED, 1000))


def test_more_unknown_requests_are_found() -> None:
    assert all(rounds(10, SHARES, 1000, ood=0.15))


def test_copies_of_texts_raise_no_false_alarm_where_each_were_a_request_of_its_own() -> None:
    rng, by_copies, n_alarms = np.random.default_rng(1), 0, 0
    for _ in range(40):
        contents = index_of(drawn(rng, SHARES, 800, most_copies=60), len(SHARES))
        decisions = decided(contents, drawn(rng, SHARES, 1000, most_copies=60))
        found = traffic_drift(contents, decisions)
        shares = (*found.figures, *found.clusters.shares)
        by_copies += any(one.differs_by_copies for one in shares)
        n_alarms += found.is_drift
    assert by_copies > 20
    assert n_alarms <= 6


def test_what_a_text_sent_over_and_over_changes_is_told_and_no_alarm() -> None:
    contents = drawn_index(8)
    decisions = decided(contents, drawn(np.random.default_rng(5), np.ones(8) / 8, 500))
    once_more = decision("small", "matched", 1, losses=(0.0, 0.01, 0.01), similarity=0.77)
    found = traffic_drift(contents, [*decisions, *[once_more] * 200])
    assert (found.n_texts, found.largest_text_share) == (501, pytest.approx(200 / 700))
    assert not found.is_drift
    assert found.clusters.shares[0].cluster_id == 1
    assert found.clusters.shares[0].differs_by_copies
    assert "cluster 1 is 3" in found.sentence
    assert "come again and again" in found.sentence


def shift(contents: IndexContents, n: int = 1000) -> list[RouteDecision]:
    shares = np.array([0.7, 0.1, 0.1, 0.1])
    return decided(contents, drawn(np.random.default_rng(3), shares, n))


def test_the_sentence_says_what_differs_and_what_to_do() -> None:
    contents = drawn_index()
    found = traffic_drift(contents, shift(contents))
    assert found.is_promised
    assert found.clusters.shares[0].cluster_id == 0
    assert found.clusters.shares[0].differs
    assert found.sentence.startswith("Traffic is not like the held-out queries: ")
    assert "of known traffic has moved to other clusters (by chance about" in found.sentence
    assert "at most 0.02 of mean score lost, does not speak of it: have a sample" in found.sentence
    of_clusters = dataclasses.replace(found, models=(), means=())
    assert "; cluster 0 is " in of_clusters.sentence


def test_one_cluster_alone_is_drift_and_what_differs_is_not_put_down_to_copies_too() -> None:
    contents = drawn_index()
    found = traffic_drift(contents, shift(contents))
    clusters = dataclasses.replace(found.clusters, differs=False)
    assert dataclasses.replace(found, models=(), reasons=(), means=(), clusters=clusters).is_drift
    assert not any(one.differs and one.differs_by_copies for one in found.clusters.shares)
    no_shares = dataclasses.replace(clusters, shares=())
    alike = dataclasses.replace(found, models=(), reasons=(), means=(), clusters=no_shares)
    assert not alike.is_drift
    moved = dataclasses.replace(no_shares, differs=True)
    assert dataclasses.replace(alike, clusters=moved).is_drift


def test_what_chance_moves_is_what_fresh_samples_of_the_same_shares_do() -> None:
    contents = drawn_index()
    decisions = decided(contents, drawn(np.random.default_rng(9), np.ones(4) / 4, 1000, ood=0.0))
    told = traffic_drift(contents, decisions).clusters
    rng, n_known = np.random.default_rng(3), sum(contents.calibration.similarities > 0.25)
    then, now = (rng.multinomial(n, np.ones(4) / 4, size=20_000) / n for n in (n_known, 1000))
    moved = np.abs(then - now).sum(axis=1) / 2
    assert told.usual_by_chance == pytest.approx(moved.mean(), rel=0.05)
    assert told.most_by_chance == pytest.approx(np.quantile(moved, 0.95), rel=0.06)


def test_nothing_is_said_of_a_promise_that_there_is_not() -> None:
    contents = drawn_index()
    certificate = contents.manifest.certificate
    assert certificate
    broken = certificate.model_copy(update={"holds": False})
    manifest = contents.manifest.model_copy(update={"certificate": broken})
    found = traffic_drift(dataclasses.replace(contents, manifest=manifest), shift(contents))
    assert not found.is_promised
    assert "Nothing is promised of this index anyway; have a sample" in found.sentence


def test_like_traffic_is_told_with_the_change_that_would_be_seen() -> None:
    contents = drawn_index()
    traffic = drawn(np.random.default_rng(9), np.ones(4) / 4, 1000)
    found, few = (traffic_drift(contents, decided(contents, traffic)[:n]) for n in (1000, 20))
    start = "Traffic is like the held-out queries as far as 1,000 decisions can tell. "
    # Two-sided 0.05 / 3 over four clusters is 2.87 standard errors: 0.0142 with the unknown ones.
    assert found.sentence.startswith(f"{start}A cluster with 10% of it would have to grow by about")
    assert found.clusters.visible_change == pytest.approx(2.87 * 0.0143, rel=0.02)
    assert "log more decisions" not in found.sentence
    assert few.sentence.endswith("points to be seen: log more decisions.")


@pytest.mark.parametrize(
    ("reason", "advice"),
    [("empty", "look at what sends requests"), ("encoder_error", "look at the log of the server")],
)
def test_requests_that_were_not_read_differ_on_their_own(reason: str, advice: str) -> None:
    contents = drawn_index()
    made = decided(contents, drawn(np.random.default_rng(9), np.ones(4) / 4, 1000))
    without = traffic_drift(contents, made)
    found = traffic_drift(contents, [*made, *[decision(reason=reason, similarity=None)] * 100])
    assert not without.is_drift
    assert found.is_drift
    assert found.models == without.models
    assert found.reasons[0].name == reason
    assert found.reasons[0].now == pytest.approx(100 / 1100)
    assert found.sentence.startswith("Traffic is like the held-out queries")
    assert advice in found.sentence


def test_blank_requests_that_the_log_had_too_are_no_difference() -> None:
    contents = drawn_index()
    counts = contents.manifest.counts.model_copy(
        update={"n_queries": 1900, "n_unusable_queries": 100}
    )
    manifest = contents.manifest.model_copy(update={"counts": counts})
    made = decided(contents, drawn(np.random.default_rng(9), np.ones(4) / 4, 950))
    blank = [decision(reason="empty", similarity=None)] * 50
    found = traffic_drift(dataclasses.replace(contents, manifest=manifest), [*made, *blank])
    assert named(found.reasons, "empty").held_out == named(found.reasons, "empty").now == 0.05
    assert not found.is_drift


def test_where_truncated_texts_go_to_the_frontier_they_are_compared_with_the_unknown_ones() -> None:
    contents = four_held_out()
    config = tiny_config(texts={"truncated": "frontier"})
    manifest = contents.manifest.model_copy(update={"config": config})
    made = [decision(reason="too_long", similarity=None), decision(reason="ood"), decision()]
    found = traffic_drift(dataclasses.replace(contents, manifest=manifest), made)
    both = named(found.reasons, "ood or too_long")
    assert (both.held_out, both.now) == (0.25, pytest.approx(2 / 3))


def test_other_versions_are_counted_and_left_out() -> None:
    old = [decision("gone", version="20250101T000000Z"), decision(version="20250202T000000Z")]
    found = traffic_drift(drawn_index(), [decision(), *old, old[1]])
    assert found.n_other_versions == {"20250202T000000Z": 2, "20250101T000000Z": 1}
    assert found.n_decisions == 1
    with pytest.raises(InputError, match=r"no decision is of version 2026.*20250202T000000Z \(2\)"):
        traffic_drift(drawn_index(), [*old, old[1]])


@pytest.mark.parametrize("given", [None, 3, "SECRET", ["SECRET"]])
def test_what_is_no_decision_at_all_is_refused_without_its_text(given: object) -> None:
    with pytest.raises(InputError, match="is no decision: input should be") as caught:
        traffic_drift(drawn_index(), [given])  # type: ignore[list-item]  # that is the mistake
    assert "SECRET" not in str(caught.value)


def test_without_decisions_or_held_out_queries_there_is_nothing_to_compare() -> None:
    with pytest.raises(InputError, match="there are no decisions; log one a line"):
        traffic_drift(drawn_index(), [])
    with pytest.raises(InputError, match="has no held-out queries to compare with"):
        traffic_drift(drawn_index(n=0), [decision()])


def test_decisions_that_were_all_empty_leave_the_other_figures_open() -> None:
    found = traffic_drift(drawn_index(), [decision(reason="empty", similarity=None)] * 3)
    assert {one.now for one in (*found.models, *found.means)} == {None}
    assert found.clusters.shares == ()
    assert found.to_dict()["clusters"]["moved_share"] is None
