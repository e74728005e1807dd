import csv
import dataclasses
import io
import stat
from pathlib import Path

import pytest

from semroute.artifact.contents import IndexContents, Sample
from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.errors import InvalidIndexError, PublishError
from semroute.labels import read_edits
from semroute.relabel import apply_labels, export_labels, plan_labels, sheet_rows
from tests.command_line import run
from tests.tiny_index import tiny_contents, with_cluster


@pytest.fixture
def folder(tmp_path) -> Path:
    return published(tmp_path / "clusters", tiny_contents())


def published(folder: Path, contents: IndexContents) -> Path:
    with locked(folder):
        publish(folder, contents)
    return folder


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_the_sheet_lies_in_the_index_folder_unless_told_otherwise(folder, tmp_path):
    assert export_labels(folder) == folder / "labels.csv"
    elsewhere = tmp_path / "mine.csv"
    assert export_labels(folder, elsewhere) == elsewhere
    assert elsewhere.read_bytes() == (folder / "labels.csv").read_bytes()


@pytest.mark.parametrize("name", ["labels.xlsx", "labels.ODS"])
def test_a_sheet_is_not_named_as_a_workbook(folder, tmp_path, name):
    with pytest.raises(PublishError, match=r"the sheet is CSV.*; name it labels\.csv"):
        export_labels(folder, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_the_command_writes_semicolons_where_the_comma_is_a_decimal_one(folder, tmp_path):
    sheet = tmp_path / "labels.csv"
    done = run("labels", "export", "--index", folder, "-o", sheet, "--delimiter", ";")
    assert done.code == 0, done.stderr
    assert [row["name"] for row in rows_of(sheet, ";")] == ["topic 0", "topic 1", "topic 2"]
    assert run("labels", "apply", "--index", folder, sheet).stdout.startswith("nothing to change")


def test_a_row_says_what_the_index_knows(folder):
    row = rows_of(export_labels(folder))[1]
    assert (row["cluster_key"], row["cluster_id"]) == ("c00000001", "1")
    assert (row["name"], row["label"], row["note"]) == ("topic 1", "", "")
    assert (row["auto_label"], row["size"], row["share"]) == ("medium", "10", "0.3333")
    assert row["keywords"] == "topic1a, topic1b"
    assert row["example_3"].endswith("detail2")
    assert row["n_evals"] == "10"
    assert row["medium loss"] == "0.1000"
    assert row["medium loss_bound"] == "0.1500"
    assert row["small cost_usd"] == "0.000500"


def test_rows_come_by_size_and_ties_in_the_order_of_the_index():
    contents = tiny_contents(4)
    sizes = (5, 9, 5, 30)
    clusters = tuple(
        one.model_copy(update={"size": size})
        for one, size in zip(contents.clusters, sizes, strict=True)
    )
    rows = sheet_rows(dataclasses.replace(contents, clusters=clusters))
    assert [row.cluster_key[-1] for row in rows] == ["3", "1", "0", "2"]


def test_the_queries_scored_are_those_of_the_model_that_was_scored_most():
    contents = tiny_contents()
    scored = [
        one.model_copy(update={"n_scored": n})
        for one, n in zip(contents.clusters[0].evidence, (3, 8, 5), strict=True)
    ]
    row = sheet_rows(with_cluster(contents, 0, evidence=tuple(scored)))[0]
    assert row.n_evals == 8


def test_examples_are_cut_to_one_printable_line():
    text = "two\nlines \x1b[31m\u202e" + "x" * 1000
    contents = dataclasses.replace(tiny_contents(), samples=(Sample(cluster_id=0, texts=(text,)),))
    first, second, _ = sheet_rows(contents)
    assert first.examples == ("two lines [31m" + "x" * 285 + "…",)
    assert len(first.examples[0]) == 300
    assert second.examples == ()


def test_an_index_without_samples_gives_a_sheet_without_examples(tmp_path):
    folder = published(tmp_path / "clusters", tiny_contents(samples=False))
    assert {row["example_1"] for row in rows_of(export_labels(folder))} == {""}


def test_the_sheet_of_a_version_that_is_not_live_lies_beside_the_live_ones(folder, tmp_path):
    old = load_index(folder)
    live = export_labels(folder)
    applied = live.read_bytes()
    published(folder, with_cluster(old, 1, name="returns", override="large", note="ask Ann"))
    version = old.manifest.index_version
    done = run("labels", "export", "--index", folder, "--version", version)
    assert done.code == 0, done.stderr
    assert f"labels apply --index {folder} {folder}/labels-{version}.csv --dry-run" in done.stderr
    rows = rows_of(folder / f"labels-{version}.csv")
    assert [row["name"] for row in rows] == ["topic 0", "topic 1", "topic 2"]
    assert {row["index_version"] for row in rows} == {version}
    assert live.read_bytes() == applied
    elsewhere = tmp_path / "old.csv"
    assert export_labels(folder, elsewhere, version=version) == elsewhere
    assert rows_of(elsewhere) == rows
    assert rows_of(export_labels(folder, force=True))[1]["label"] == "large"


def test_what_a_rebuild_lost_is_fetched_from_the_version_before(folder):
    old = load_index(folder).manifest.index_version
    labelled = with_cluster(load_index(folder), 1, name="returns", override="large", note="Ann")
    published(folder, labelled)
    version = load_index(folder).manifest.index_version
    run("use", "--index", folder, old)
    sheet = export_labels(folder, version=version)
    assert apply_labels(folder, sheet).published_version
    cluster = load_index(folder).clusters[1]
    assert (cluster.name, cluster.override, cluster.note) == ("returns", "large", "Ann")


def test_a_version_that_is_not_there_is_told_beside_those_that_are(folder):
    version = load_index(folder).manifest.index_version
    with pytest.raises(InvalidIndexError, match=f"there are: {version}"):
        export_labels(folder, version="20200101T000000Z")
    assert not list(folder.glob("*.csv"))


def test_an_untouched_sheet_is_written_again_without_a_word(folder):
    first = export_labels(folder).read_bytes()
    assert export_labels(folder).read_bytes() == first


def test_edits_not_applied_are_not_overwritten_unless_forced(folder):
    sheet = export_labels(folder)
    exported = sheet.read_bytes()
    sheet.write_bytes(exported.replace(b"topic 1", b"refunds", 1))
    with pytest.raises(PublishError, match=r"labels\.csv: it exists and may hold edits that were"):
        export_labels(folder)
    assert b"refunds" in sheet.read_bytes()
    export_labels(folder, force=True)
    assert sheet.read_bytes() == exported


def test_a_sheet_replaces_a_file_whole_and_only_the_owner_can_read_it(folder, tmp_path):
    target = tmp_path / "sheets" / "labels.csv"
    target.parent.mkdir()
    target.write_bytes(b"old")
    export_labels(folder, target, force=True)
    assert target.read_bytes() == export_labels(folder).read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(target.parent.iterdir()) == [target]


def test_a_refused_write_says_where_and_leaves_nothing_behind(folder, tmp_path):
    with pytest.raises(PublishError, match=r"nowhere.*No such file"):
        export_labels(folder, tmp_path / "nowhere" / "labels.csv", force=True)
    taken = tmp_path / "sheets" / "taken"
    taken.mkdir(parents=True)
    with pytest.raises(PublishError, match="taken"):
        export_labels(folder, taken, force=True)
    assert list(taken.parent.iterdir()) == [taken]


def test_where_the_folder_of_the_index_takes_no_sheet_the_message_names_the_option(folder):
    (folder / "labels.csv").mkdir()
    done = run("labels", "export", "--index", folder, "--force")
    assert done.code == 1
    assert "could be replaced; name another file with -o; what was pub" in done.stderr
    done = run("labels", "export", "--index", folder, "-o", folder / "labels.csv", "--force")
    assert (done.code, "with -o" in done.stderr) == (1, False)


def test_a_folder_where_the_sheet_should_be_is_named(folder, tmp_path):
    with pytest.raises(PublishError, match=f"{tmp_path}: Is a directory"):
        export_labels(folder, tmp_path)


def test_a_folder_without_an_index_is_refused(tmp_path):
    with pytest.raises(InvalidIndexError, match="CURRENT"):
        export_labels(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_semicolon_can_be_asked_for(folder):
    assert rows_of(export_labels(folder, delimiter=";"), ";")[0]["name"] == "topic 0"


def test_an_exported_sheet_changes_nothing(folder):
    contents = tiny_contents()
    keys = [one.cluster_key for one in contents.clusters]
    edits = read_edits(export_labels(folder), keys, contents.manifest.config.model_names)
    assert plan_labels(contents, edits).changes == ()
