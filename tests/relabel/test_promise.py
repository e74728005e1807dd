"""What labels do to the promise: it is told, and not ended unless that is asked for."""

import dataclasses
import json
import re

import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.cli.output import dollars
from semroute.relabel import apply_labels, export_labels, recertified
from tests.command_line import run
from tests.relabel.sheets import CERTIFIED, RELABEL, edited, everything, well_known_contents
from tests.tiny import tiny_config
from tests.tiny_index import tiny_certificate, tiny_contents, with_cluster

PROMISED = tiny_certificate(tiny_config()).model_copy(update={"n_overrides": 1})


def test_new_labels_are_certified_again_from_the_index_alone(folder, sheet):
    before = load_index(folder).manifest.certificate
    apply_labels(folder, edited(sheet, *RELABEL), allow_no_promise=True)
    live = load_index(folder)
    assert before.n_overrides == 0
    assert live.manifest.certificate.n_overrides == 1
    assert live.manifest.certificate == recertified(live).manifest.certificate
    assert not live.manifest.certificate.holds
    assert live.manifest.certificate.model_shares["small"] > 0


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_promise_before_and_after_is_told_published_or_not(folder, sheet, dry_run):
    before = load_index(folder).manifest.certificate
    edited(sheet, *RELABEL)
    changes = apply_labels(folder, sheet, dry_run=dry_run, allow_no_promise=True)
    assert changes.certificate_before == before
    assert changes.certificate_after.n_overrides == 1
    if not dry_run:
        assert changes.certificate_after == load_index(folder).manifest.certificate
    document = changes.to_dict()
    assert document["certificate_before"]["sentence"] == before.sentence
    assert document["certificate_after"]["holds"] is False


def test_a_sheet_that_only_renames_changes_no_promise(folder, sheet):
    changes = apply_labels(folder, edited(sheet, '"topic 2",""', '"refunds",""'))
    assert changes.certificate_after == changes.certificate_before is not None
    assert changes.also_relabelled == ()
    assert changes.reason is None


def test_who_only_renames_is_not_asked_whether_the_promise_may_end(tmp_path):
    """Not even where certifying again finds less, as after another version of semroute built."""
    contents = with_cluster(tiny_contents(), 2, override="small")
    manifest = contents.manifest.model_copy(update={"certificate": PROMISED})
    contents = dataclasses.replace(contents, manifest=manifest)
    assert PROMISED.holds
    assert not recertified(contents).manifest.certificate.holds
    with locked(tmp_path):
        publish(tmp_path, contents)
    sheet = export_labels(tmp_path)
    changes = apply_labels(tmp_path, edited(sheet, '"topic 2"', '"refunds"'))
    assert changes.published_version
    live = load_index(tmp_path)
    assert (live.clusters[2].name, live.manifest.certificate) == ("refunds", PROMISED)


def test_the_command_prints_what_the_promise_was_and_is(folder, sheet):
    command = ["labels", "apply", "--index", folder, "--without-promise", sheet]
    edited(sheet, *RELABEL)
    done = run(*command, "--dry-run")
    assert done.code == 0, done.stderr
    assert f"promise before: {CERTIFIED.manifest.certificate.sentence}" in done.stdout
    assert "promise after: NOT certified" in done.stdout
    printed = json.loads(run(*command, "--dry-run", "--json").stdout)
    assert printed["certificate_after"]["sentence"].startswith("NOT certified")
    assert printed["ends_promise"] is True
    assert printed["published_version"] is None


def test_labels_that_end_the_promise_are_not_published_and_the_way_on_is_told(folder, sheet):
    before = everything(folder)
    command = ["labels", "apply", "--index", folder, edited(sheet, *RELABEL)]
    for more in ([], ["--dry-run"], ["--json"], ["--require-promise"]):
        done = run(*command, *more)
        assert done.code == 5
        (told,) = done.stderr.splitlines()
        which = "would not be" if more == ["--dry-run"] else "were not"
        assert f"these labels would end the promise, so they {which} published" in told
        assert told.endswith("add --without-promise")
    printed = json.loads(run(*command, "--json").stdout)
    assert (printed["ends_promise"], printed["published_version"]) == (True, None)
    assert "; nothing was published" in run(*command).stdout
    assert {**before, str(sheet): sheet.read_bytes()} == everything(folder)


def test_labels_that_end_the_promise_are_published_where_that_is_asked_for(folder, sheet):
    command = ["labels", "apply", "--index", folder, edited(sheet, *RELABEL), "--without-promise"]
    done = run(*command)
    assert (done.code, done.stderr) == (0, "")
    assert "published as version" in done.stdout
    live = load_index(folder)
    assert (live.clusters[2].override, live.manifest.certificate.holds) == ("small", False)


def test_labels_that_keep_the_promise_are_published_without_a_word(folder, sheet):
    command = ["labels", "apply", "--index", folder, sheet]
    done = run(*command)
    assert (done.code, done.stdout[:17]) == (0, "nothing to change")
    edited(sheet, '"topic 2",""', '"refunds","large"')
    done = run(*command, "--json")
    assert (done.code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ends_promise"] is False
    assert load_index(folder).clusters[2].override == "large"


def test_where_nothing_is_promised_labels_end_no_promise(folder, sheet):
    apply_labels(folder, edited(sheet, *RELABEL), allow_no_promise=True)
    assert not load_index(folder).manifest.certificate.holds
    command = ["labels", "apply", "--index", folder, sheet]
    assert run(*command).stdout.startswith("nothing to change")
    edited(sheet, '"topic 1",""', '"returns","small"')
    done = run(*command)
    assert done.code == 0, done.stderr
    assert not load_index(folder).manifest.certificate.holds
    assert load_index(folder).clusters[1].label == "small"


def test_a_label_taken_back_that_ended_the_promise_needs_no_leave(folder, sheet):
    apply_labels(folder, edited(sheet, *RELABEL), allow_no_promise=True)
    done = run("labels", "apply", "--index", folder, edited(sheet, '"small"', '""'))
    assert (done.code, done.stderr) == (0, "")
    assert load_index(folder).manifest.certificate.holds


def test_labels_that_break_the_promise_send_the_other_clusters_to_the_frontier(tmp_path):
    with locked(tmp_path / "clusters"):
        publish(tmp_path / "clusters", recertified(well_known_contents()))
    sheet = export_labels(tmp_path / "clusters")
    before = load_index(tmp_path / "clusters")
    assert [cluster.label for cluster in before.clusters] == ["small", "medium", "large"]
    edited(sheet, '"topic 2",""', '"topic 2","small"')
    changes = apply_labels(tmp_path / "clusters", sheet, allow_no_promise=True)
    after = load_index(tmp_path / "clusters").clusters
    assert [cluster.label for cluster in after] == ["large", "large", "small"]
    assert changes.certificate_before.holds
    assert not changes.certificate_after.holds
    others = [(one.before.label, one.after.label) for one in changes.also_relabelled]
    assert others == [("small", "large"), ("medium", "large")]
    assert changes.reason.startswith("the labels alone may lose more")
    assert len(changes.changes) == 1
    assert "2 other clusters" in changes.summary


def test_the_figures_are_those_of_the_build_and_of_the_certificate(tmp_path):
    with locked(tmp_path / "clusters"):
        built = publish(tmp_path / "clusters", recertified(well_known_contents()))
    sheet = edited(export_labels(tmp_path / "clusters"), '"topic 2",""', '"topic 2","small"')
    done = run("labels", "apply", "--index", tmp_path / "clusters", "--without-promise", sheet)
    assert done.code == 0, done.stderr
    before = built.manifest.certificate
    after = load_index(tmp_path / "clusters").manifest.certificate
    costs = f"{dollars(before.cost_usd)} -> {dollars(after.cost_usd)}"
    assert f"on the held-out queries: {costs} a request" in done.stdout
    assert f"mean score lost {before.mean_loss:.4f} -> {after.mean_loss:.4f}" in done.stdout
    assert "also answered by another model, by certifying again: 2" in done.stdout
    assert re.search(r"c00000000 .* topic 0 +automatic +small 100% -> large 100%", done.stdout)
    assert "warning: the labels alone may lose more" in done.stdout


def test_a_label_taken_back_tells_the_automatic_one_that_certifying_again_finds(tmp_path):
    """With the bad label nothing was promised, and every automatic label was the frontier."""
    folder = tmp_path / "clusters"
    with locked(folder):
        publish(folder, recertified(well_known_contents()))
    sheet = export_labels(folder)
    apply_labels(folder, edited(sheet, '"topic 0",""', '"topic 0","medium"'))
    edited(sheet, '"topic 2",""', '"topic 2","small"')
    apply_labels(folder, sheet, allow_no_promise=True)
    assert not load_index(folder).manifest.certificate.holds
    edited(edited(sheet, '"topic 0","medium"', '"topic 0",""'), '"topic 2","small"', '"topic 2",""')
    for dry_run in (True, False):
        told = apply_labels(folder, sheet, dry_run=dry_run)
        assert [one.after.label for one in told.changes] == ["small", "large"]
        printed = run("labels", "apply", "--index", folder, sheet, "--dry-run").stdout
        if dry_run:
            assert re.search(r"topic 0 +medium -> automatic +medium 100% -> small 100%", printed)
    assert [one.after for one in told.changes] == [load_index(folder).clusters[i] for i in (0, 2)]
