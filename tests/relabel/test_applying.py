import dataclasses
from pathlib import Path

import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.errors import IndexLockedError, InvalidIndexError, LabelsError
from semroute.relabel import apply_labels, export_labels, recertified
from tests.tiny_index import assert_same_contents, tiny_contents

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
