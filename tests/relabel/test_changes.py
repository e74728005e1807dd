import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.artifact.contents import Cluster, IndexContents
from semroute.certificate import Certificate
from semroute.labels import LabelEdit
from semroute.relabel import LabelChanges, contradictions, plan_labels, recertified
from semroute.relabel.certifying import with_certificate
from semroute.relabel.changes import with_promise
from tests.tiny import tiny_config
from tests.tiny_index import tiny_certificate, tiny_contents

SHARES = (0.5, 0.3, 0.2)


def contents(**changes: dict[str, object]) -> IndexContents:
    """Three clusters of unequal share, with `c0`, `c1`, `c2` changed as told."""
    whole = tiny_contents()
    clusters = tuple(
        one.model_copy(update={"share": share, **changes.get(f"c{one.cluster_id}", {})})
        for one, share in zip(whole.clusters, SHARES, strict=True)
    )
    return dataclasses.replace(whole, clusters=clusters)


def edit(cluster_id: int, **cells: str) -> LabelEdit:
    given_cells = {"name": None, "label": None, "note": None, **cells}
    return LabelEdit(line=2 + cluster_id, cluster_key=f"c{cluster_id:08x}", **given_cells)


def after(changes: LabelChanges) -> dict[int, Cluster]:
    return {change.after.cluster_id: change.after for change in changes.changes}


def with_evidence(cluster: Cluster, model: str, **known: object) -> dict[str, object]:
    evidence = tuple(
        one.model_copy(update=known) if one.model == model else one for one in cluster.evidence
    )
    return {"evidence": evidence}


def test_an_edit_of_everything_changes_everything_and_nothing_else():
    changes = plan_labels(contents(), [edit(1, name="refunds", label="large", note="ask Ann")])
    assert list(after(changes)) == [1]
    changed = after(changes)[1]
    assert (changed.name, changed.override, changed.note) == ("refunds", "large", "ask Ann")
    assert (changed.auto_name, changed.auto_label, changed.label) == ("topic 1", "medium", "large")


def test_columns_the_sheet_lacks_change_nothing():
    start = contents(c0={"override": "large", "name": "orders", "note": "kept"})
    assert plan_labels(start, [edit(0)]).changes == ()


def test_a_column_the_sheet_lacks_is_named():
    changes = plan_labels(contents(), [edit(0, name="a name", note="a note")])
    assert changes.absent_columns == ("label",)
    full = plan_labels(contents(), [edit(0, name="a name", label="", note="a note")])
    assert full.absent_columns == ()


def test_rows_the_sheet_lacks_change_nothing():
    start = contents(c0={"override": "large"}, c1={"note": "kept"})
    assert plan_labels(start, []).changes == ()


def test_emptied_cells_go_back_to_what_the_build_chose():
    start = contents(c0={"override": "large", "name": "orders", "note": "old"})
    changed = after(plan_labels(start, [edit(0, name=" ", label="", note="")]))[0]
    assert (changed.name, changed.override, changed.note) == ("topic 0", None, "")
    assert changed.label == "small"


def test_the_automatic_label_entered_by_hand_is_an_override_that_will_stay():
    changes = plan_labels(contents(), [edit(0, label="small")])
    assert after(changes)[0].override == "small"
    assert changes.summary == "1 cluster changed, 1 relabelled; nothing was published"


def test_what_saving_does_to_a_name_or_note_is_no_change():
    start = contents(c0={"name": "日本 trains", "note": "two\nlines"})
    assert plan_labels(start, [edit(0, name="?? trains", note="two\r\nlines ")]).changes == ()


def test_a_new_name_is_one_printable_line_and_a_note_keeps_its_lines():
    changed = after(plan_labels(contents(), [edit(0, name=" a\nb\x1b ", note=" a\nb ")]))[0]
    assert (changed.name, changed.note) == ("a b", "a\nb")


def test_rows_of_vanished_clusters_are_told_and_do_nothing():
    gone = LabelEdit(9, "c0123456789abcde", "old name", "", "")
    changes = plan_labels(contents(), [gone, edit(0, note="x")])
    assert changes.vanished == (gone,)
    assert list(after(changes)) == [0]


def test_an_override_above_the_tolerated_loss_is_warned_of():
    (warning,) = plan_labels(contents(), [edit(2, label="medium")]).warnings
    told = "'medium' is expected to lose 0.1000 here, up to 0.1500; over all 0.02 may be lost"
    assert warning == f"cluster 2, c00000002 (topic 2): {told}"


def test_a_label_that_is_the_automatic_one_anyway_brings_no_warning():
    assert plan_labels(contents(), [edit(1, label="medium")]).warnings == ()


def test_a_sheet_of_another_version_is_told_and_one_of_the_live_version_is_not():
    live = contents().manifest.index_version
    (warning,) = plan_labels(contents(), [edit(0, note="x", index_version="old")]).warnings
    assert f"exported from version old, and {live} is live" in warning
    assert plan_labels(contents(), [edit(0, note="x", index_version=live)]).warnings == ()
    assert plan_labels(contents(), [edit(0, note="x")]).warnings == ()
    assert plan_labels(contents(), [edit(0, note="", index_version="old")]).warnings == ()


def test_a_new_name_that_another_cluster_has_is_warned_of_and_an_old_one_is_not():
    start = contents(c1={"name": "Orders"}, c2={"name": "orders"})
    told = "clusters 0, 1, 2 are all called 'orders': only their numbers tell them apart"
    assert plan_labels(start, [edit(0, name="orders")]).warnings == (told,)
    assert plan_labels(start, [edit(0, name="trains")]).warnings == ()
    assert plan_labels(start, [edit(1, name="Orders", note="x")]).warnings == ()
    swapped = [edit(0, name="topic 1"), edit(1, name="topic 0")]
    assert plan_labels(contents(), swapped).warnings == ()


def test_an_override_the_evidence_defends_brings_no_warning():
    assert plan_labels(contents(), [edit(2, label="small")]).warnings == ()


@pytest.mark.parametrize("known", [{"n_paired": 0}, {"n_paired": 4}, {"loss_upper_bound": None}])
def test_an_override_with_too_little_evidence_is_warned_of(known):
    start = contents()
    changed = with_evidence(start.clusters[2], "small", **known)
    (warning,) = plan_labels(contents(c2=changed), [edit(2, label="small")]).warnings
    n_paired = known.get("n_paired", 10)
    assert warning.endswith(f"too few evaluations here beside the frontier model: {n_paired}")


def test_an_override_at_the_very_limits_of_the_evidence_brings_no_warning():
    known = with_evidence(contents().clusters[2], "small", n_paired=5, expected_loss=0.02)
    assert plan_labels(contents(c2=known), [edit(2, label="small")]).warnings == ()


def test_an_override_to_the_frontier_needs_no_evidence():
    changed = with_evidence(contents().clusters[0], "large", n_paired=0, loss_upper_bound=None)
    assert plan_labels(contents(c0=changed), [edit(0, label="large")]).warnings == ()


def test_overrides_a_sheet_does_not_touch_are_not_warned_of_again():
    start = contents(c2={"override": "medium"})
    assert plan_labels(start, [edit(2, label="medium"), edit(0, note="x")]).warnings == ()
    assert len(contradictions(start.clusters, tiny_config())) == 1


def test_a_sheet_without_rows_lacks_no_column():
    assert plan_labels(contents(), []).absent_columns == ()


def test_a_sheet_that_changes_nothing_says_so():
    changes = plan_labels(contents(), [edit(0, name="topic 0", label="", note="")])
    assert changes.summary == (
        "nothing to change: version unpublished already has every name, label and note of the "
        "sheet; other columns change nothing, and a cluster without a row stays"
    )


def test_changes_as_a_dict_are_plain_json():
    changes = plan_labels(contents(), [edit(1, name="refunds", label="large")])
    plain = json.loads(json.dumps(changes.to_dict()))
    assert plain["changes"] == [
        {
            "cluster_id": 1,
            "cluster_key": "c00000001",
            "share": 0.3,
            "name_before": "topic 1",
            "name_after": "refunds",
            "label_before": "medium",
            "label_after": "large",
            "override_before": None,
            "override_after": "large",
            "note_before": "",
            "note_after": "",
            "answers_before": {},
            "answers_after": {},
        }
    ]
    assert plain["published_version"] is None


def certified(tolerance: float | None, *, holds: bool = True) -> Certificate:
    changed = {"tolerance": tolerance, "holds": holds}
    return tiny_certificate(tiny_config()).model_copy(update=changed)


def test_a_cluster_has_the_label_of_most_of_its_held_out_queries_and_of_a_tie_the_frontiers():
    """`small` may answer a query it is expected to lose nothing on, not one it loses all on."""
    start = tiny_contents(n_calibration=8)
    asked = {0: [0.0, 0.0, 1.0], 1: [0.0, 1.0, 1.0], 2: [0.0, 1.0]}
    rows = [(cluster_id, loss) for cluster_id, losses in asked.items() for loss in losses]
    columns = {name: k for k, name in enumerate(start.calibration.models)}
    expected = np.ones((len(rows), len(columns)))
    expected[:, columns["large"]] = 0.0
    expected[:, columns["small"]] = [loss for _, loss in rows]
    calibration = dataclasses.replace(
        start.calibration,
        cluster_ids=np.array([cluster_id for cluster_id, _ in rows]),
        similarities=np.ones(len(rows), dtype=np.float32),
        expected_losses=expected,
    )
    found = with_certificate(
        dataclasses.replace(start, calibration=calibration), certified(tolerance=0.02)
    )
    labels = [(one.auto_label, one.auto_reason) for one in found.clusters]
    kept = ("large", "insufficient_evidence")
    assert labels == [("small", "matched"), kept, kept]


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (certified(0.02), certified(0.01), "less readily"),
        (certified(0.02), certified(None), "less readily"),
        (certified(0.01), certified(0.02), "more readily"),
        (certified(None, holds=False), certified(0.02), "more readily"),
        (certified(0.02), certified(None, holds=False), "nothing is promised"),
        (None, certified(None, holds=False), "nothing is promised"),
    ],
)
def test_what_certifying_again_does_to_the_other_requests_has_its_reason(before, now, told):
    changes = plan_labels(contents(), [edit(0, label="large")])
    changes = dataclasses.replace(changes, certificate_before=before, certificate_after=now)
    assert told in changes.reason
    assert changes.to_dict()["reason"] == changes.reason


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (certified(0.02), certified(0.02)),
        (certified(None, holds=False), certified(None, holds=False)),
        (None, certified(0.02)),
        (None, None),
    ],
)
def test_where_nothing_moves_or_nothing_is_known_there_is_no_reason(before, now):
    changes = plan_labels(contents(), [edit(0, label="large")])
    changes = dataclasses.replace(changes, certificate_before=before, certificate_after=now)
    assert changes.reason is None


def with_costly_label(label: str | None) -> IndexContents:
    """900 scored queries; 3% of clusters 1 and 2 fail with `small` and `medium`, in turn.

    One such loss fits the promise, both do not. `small` is expected to lose 0.01, 0.02 and 0.03 on
    the three clusters, `medium` too much to be chosen by itself.
    """
    whole = tiny_contents(n_calibration=900)
    known = whole.calibration
    scores = np.ones_like(known.scores)
    fails = np.arange(900) % 100 < 3
    scores[fails & (known.cluster_ids == 1), MODELS.index("small")] = 0.0
    scores[fails & (known.cluster_ids == 2), MODELS.index("medium")] = 0.0
    losses = np.full_like(known.expected_losses, 0.5)
    losses[:, MODELS.index("large")] = 0.0
    losses[:, MODELS.index("small")] = 0.01 * (1 + known.cluster_ids)
    known = dataclasses.replace(known, scores=scores, expected_losses=losses)
    clusters = list(whole.clusters)
    clusters[2] = clusters[2].model_copy(update={"override": label})
    return recertified(dataclasses.replace(whole, calibration=known, clusters=tuple(clusters)))


@pytest.mark.parametrize(
    ("before", "now", "told", "moved"),
    [
        (None, "medium", "less readily", ("small", "large")),
        ("medium", None, "more readily", ("large", "small")),
    ],
)
def test_a_label_that_costs_score_leaves_less_room_for_the_others(before, now, told, moved):
    start, end = with_costly_label(before), with_costly_label(now)
    changes = with_promise(plan_labels(start, [edit(2, label=now or "")]), start, end)
    assert changes.certificate_before.holds
    assert changes.certificate_after.holds
    assert told in changes.reason
    (other,) = changes.also_relabelled
    assert (other.before.label, other.after.label) == moved


MODELS = ("large", "medium", "small")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([None, *MODELS]), min_size=3, max_size=3),
    st.lists(st.sampled_from([None, "", *MODELS]), min_size=3, max_size=3),
)
def test_the_labels_in_force_are_those_of_the_sheet_else_those_of_the_build(overrides, labels):
    start = contents(**{f"c{i}": {"override": one} for i, one in enumerate(overrides)})
    changes = plan_labels(
        start, [edit(i, label=one) for i, one in enumerate(labels) if one is not None]
    )
    for cluster, label, override in zip(start.clusters, labels, overrides, strict=True):
        now = after(changes).get(cluster.cluster_id, cluster)
        assert now.override == (override if label is None else label or None)
        assert now.label == (now.override or cluster.auto_label)
    n_changed = sum(
        label is not None and (label or None) != override
        for label, override in zip(labels, overrides, strict=True)
    )
    assert len(changes.changes) == n_changed
