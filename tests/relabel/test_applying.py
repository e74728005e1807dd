import dataclasses

import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.encoders.contract import EncoderOrigin, Parity
from semroute.errors import IndexLockedError, InvalidIndexError, LabelsError
from semroute.relabel import apply_labels, export_labels
from tests.command_line import run
from tests.relabel.sheets import CERTIFIED, RELABEL, edited, everything
from tests.tiny_index import assert_same_contents


def test_a_corrected_sheet_becomes_the_live_version(folder, sheet):
    before = load_index(folder)
    changes = apply_labels(folder, edited(sheet, *RELABEL), allow_no_promise=True)
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


def test_a_dry_run_tells_the_same_and_writes_nothing(folder, sheet):
    edited(sheet, *RELABEL)
    before = everything(folder)
    told = apply_labels(folder, sheet, dry_run=True)
    assert everything(folder) == before
    done = apply_labels(folder, sheet, allow_no_promise=True)
    assert done.published_version
    assert dataclasses.replace(done, published_version=None) == told


def test_a_sheet_that_changes_nothing_publishes_nothing(folder, sheet):
    before = everything(folder / load_index(folder).manifest.index_version)
    changes = apply_labels(folder, sheet)
    assert changes.published_version is None
    assert changes.summary.startswith("nothing to change")
    assert everything(folder / load_index(folder).manifest.index_version) == before
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1


def test_applying_twice_publishes_once(folder, sheet):
    first = apply_labels(folder, edited(sheet, *RELABEL), allow_no_promise=True)
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
    apply_labels(folder, edited(sheet, *RELABEL), allow_no_promise=True)
    assert load_index(folder).clusters != CERTIFIED.clusters
    apply_labels(folder, edited(sheet, '"refunds","small"', '"",""'))
    assert load_index(folder).clusters == CERTIFIED.clusters


def test_a_folder_that_is_not_there_is_not_made(tmp_path, sheet):
    with pytest.raises(InvalidIndexError, match="holds no index"):
        apply_labels(tmp_path / "misspelt", sheet)
    assert not (tmp_path / "misspelt").exists()


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
    apply_labels(folder, edited(export_labels(folder), *edit), allow_no_promise=True)
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
    command = ["labels", "apply", "--index", folder, "--without-promise", sheet]
    done = run(*command)
    assert done.code == 130
    told = f"semroute: interrupted; the sheet was not applied, version {before} stays live"
    assert done.stderr.splitlines()[-1] == told

    monkeypatch.setattr("semroute.relabel.applying.publish", publish_and_interrupt)
    done = run(*command)
    live = load_index(folder).manifest.index_version
    assert live != before
    assert done.stderr.splitlines()[-1].endswith(f"applied before that, version {live} is live")


def test_a_name_taken_back_in_the_same_sheet_is_automatic_again(folder, sheet):
    apply_labels(folder, edited(sheet, '"topic 2",""', '"refunds",""'))
    assert load_index(folder).clusters[2].name == "refunds"
    apply_labels(folder, edited(sheet, '"refunds",""', '"topic 2",""'))
    cluster = load_index(folder).clusters[2]
    assert cluster.name == cluster.auto_name == "topic 2"
