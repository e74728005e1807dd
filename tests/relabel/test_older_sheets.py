"""Sheets exported from a version that is no longer live, and sheets whose rows came apart."""

import json
import shutil

import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.errors import LabelsError
from semroute.relabel import apply_labels, export_labels
from tests.command_line import run
from tests.relabel.sheets import CERTIFIED, edited, everything
from tests.tiny_index import with_cluster


@pytest.mark.parametrize("kept", [True, False])
def test_an_automatic_name_of_an_older_export_is_not_taken_for_an_analysts(folder, sheet, kept):
    exported = load_index(folder)
    with locked(folder):
        publish(folder, with_cluster(exported, 2, name="new words", auto_name="new words"))
    if not kept:
        shutil.rmtree(folder / exported.manifest.index_version)
    changes = apply_labels(folder, edited(sheet, '"topic 1",""', '"refunds",""'))
    live = load_index(folder).clusters
    assert live[1].name == "refunds"
    assert live[2].name == ("new words" if kept else "topic 2")
    assert len(changes.changes) == (1 if kept else 2)


def test_an_older_export_leaves_the_name_an_analyst_gave_since(folder, sheet):
    for changes in ({"name": "new words", "auto_name": "new words"}, {"name": "returns"}):
        with locked(folder):
            publish(folder, with_cluster(load_index(folder), 2, **changes))
    apply_labels(folder, edited(sheet, '"topic 1",""', '"refunds",""'))
    live = load_index(folder).clusters
    assert (live[1].name, live[2].name) == ("refunds", "returns")


GONE = "c0123456789abcde"


def with_gone_row(sheet, name="old topic", label="", note=""):
    """Write a row of a cluster that is gone at the end of a sheet."""
    text = sheet.read_text(encoding="utf-8-sig")
    sheet.write_text(f'{text}"{GONE}","{name}","{label}","{note}"\r\n', encoding="utf-8-sig")
    return sheet


def test_work_on_a_cluster_that_is_gone_is_refused_and_the_option_that_leaves_it_out_named(
    folder, sheet
):
    edited(sheet, '"topic 1",""', '"refunds",""')
    with_gone_row(sheet, note="keep")
    before = everything(folder)
    told = f"line 5, column cluster_key: .*'{GONE}', 'old topic', is not .*--skip-gone"
    with pytest.raises(LabelsError, match=told):
        apply_labels(folder, sheet)
    assert everything(folder) == before


def test_work_on_a_cluster_that_is_gone_is_listed_and_left_out_on_demand(folder, sheet):
    edited(sheet, '"topic 1",""', '"refunds",""')
    with_gone_row(sheet, label="a model of old", note="ask Ann")
    command = ["labels", "apply", "--index", folder, sheet, "--skip-gone"]
    printed = json.loads(run(*command, "--dry-run", "--json").stdout)
    (left_out,) = printed["vanished"]
    told = {"line": 5, "name": "old topic", "label": "a model of old", "note": "ask Ann"}
    assert left_out == {**told, "cluster_key": GONE, "index_version": "", "new_key": None}
    done = run(*command)
    assert (done.code, done.stderr) == (0, "")
    (row,) = [line.split() for line in done.stdout.splitlines() if GONE in line]
    assert row == ["5", GONE, "-", "old", "topic", "a", "model", "of", "old", "ask", "Ann"]
    assert "left out, with clusters that are gone: 1" in done.stdout
    assert [one.name for one in load_index(folder).clusters] == ["topic 0", "refunds", "topic 2"]


FORMER = "cfedcba987654321"


@pytest.fixture
def rekeyed(folder, sheet):
    """Export `sheet`, then publish a version in which topic 1 has another key and other words."""
    for key, name in ((FORMER, "old words"), (GONE, "new words")):
        changes = {"cluster_key": key, "name": name, "auto_name": name}
        with locked(folder):
            publish(folder, with_cluster(load_index(folder), 1, **changes))
        if key == FORMER:
            export_labels(folder, sheet, force=True)
    return edited(sheet, '"old words",""', '"old words","large"')


@pytest.mark.parametrize("heading", ["name", "nick"])
def test_the_key_that_the_topic_of_an_older_sheet_has_now_is_told(folder, rekeyed, heading):
    """Also in a sheet without names, as the version still has them."""
    edited(rekeyed, '"name"', f'"{heading}"')
    told = f"'{FORMER}', 'old words', is not .*; the same topic now has the key '{GONE}': enter it"
    with pytest.raises(LabelsError, match=told):
        apply_labels(folder, rekeyed)
    command = ["labels", "apply", "--index", folder, rekeyed, "--skip-gone"]
    (row,) = [line for line in run(*command).stdout.splitlines() if FORMER in line]
    assert row.split()[:3] == ["3", FORMER, GONE]
    (left_out,) = json.loads(run(*command, "--json").stdout)["vanished"]
    assert left_out["new_key"] == GONE


def test_a_row_with_the_key_that_its_topic_has_now_keeps_the_automatic_name(folder, rekeyed):
    apply_labels(folder, edited(rekeyed, FORMER, GONE), allow_no_promise=True)
    live = load_index(folder).clusters[1]
    assert (live.cluster_key, live.name, live.override) == (GONE, "new words", "large")


def test_leaving_out_what_is_gone_hides_no_other_problem(folder, sheet):
    with_gone_row(edited(sheet, '"topic 1",""', '"topic 1","gpt"'), label="small")
    with pytest.raises(LabelsError, match=r"1 problem; .*\n.*no model 'gpt'"):
        apply_labels(folder, sheet, skip_gone=True)


def test_a_row_that_says_nothing_is_ignored_whether_gone_rows_are_left_out_or_not(folder, sheet):
    command = ["labels", "apply", "--index", folder, with_gone_row(sheet)]
    for more in ([], ["--skip-gone"]):
        done = run(*command, *more)
        assert f"line 5: cluster {GONE} is gone; its row was ignored" in done.stdout
        assert "left out" not in done.stdout


def sorted_alone(sheet):
    """Sort the column of keys backwards, and nothing else."""
    text = sheet.read_text(encoding="utf-8-sig")
    first, last = '"c00000000","topic 0"', '"c00000002","topic 2"'
    assert first in text
    text = text.replace(first, '"c00000002","topic 0"').replace(last, '"c00000000","topic 2"')
    sheet.write_text(text, encoding="utf-8-sig")
    return sheet


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_column_sorted_without_the_others_is_refused(folder, sheet, dry_run):
    version, before = load_index(folder).manifest.index_version, everything(folder)
    sorted_alone(sheet)
    told = f"'0' is not the number of 'c00000002' in version {version}: a column was sorted"
    with pytest.raises(LabelsError, match=f"2 problems; .*\nline 2, column cluster_id: {told}"):
        apply_labels(folder, sheet, dry_run=dry_run)
    assert {**before, str(sheet): sheet.read_bytes()} == everything(folder)


def test_a_sheet_of_a_version_that_is_kept_is_held_against_that_version(folder, sheet):
    """In the live version the same keys have other numbers."""
    exported, live = load_index(folder).manifest.index_version, CERTIFIED
    for cluster_id, other in ((0, CERTIFIED.clusters[2]), (2, CERTIFIED.clusters[0])):
        names = {"name": other.name, "auto_name": other.auto_name}
        live = with_cluster(live, cluster_id, cluster_key=other.cluster_key, **names)
    with locked(folder):
        publish(folder, live)
    assert apply_labels(folder, sheet, dry_run=True).changes == ()
    with pytest.raises(LabelsError, match=f"number of 'c00000002' in version {exported}"):
        apply_labels(folder, sorted_alone(sheet))
    shutil.rmtree(folder / exported)
    assert len(apply_labels(folder, sheet, dry_run=True).changes) == 2
