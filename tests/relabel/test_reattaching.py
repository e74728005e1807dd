from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute import relabel
from semroute.artifact.contents import Cluster
from semroute.relabel import KeptUp, Reattached, Suggestion
from semroute.vectors import Vectors, unit_rows
from tests.tiny_index import tiny_contents

TEMPLATE = tiny_contents().clusters[0]


def clusters(*keys: str, **changes: dict[str, object]) -> tuple[Cluster, ...]:
    """One cluster per key; a keyword argument named like the key changes it."""
    return tuple(
        TEMPLATE.model_copy(
            update={
                "cluster_id": row,
                "cluster_key": key,
                "name": f"auto {key}",
                "auto_name": f"auto {key}",
                **changes.get(key, {}),
            }
        )
        for row, key in enumerate(keys)
    )


def reattach(
    *args: Any,
    frontier: str = "frontier",
    former_frontier: str | None = None,
    known_from: float = 0.7,
) -> Reattached:
    former = former_frontier or frontier
    return relabel.reattach(*args, frontier=frontier, former_frontier=former, known_from=known_from)


def centroids(*rows: tuple[float, ...]) -> Vectors:
    return unit_rows(np.array(rows, dtype=np.float64))


EAST, NORTH, NORTH_EAST = (1.0, 0.0), (0.0, 1.0), (0.6, 0.8)


def test_work_goes_to_the_same_key_wherever_the_cluster_is_now():
    work = {"name": "refunds", "override": "medium", "note": "ask Ann"}
    old = clusters("a", "b", b=work)
    new = clusters("b", "c")
    carried = reattach(old, centroids(EAST, NORTH), new, centroids(EAST, NORTH))
    assert carried.clusters == clusters("b", "c", b=work)
    assert carried.n_reattached == 1
    assert carried.suggestions == ()


@pytest.mark.parametrize("work", [{"name": "own"}, {"override": "large"}, {"note": "n"}])
def test_each_kind_of_work_is_carried_alone(work):
    carried = reattach(clusters("a", a=work), centroids(EAST), clusters("a"), centroids(EAST))
    assert carried.clusters == clusters("a", a=work)
    assert carried.n_reattached == 1


def test_an_automatic_name_is_not_carried():
    old = clusters("a", a={"name": "old words", "auto_name": "old words", "note": "n"})
    carried = reattach(old, centroids(EAST), clusters("a"), centroids(EAST))
    assert carried.clusters[0].name == "auto a"


def test_work_on_a_key_that_is_gone_is_suggested_for_the_nearest_cluster_and_not_applied():
    old = clusters("a", "gone", gone={"name": "refunds", "override": "medium", "note": "why"})
    new = clusters("x", "y")
    carried = reattach(old, centroids(EAST, NORTH_EAST), new, centroids(EAST, NORTH))
    assert carried.clusters == new
    assert carried.n_reattached == 0
    assert carried.suggestions == (
        Suggestion("gone", "refunds", "medium", "why", "y", "auto y", pytest.approx(0.8)),
    )


def test_a_suggestion_says_nothing_of_what_the_analyst_left_automatic():
    old = clusters("gone", gone={"override": "medium"})
    (suggestion,) = reattach(old, centroids(EAST), clusters("x"), centroids(EAST)).suggestions
    assert (suggestion.name, suggestion.label, suggestion.note) == (None, "medium", "")


def test_a_gone_cluster_nobody_worked_on_is_not_mentioned():
    carried = reattach(clusters("gone"), centroids(EAST), clusters("x"), centroids(EAST))
    assert carried.suggestions == ()


def test_a_label_whose_model_is_gone_is_suggested_while_name_and_note_are_carried():
    old = clusters("a", a={"name": "refunds", "override": "retired-model", "note": "why"})
    carried = reattach(old, centroids(EAST), clusters("a"), centroids(EAST))
    assert carried.clusters == clusters("a", a={"name": "refunds", "note": "why"})
    assert carried.suggestions == (
        Suggestion("a", None, "retired-model", "", "a", "refunds", None),
    )


CLOSE = (0.95, 0.3122)
"""Of cosine 0.95 to EAST."""


def test_a_name_and_a_note_go_along_to_the_same_topic_under_another_key_but_no_label():
    old = clusters("a", "gone", gone={"name": "refunds", "override": "medium", "note": "why"})
    new = clusters("x", "a")
    carried = reattach(old, centroids(NORTH, EAST), new, centroids(CLOSE, NORTH))
    assert carried.clusters == clusters("x", "a", x={"name": "refunds", "note": "why"})
    assert (carried.n_reattached, carried.n_renamed) == (0, 1)
    assert carried.suggestions == (
        Suggestion("gone", None, "medium", "", "x", "refunds", pytest.approx(0.95, abs=1e-3)),
    )


@pytest.mark.parametrize(
    ("new_places", "known_from"),
    [
        ((NORTH_EAST, NORTH), 0.5),  # too far
        ((CLOSE, EAST), 0.5),  # another new cluster is nearer
        ((CLOSE, NORTH), 2.0),  # another encoder
    ],
)
def test_a_name_does_not_go_along_to_what_may_be_another_topic(new_places, known_from):
    old = clusters("a", "gone", gone={"name": "refunds"})
    carried = reattach(
        old,
        centroids(NORTH, EAST),
        clusters("x", "a"),
        centroids(*new_places),
        known_from=known_from,
    )
    assert carried.clusters == clusters("x", "a")
    assert carried.n_renamed == 0
    assert [one.name for one in carried.suggestions] == ["refunds"]


def test_that_the_nearest_cluster_has_the_same_label_by_chance_hides_no_lost_one():
    old = clusters("a", "gone", a={"override": "medium"}, gone={"override": "medium"})
    carried = reattach(old, centroids(EAST, NORTH_EAST), clusters("a"), centroids(EAST))
    assert [(one.cluster_key, one.label) for one in carried.suggestions] == [("gone", "medium")]


def test_a_label_that_was_kept_says_in_its_note_where_it_comes_from():
    old = clusters("gone", gone={"override": "large"})
    carried = reattach(
        old, centroids(EAST), clusters("x"), centroids(NORTH_EAST), known_from=0.5, frontier="large"
    )
    (cluster,) = carried.clusters
    assert cluster.override == "large"
    assert cluster.note == "label of the former cluster auto gone, by a build"
    assert carried.suggestions == ()


@pytest.mark.parametrize("note", ["", "ask Ann", "two\nlines; and more"])
def test_where_a_kept_label_comes_from_stays_the_same_over_many_rebuilds(note):
    before = clusters("a", a={"name": "refunds\nor not", "override": "large", "note": note})
    for key in "bcd":
        carried = reattach(
            before,
            centroids(EAST),
            clusters(key),
            centroids(NORTH_EAST),
            known_from=0.5,
            frontier="large",
        )
        assert not [one for one in carried.suggestions if one.label or one.note]
        before = carried.clusters
        origin = "label of the former cluster refunds\nor not, by a build"
        assert before[0].note == (f"{note}; {origin}" if note else origin)


@pytest.mark.parametrize(("place", "is_alike"), [((0.68, 0.7332), False), ((0.64, 0.7684), True)])
def test_a_cluster_is_only_suggested_if_it_is_like_the_one_that_is_gone(place, is_alike):
    old = clusters("gone", gone={"override": "medium"})
    carried = reattach(old, centroids(NORTH), clusters("x"), centroids(place))
    (told,) = carried.suggestions
    assert (told.nearest_key, told.nearest_name) == (("x", "auto x") if is_alike else (None, None))
    assert told.similarity == pytest.approx(place[1], abs=1e-3)


def test_a_kept_label_is_no_suggestion_however_little_alike_the_clusters_are():
    old = clusters("gone", gone={"override": "large", "name": "refunds"})
    places = centroids(EAST), clusters("x"), centroids((0.3, 0.954))
    carried = reattach(old, *places, known_from=0.2, frontier="large")
    (told,) = carried.suggestions
    assert (told.name, told.label, told.note) == ("refunds", None, "")


def test_a_label_is_suggested_although_the_cluster_there_stays_with_the_frontier_for_another():
    old = clusters("gone", "pinned", gone={"override": "medium"}, pinned={"override": "large"})
    carried = reattach(
        old,
        centroids(NORTH_EAST, EAST),
        clusters("x"),
        centroids((0.9, 0.1)),
        known_from=0.5,
        frontier="large",
    )
    assert [one.former_key for one in carried.kept_up] == ["pinned"]
    assert [(one.cluster_key, one.label) for one in carried.suggestions] == [("gone", "medium")]


def test_only_topics_somebody_worked_on_count_as_renamed():
    old = clusters("a", "b", a={"note": "ask Ann"})
    places = centroids(EAST, NORTH)
    assert reattach(old, places, clusters("x", "y"), places).n_renamed == 1


PINNED = {"name": "refunds", "override": "large", "note": "ask Ann"}
NOTED = "ask Ann; label of the former cluster refunds, by a build"


def test_a_label_of_the_frontier_stays_in_force_where_its_cluster_was():
    old = clusters("a", "gone", gone=PINNED)
    carried = reattach(
        old,
        centroids(EAST, NORTH_EAST),
        clusters("x", "y"),
        centroids(EAST, NORTH),
        frontier="large",
    )
    assert carried.clusters == clusters("x", "y", y={"override": "large", "note": NOTED})
    assert carried.kept_up == (KeptUp("y", "auto y", "gone", "refunds", pytest.approx(0.8)),)
    assert carried.n_reattached == 0
    (left,) = carried.suggestions
    assert (left.name, left.label, left.note) == ("refunds", None, "")


def test_every_part_of_a_cluster_that_was_split_keeps_the_label_of_the_frontier():
    old = clusters("a", "pinned", pinned=PINNED | {"name": "auto pinned"})
    new = clusters("pinned", "part", "a")
    places = centroids(NORTH, NORTH_EAST, EAST)
    carried = reattach(old, centroids(EAST, NORTH), new, places, frontier="large")
    assert [one.override for one in carried.clusters] == ["large", "large", None]
    assert [kept.cluster_key for kept in carried.kept_up] == ["part"]
    assert carried.suggestions == ()


def test_centroids_of_another_encoder_are_not_compared_though_they_have_its_dimension():
    old = clusters("gone", gone={"override": "medium"})
    carried = reattach(old, centroids(EAST), clusters("x"), centroids(EAST), known_from=2.0)
    assert carried.suggestions == (Suggestion("gone", None, "medium", "", None, None, None),)


def test_what_the_old_index_did_not_know_is_not_kept_with_the_frontier():
    old = clusters("gone", gone=PINNED)
    for known_from, n_kept in ((0.5, 1), (0.7, 0), (2.0, 0)):
        carried = reattach(
            old,
            centroids(EAST),
            clusters("x"),
            centroids(NORTH_EAST),
            known_from=known_from,
            frontier="large",
        )
        assert len(carried.kept_up) == n_kept
        assert [one.label for one in carried.suggestions] == ([None] if n_kept else ["large"])


def test_a_cluster_that_was_there_before_is_not_kept_with_the_frontier_for_its_neighbour():
    old = clusters("a", "gone", gone=PINNED)
    carried = reattach(
        old, centroids(EAST, NORTH), clusters("a"), centroids(NORTH), frontier="large"
    )
    assert carried.clusters == clusters("a")
    assert [one.label for one in carried.suggestions] == ["large"]


def test_where_the_frontier_was_replaced_its_labels_keep_topics_with_the_new_one():
    old = clusters("a", "gone", a={"override": "large"}, gone=PINNED)
    carried = reattach(
        old,
        centroids(EAST, NORTH),
        clusters("a", "x"),
        centroids(EAST, CLOSE[::-1]),
        frontier="larger",
        former_frontier="large",
    )
    # By its key an analyst's label stays what it is, as the model is still there.
    assert [one.override for one in carried.clusters] == ["large", "larger"]
    assert [one.cluster_key for one in carried.kept_up] == ["x"]
    assert not [one for one in carried.suggestions if one.cluster_key == "gone"]


def test_a_label_of_a_model_that_is_no_frontier_is_only_suggested():
    old = clusters("gone", gone={"override": "large"})
    carried = reattach(
        old,
        centroids(EAST),
        clusters("x"),
        centroids(EAST),
        frontier="larger",
        former_frontier="largest",
    )
    assert carried.clusters == clusters("x")
    assert [one.label for one in carried.suggestions] == ["large"]


def test_another_encoder_still_carries_by_key_and_suggests_without_a_neighbour():
    old = clusters("a", "gone", a={"note": "kept"}, gone={"override": "medium"})
    new = clusters("a", "x")
    wide = centroids((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    carried = reattach(old, centroids(EAST, NORTH), new, wide)
    assert carried.clusters[0].note == "kept"
    assert carried.suggestions == (Suggestion("gone", None, "medium", "", None, None, None),)


def test_a_rebuild_without_clusters_leaves_suggestions_without_a_neighbour():
    nothing = np.zeros((0, 2), dtype=np.float32)
    (suggestion,) = reattach(
        clusters("gone", gone={"note": "n"}), centroids(EAST), (), nothing
    ).suggestions
    assert suggestion.nearest_key is None


@settings(max_examples=200, deadline=None)
@given(st.permutations("abcdef"), st.integers(0, 6), st.permutations("abcdefgh"), st.integers(0, 8))
def test_every_piece_of_work_is_either_carried_or_suggested(old_keys, n_old, new_keys, n_new):
    names = {key: {"name": f"own {key}", "override": "large"} for key in old_keys[:n_old:2]}
    old, new = clusters(*old_keys[:n_old], **names), clusters(*new_keys[:n_new])
    rng = np.random.default_rng(0)
    carried = reattach(
        old, unit_rows(rng.normal(size=(n_old, 4))), new, unit_rows(rng.normal(size=(n_new, 4)))
    )
    placed = {one.cluster_key for one in carried.clusters if one.override}
    told = {one.cluster_key for one in carried.suggestions}
    assert placed | told == set(names)
    assert placed & told == set()
    assert carried.n_reattached == len(placed)
