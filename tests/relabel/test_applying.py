import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.cli.output import dollars
from semroute.encoders.contract import EncoderOrigin, Parity
from semroute.errors import IndexLockedError, InvalidIndexError, LabelsError
from semroute.relabel import apply_labels, export_labels, recertified
from tests.command_line import run
from tests.tiny_index import assert_same_contents, tiny_contents, with_cluster

CERTIFIED = recertified(tiny_contents())


@pytest.fixture
def folder(tmp_path) -> Path:
    with locked(tmp_path / "clusters"):
        publish(tmp_path / "clusters", CERTIFIED)
    return tmp_path / "clusters"


@pytest.fixture
def sheet(folder) -> Path:
    return export_labels(folder)


def edited(sheet: Path, old: str, new: str) -> Path:
    content = sheet.read_text(encoding="utf-8-sig")
    assert old in content
    sheet.write_text(content.replace(old, new, 1), encoding="utf-8-sig")
    return sheet


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


RELABEL = ('"topic 2",""', '"refunds","small"')


def test_a_corrected_sheet_becomes_the_live_version(folder, sheet):
    before = load_index(folder)
    changes = apply_labels(folder, edited(sheet, *RELABEL))
    live = load_index(folder)
    assert live.manifest.index_version == changes.published_version != before.manifest.index_version
    assert (live.clusters[2].name, live.clusters[2].label) == ("refunds", "small")
    assert changes.summary == (
        f"1 cluster changed, 1 relabelled; published as version {changes.published_version}"
    )
    manifest = live.manifest.model_copy(
        update={
            name: getattr(before.manifest, name)
            for name in ("index_version", "created_at", "files", "certificate")
        }
    )
    same = dataclasses.replace(live, clusters=before.clusters, manifest=manifest)
    assert_same_contents(same, before)
    assert live.clusters[:2] == before.clusters[:2]


def test_new_labels_are_certified_again_from_the_index_alone(folder, sheet):
    before = load_index(folder).manifest.certificate
    apply_labels(folder, edited(sheet, *RELABEL))
    live = load_index(folder)
    assert before.n_overrides == 0
    assert live.manifest.certificate.n_overrides == 1
    assert live.manifest.certificate == recertified(live).manifest.certificate
    assert not live.manifest.certificate.holds
    assert live.manifest.certificate.model_shares["small"] > 0


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_promise_before_and_after_is_told_published_or_not(folder, sheet, dry_run):
    before = load_index(folder).manifest.certificate
    changes = apply_labels(folder, edited(sheet, *RELABEL), dry_run=dry_run)
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


def test_the_command_prints_what_the_promise_was_and_is(folder, sheet):
    done = run("labels", "apply", "--index", folder, edited(sheet, *RELABEL), "--dry-run")
    assert done.code == 0, done.stderr
    assert f"promise before: {CERTIFIED.manifest.certificate.sentence}" in done.stdout
    assert "promise after: NOT certified" in done.stdout
    printed = json.loads(
        run("labels", "apply", "--index", folder, sheet, "--dry-run", "--json").stdout
    )
    assert printed["certificate_after"]["sentence"].startswith("NOT certified")


def test_labels_that_end_the_promise_can_be_kept_from_being_published(folder, sheet):
    before = everything(folder)
    command = ["labels", "apply", "--index", folder, edited(sheet, *RELABEL), "--require-promise"]
    for more in ([], ["--dry-run"], ["--json"]):
        done = run(*command, *more)
        assert done.code == 5
        assert "these labels would end the promise" in done.stderr.splitlines()[-1]
    assert "; nothing was published" in run(*command).stdout
    assert {**before, str(sheet): sheet.read_bytes()} == everything(folder)


def test_labels_that_keep_the_promise_are_published_where_it_is_required(folder, sheet):
    command = ["labels", "apply", "--index", folder, sheet, "--require-promise"]
    done = run(*command)
    assert (done.code, done.stdout[:17]) == (0, "nothing to change")
    edited(sheet, '"topic 2",""', '"refunds",""')
    done = run(*command)
    assert done.code == 0, done.stderr
    assert "published as version" in done.stdout
    assert load_index(folder).clusters[2].name == "refunds"


def test_where_nothing_was_promised_labels_end_no_promise(folder, sheet):
    apply_labels(folder, edited(sheet, *RELABEL))
    assert not load_index(folder).manifest.certificate.holds
    command = ["labels", "apply", "--index", folder, sheet, "--require-promise"]
    assert run(*command).stdout.startswith("nothing to change")
    edited(sheet, '"topic 1"', '"returns"')
    done = run(*command)
    assert done.code == 0, done.stderr
    assert load_index(folder).clusters[1].name == "returns"


def test_labels_that_break_the_promise_send_the_other_clusters_to_the_frontier(tmp_path):
    with locked(tmp_path / "clusters"):
        publish(tmp_path / "clusters", recertified(well_known_contents()))
    sheet = export_labels(tmp_path / "clusters")
    before = load_index(tmp_path / "clusters")
    assert [cluster.label for cluster in before.clusters] == ["small", "medium", "large"]
    changes = apply_labels(
        tmp_path / "clusters", edited(sheet, '"topic 2",""', '"topic 2","small"')
    )
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
    done = run("labels", "apply", "--index", tmp_path / "clusters", sheet)
    assert done.code == 0, done.stderr
    before = built.manifest.certificate
    after = load_index(tmp_path / "clusters").manifest.certificate
    costs = f"{dollars(before.cost_usd)} -> {dollars(after.cost_usd)}"
    assert f"on the held-out queries: {costs} a request" in done.stdout
    assert f"mean score lost {before.mean_loss:.4f} -> {after.mean_loss:.4f}" in done.stdout
    assert "also answered by another model, by certifying again: 2" in done.stdout
    assert re.search(r"c00000000 .* topic 0 +small \(automatic\) +large \(automatic\)", done.stdout)
    assert "warning: the labels alone may lose more" in done.stdout


def well_known_contents() -> IndexContents:
    """Enough queries to certify; `small` does well on cluster 0 only, `medium` not on cluster 2."""
    contents = tiny_contents(n_calibration=900)
    known = contents.calibration
    scores = np.ones_like(known.scores)
    scores[known.cluster_ids == 2, 1:] = 0.0
    scores[known.cluster_ids == 1, 2] = 0.0
    known = dataclasses.replace(known, scores=scores)
    return dataclasses.replace(contents, calibration=known)


def test_a_dry_run_tells_the_same_and_writes_nothing(folder, sheet):
    edited(sheet, *RELABEL)
    before = everything(folder)
    told = apply_labels(folder, sheet, dry_run=True)
    assert everything(folder) == before
    done = apply_labels(folder, sheet)
    assert dataclasses.replace(done, published_version=None) == told


def test_a_sheet_that_changes_nothing_publishes_nothing(folder, sheet):
    before = everything(folder / load_index(folder).manifest.index_version)
    changes = apply_labels(folder, sheet)
    assert changes.published_version is None
    assert changes.summary.startswith("nothing to change")
    assert everything(folder / load_index(folder).manifest.index_version) == before
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1


def test_applying_twice_publishes_once(folder, sheet):
    first = apply_labels(folder, edited(sheet, *RELABEL))
    again = apply_labels(folder, sheet)
    assert again.changes == ()
    assert again.index_version == first.published_version


def test_a_sheet_with_a_problem_changes_nothing_at_all(folder, sheet):
    edited(sheet, *RELABEL)
    edited(sheet, '"topic 1",""', '"topic 1","gpt"')
    before = everything(folder)
    with pytest.raises(LabelsError, match="line 3, column label: there is no model 'gpt'"):
        apply_labels(folder, sheet)
    assert everything(folder) == before
    assert load_index(folder).clusters == CERTIFIED.clusters


def test_an_override_taken_back_restores_the_automatic_label(folder, sheet):
    apply_labels(folder, edited(sheet, *RELABEL))
    apply_labels(folder, edited(sheet, '"refunds","small"', '"",""'))
    assert load_index(folder).clusters == CERTIFIED.clusters


def test_a_label_taken_back_tells_the_automatic_one_that_certifying_again_finds(tmp_path):
    """With the bad label nothing was promised, and every automatic label was the frontier."""
    folder = tmp_path / "clusters"
    with locked(folder):
        publish(folder, recertified(well_known_contents()))
    sheet = export_labels(folder)
    apply_labels(folder, edited(sheet, '"topic 0",""', '"topic 0","medium"'))
    apply_labels(folder, edited(sheet, '"topic 2",""', '"topic 2","small"'))
    assert not load_index(folder).manifest.certificate.holds
    edited(edited(sheet, '"topic 0","medium"', '"topic 0",""'), '"topic 2","small"', '"topic 2",""')
    for dry_run in (True, False):
        told = apply_labels(folder, sheet, dry_run=dry_run)
        assert [one.after.label for one in told.changes] == ["small", "large"]
        printed = run("labels", "apply", "--index", folder, sheet, "--dry-run").stdout
        if dry_run:
            assert "small (automatic)" in printed
    assert [one.after for one in told.changes] == [load_index(folder).clusters[i] for i in (0, 2)]


def test_nobody_else_may_be_publishing(folder, sheet):
    edited(sheet, *RELABEL)
    with locked(folder), pytest.raises(IndexLockedError, match="is writing here"):
        apply_labels(folder, sheet)


def test_a_dry_run_needs_no_lock(folder, sheet):
    with locked(folder):
        assert len(apply_labels(folder, edited(sheet, *RELABEL), dry_run=True).changes) == 1


def test_a_damaged_index_is_not_relabelled(folder, sheet):
    (folder / "CURRENT").write_text("nowhere\n")
    with pytest.raises(InvalidIndexError, match="nowhere"):
        apply_labels(folder, edited(sheet, *RELABEL))


def with_known_share(contents: IndexContents) -> IndexContents:
    """The contents, with 2% of decisions changed by compiling the encoder."""
    origin = EncoderOrigin(
        original=contents.manifest.encoder,
        parity=Parity(n_texts=256, mean_cosine=0.999, smallest_cosine=0.99),
        changed_share=0.02,
    )
    manifest = contents.manifest.model_copy(update={"encoder_origin": origin})
    return dataclasses.replace(contents, manifest=manifest)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (RELABEL, "is unknown since labels were changed"),
        (('"topic 2",""', '"refunds",""'), "2.0% of 256 texts would be routed otherwise by it"),
    ],
)
def test_a_share_of_changed_decisions_is_not_told_of_another_policy(tmp_path, edit, told):
    folder = tmp_path / "clusters"
    with locked(folder):
        publish(folder, with_known_share(CERTIFIED))
    apply_labels(folder, edited(export_labels(folder), *edit))
    assert told in run("inspect", "--index", folder).stdout
    origin = load_index(folder).manifest.encoder_origin
    assert origin.parity == with_known_share(CERTIFIED).manifest.encoder_origin.parity


def test_an_interruption_says_whether_the_sheet_was_applied(folder, sheet, monkeypatch):
    edited(sheet, *RELABEL)
    before = load_index(folder).manifest.index_version

    def interrupt(*arguments):
        raise KeyboardInterrupt

    def publish_and_interrupt(*arguments):
        publish(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr("semroute.relabel.applying.publish", interrupt)
    done = run("labels", "apply", "--index", folder, sheet)
    assert done.code == 130
    told = f"semroute: interrupted; the sheet was not applied, version {before} stays live"
    assert done.stderr.splitlines()[-1] == told

    monkeypatch.setattr("semroute.relabel.applying.publish", publish_and_interrupt)
    done = run("labels", "apply", "--index", folder, sheet)
    live = load_index(folder).manifest.index_version
    assert live != before
    assert done.stderr.splitlines()[-1].endswith(f"applied before that, version {live} is live")


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


def test_a_name_taken_back_in_the_same_sheet_is_automatic_again(folder, sheet):
    apply_labels(folder, edited(sheet, '"topic 2",""', '"refunds",""'))
    assert load_index(folder).clusters[2].name == "refunds"
    apply_labels(folder, edited(sheet, '"refunds",""', '"topic 2",""'))
    cluster = load_index(folder).clusters[2]
    assert cluster.name == cluster.auto_name == "topic 2"
