"""What answers the queries of a cluster: in the sheet, and by what a new label changes."""

import contextlib
import csv
import io
from dataclasses import replace

import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.artifact.serving import calibration_rows, routing_policy
from semroute.cli.label_changes import print_changes
from semroute.relabel import apply_labels, export_labels, recertified, shares_told, whole_percent
from semroute.relabel.answering import answers
from tests.command_line import run
from tests.relabel.sheets import edited, well_known_contents
from tests.tiny import tiny_config
from tests.tiny_index import tiny_contents, with_cluster


@pytest.fixture
def contents():
    """Some queries of cluster 0, which `small` answers, are expected to do badly with it."""
    whole = well_known_contents()
    losses = whole.calibration.expected_losses
    losses[(whole.calibration.cluster_ids == 0).nonzero()[0][::3], 1:] = 0.9
    return recertified(whole)


@pytest.fixture
def folder(tmp_path, contents):
    with locked(tmp_path / "clusters"):
        publish(tmp_path / "clusters", contents)
    return tmp_path / "clusters"


def answered_by(sheet):
    rows = csv.DictReader(io.StringIO(sheet.read_text(encoding="utf-8-sig")))
    return {row["cluster_id"]: (row["auto_label"], row["answered_by"]) for row in rows}


def test_the_sheet_says_which_models_answer_a_cluster_with_the_labels_in_force(folder):
    auto_label, told = answered_by(export_labels(folder))["0"]
    assert (auto_label, told) == ("small", "small 67%, large 33%")
    sheet = edited(folder / "labels.csv", '"topic 0",""', '"topic 0","medium"')
    apply_labels(folder, sheet, allow_no_promise=True)
    auto_label, told = answered_by(export_labels(folder, folder / "again.csv"))["0"]
    assert told == "medium 100%"


def test_a_cluster_of_which_nothing_is_held_out_is_answered_by_nobody_knows_whom(
    tmp_path, contents
):
    contents.calibration.cluster_ids[:] = 0
    with locked(tmp_path / "clusters"):
        publish(tmp_path / "clusters", contents)
    assert answered_by(export_labels(tmp_path / "clusters"))["1"][1] == ""


def test_every_known_query_is_counted_once_with_what_the_policy_chooses(contents):
    contents.calibration.similarities[::7] = 0.0
    rows = calibration_rows(contents).traffic
    policy = routing_policy(contents)
    known = rows.similarities >= contents.manifest.ood.threshold
    chosen = policy.choose(rows).columns
    for cluster_id, counted in answers(contents).items():
        here = chosen[(rows.cluster_ids == cluster_id) & known]
        for column, model in enumerate(contents.manifest.config.model_names):
            assert counted.get(model, 0) == (here == column).sum()
    assert sum(map(len, answers(contents).values())) > 3


def test_of_equally_frequent_models_the_frontier_comes_first():
    dearest_last = [
        {"name": "small", "usd_per_request": 0.0005},
        {"name": "medium", "usd_per_request": 0.004},
        {"name": "large", "usd_per_request": 0.02},
    ]
    contents = tiny_contents(config=tiny_config(models=dearest_last))
    known = contents.calibration
    known.cluster_ids[:] = 1
    known.cluster_ids[:2] = 0
    known.similarities[:] = 1.0
    known.expected_losses[:2] = [[0.9, 0.9, 0.0], [-0.1, 0.9, 0.0]]
    assert list(answers(contents)[0].items()) == [("large", 1), ("small", 1)]


def test_without_labels_the_estimates_decide(contents):
    labelled = with_cluster(contents, 0, override="medium")
    assert list(answers(labelled)[0]) == ["medium"]
    assert answers(labelled, with_labels=False)[0] == answers(contents)[0]


def test_labels_that_repeat_the_automatic_one_are_counted_and_warned_of(folder):
    sheet = edited(export_labels(folder), '"topic 0",""', '"topic 0","small"')
    edited(sheet, '"topic 2",""', '"topic 2","large"')
    changes = apply_labels(folder, sheet, dry_run=True)
    assert [one.n_sent_elsewhere > 0 for one in changes.changes] == [True, False]
    (warning,) = changes.warnings
    assert warning.startswith("1 label repeats the automatic model, which so far answers only most")
    assert "11% of the held-out queries go to another model" in warning
    assert "2 clusters changed, 2 relabelled" in changes.summary
    done = run("labels", "apply", "--index", folder, sheet, "--dry-run")
    assert "automatic -> small  every query here to small; 67% went there so far" in done.stdout
    assert "automatic -> large  every query here to large; as so far" in done.stdout


def test_a_label_for_the_automatic_model_instead_of_another_repeats_nothing(folder):
    """So far every query of the cluster went to medium, and none to the automatic model."""
    sheet = edited(export_labels(folder), '"topic 0",""', '"topic 0","medium"')
    apply_labels(folder, sheet, allow_no_promise=True)
    edited(sheet, '"topic 0","medium"', '"topic 0","small"')
    changes = apply_labels(folder, sheet, dry_run=True)
    (change,) = changes.changes
    assert change.before.auto_label == "small"
    assert list(change.answers_before) == ["medium"]
    assert not [one for one in changes.warnings if "so far answers only most" in one]


def test_a_label_taken_back_is_relabelled_and_brings_no_warning(folder):
    sheet = edited(export_labels(folder), '"topic 0",""', '"topic 0","small"')
    apply_labels(folder, sheet, allow_no_promise=True)
    changes = apply_labels(folder, edited(sheet, '"topic 0","small"', '"topic 0",""'))
    assert not [one for one in changes.warnings if "repeat" in one]
    assert "1 cluster changed, 1 relabelled" in changes.summary
    assert load_index(folder).clusters[0].override is None


def test_a_change_says_in_json_what_answers_before_and_after(folder):
    sheet = edited(export_labels(folder), '"topic 0",""', '"topic 0","medium"')
    (change, *_) = apply_labels(folder, sheet, dry_run=True).to_dict()["changes"]
    assert list(change["answers_before"]) == ["small", "large"]
    assert change["answers_after"] == {"medium": sum(change["answers_before"].values())}


def test_shares_are_whole_and_only_all_is_all():
    assert shares_told({"a": 2, "b": 1}) == "a 67%, b 33%"
    assert [whole_percent(share) for share in (0, 0.004, 0.996, 1)] == ["0%", "<1%", ">99%", "100%"]


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ((0.0046, 0.0056), "lost 0.0046 -> 0.0056"),
        ((-0.146, -0.1), "gained 0.1460 -> 0.1000"),
        ((-0.146, 0.01), "gained 0.1460 -> lost 0.0100"),
        ((0.0, -0.01), "lost 0.0000 -> gained 0.0100"),
    ],
)
def test_a_loss_below_nothing_is_told_as_a_gain(folder, losses, told):
    sheet = edited(export_labels(folder), '"topic 0",""', '"topic 0","medium"')
    changes = apply_labels(folder, sheet, dry_run=True)
    before, after = (
        one.model_copy(update={"mean_loss": loss})
        for one, loss in zip(
            (changes.certificate_before, changes.certificate_after), losses, strict=True
        )
    )
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print_changes(replace(changes, certificate_before=before, certificate_after=after))
    assert f"mean score {told}\n" in printed.getvalue()


def test_the_command_names_what_a_label_may_be(folder):
    done = run("labels", "export", "--index", folder)
    assert "label (empty, or one of 'large', 'medium', 'small')" in done.stderr
