"""The main job through the command line, with the real encoder: an engineer's and an analyst's day.

One index is built from the demo's files for all of them; tests that publish work on a copy.
"""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from semroute import SemanticRouter
from semroute.artifact.loading import list_versions, load_index
from semroute.cli.output import dollars
from semroute.demo.dataset import DemoFiles, requests
from tests.command_line import Finished, run
from tests.end_to_end.building import EASY, build


def rows_of(sheet: Path) -> list[dict[str, str]]:
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def write_rows(sheet: Path, rows: list[dict[str, str]]) -> None:
    with sheet.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def test_the_build_summary_adds_up(built: tuple[Path, dict], files: DemoFiles) -> None:
    summary = built[1]
    assert summary["counts"]["n_fit"] + summary["counts"]["n_calibration"] == 2000
    assert sum(m["share"] for m in summary["models"]) == pytest.approx(1)
    assert sum(m["n_clusters"] for m in summary["models"]) == summary["counts"]["n_clusters"] > 10
    assert 0 < summary["cost_usd"] < summary["frontier_cost_usd"]
    assert 0.2 < summary["saving"] < 1
    assert 0.95 <= summary["coverage"] <= 1
    assert {step["name"] for step in summary["steps"]} >= {"embed", "cluster", "certify"}
    assert all(step["peak_memory_mb"] > 50 for step in summary["steps"])


def test_the_summary_for_people_names_model_cost_and_next_step(
    built_from_few: tuple[Path, Finished],
) -> None:
    done = built_from_few[1]
    assert done.code == 0, done.stderr
    for words in (
        "held-out queries",
        "saved",
        "peak memory",
        "promise",
        "noise before assignment",
        "next",
    ):
        assert words in done.stdout


def test_an_engineer_routes_a_text_a_file_and_json(index: Path) -> None:
    one = run("route", "--index", index, EASY)
    assert one.code == 0
    assert "similarity" in one.stdout
    many = run("route", "--index", index, "--json", "-", stdin=f"{EASY}\n\n{EASY}\n".encode())
    decisions = [json.loads(line) for line in many.stdout.splitlines()]
    assert [d["reason"] == "empty" for d in decisions] == [False, True, False]
    assert decisions[0] == decisions[2]
    assert decisions[0]["model"] == one.stdout.split("\t")[0]


def test_the_name_of_a_file_is_a_text_too_and_a_note_tells_how_to_route_its_lines(
    index: Path, tmp_path: Path
) -> None:
    file = tmp_path / "our requests.txt"
    file.write_text(EASY)
    done = run("route", "--index", index, file)
    assert done.code == 0
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.startswith(f"note: {file} is a file; for its lines, run: ")
    assert done.stderr.endswith(f": semroute route - < '{file}'\n")
    for text in ("x" * 10_000, "a\n/b", EASY):
        assert run("route", "--index", index, text).stderr == ""


def test_an_operator_sees_what_labels_changed_and_goes_back(
    index: Path, files: DemoFiles, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(index, tmp_path / "i"))
    sheet = tmp_path / "labels.csv"
    assert run("labels", "export", "--index", folder, "-o", sheet).code == 0
    rows = rows_of(sheet)
    cheap = next(row for row in rows if row["auto_label"] != "frontier-xl")
    cheap["label"] = "frontier-xl"
    write_rows(sheet, rows)
    assert run("labels", "apply", "--index", folder, sheet).code == 0
    before, after = list_versions(folder)
    compared = ["compare", "--index", folder, "--queries", files.queries]
    told = json.loads(run(*compared, "--json").stdout)
    assert (told["before"]["index_version"], told["after"]["index_version"]) == (before, after)
    (changed,) = [one for one in told["clusters"]["relabelled"] if one["by_label"]]
    assert changed["cluster_key"] == cheap["cluster_key"]
    moved = [one for one in told["requests"]["moved"] if one["reason"] == "override"]
    assert moved
    assert {one["model"] for one in moved} == {"frontier-xl"}
    assert told["requests"]["cost_usd"] != told["requests"]["cost_usd_before"]
    shown = run(*compared).stdout
    assert "analyst's label" in shown
    assert "other input files" not in shown
    assert f"{len(told['requests']['moved']):,} of 2,000 requests" in shown
    assert run("use", "--index", folder, before).stdout.startswith(f"version {before} is live; it")
    assert load_index(folder).manifest.index_version == before
    assert run("use", "--index", folder, "20200101T000000Z").code == 4
    refused = run("compare", "--index", folder)
    assert refused.code == 4
    assert f"no version from before {before}" in refused.stderr


def test_a_line_that_looks_like_a_row_of_a_log_is_a_text_and_a_note_says_so_once(
    index: Path,
) -> None:
    row = json.dumps({"messages": [{"role": "user", "content": EASY}]})
    done = run("route", "--index", index, "-", stdin=f"{EASY}\n{row}\n{row}\n".encode())
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.count("a line that looks like JSON is routed as the text it is") == 1
    assert "run: semroute route --rows -" in done.stderr
    plain = run("route", "--index", index, "-", stdin=b"{1, 2} is a set\n[3] a list: which?\n")
    assert plain.stderr == ""


def test_the_command_line_and_python_decide_the_same(index: Path) -> None:
    router = SemanticRouter.load(index)
    shown = json.loads(run("route", "--index", index, "--json", EASY).stdout)
    assert shown == json.loads(json.dumps(router.route(EASY).to_dict()))


def test_a_text_from_another_world_goes_to_the_frontier(index: Path) -> None:
    strange = requests()[-1]
    assert "unlike anything in the log" in strange.why
    decision = json.loads(run("route", "--index", index, "--json", strange.text).stdout)
    assert decision["reason"] == "ood"
    assert decision["is_fallback"]


@pytest.mark.parametrize(
    "text",
    [
        "证明根号二是无理数",
        "¿Qué dosis de ibuprofeno puedo tomar?",
        "Göğsüm ağrıyor, ne yapmalıyım?",
        "Beweisen Sie, dass die Wurzel aus zwei irrational ist.",
        "Докажите, что множество простых чисел бесконечно",
    ],
)
def test_a_request_in_a_language_the_log_has_not_goes_to_the_frontier(
    index: Path, text: str
) -> None:
    """The log holds requests to translate, whose cluster is similar to all of these."""
    decision = json.loads(run("route", "--index", index, "--json", text).stdout)
    assert (decision["model"], decision["reason"]) == ("frontier-xl", "ood")


def test_explain_shows_clusters_evidence_and_examples(index: Path) -> None:
    shown = run("explain", "--index", index, EASY)
    for words in (
        "Nearest clusters",
        "Evidence on cluster",
        "Keywords",
        "Example",
        "nearest cluster",
    ):
        assert words in shown.stdout
    document = json.loads(run("explain", "--index", index, "--json", EASY).stdout)
    assert document["clusters"][0]["examples"]
    candidates = document["decision"]["candidates"]
    assert len(candidates) == 5
    for candidate in candidates:
        told = f"  {candidate['model']}  {dollars(candidate['expected_cost_usd'])}  "
        end = "\n" if candidate["model"] == "frontier-xl" else " (accepted: "
        assert f"{told}{candidate['expected_loss']:.3f}{end}" in shown.stdout
    taken_apart = re.findall(
        r"  ([\d.-]+) \(accepted: .+?\) = ([\d.-]+) in general(.*)", shown.stdout
    )
    assert len(taken_apart) == 4
    for loss, base, moves in taken_apart:
        terms = [float(move) for move in re.findall(r" ([+-][\d.]+)", moves)]
        assert float(base) + sum(terms) == pytest.approx(float(loss), abs=0.004)
    unknown = run("explain", "--index", index, "Xylophagous beetles of Borneo").stdout
    assert "of no account, since the text is unknown" in unknown
    assert "of no account" not in shown.stdout


def test_inspect_and_verify_tell_what_the_index_is(index: Path, built: tuple[Path, dict]) -> None:
    version = built[1]["index_version"]
    assert version in run("inspect", "--index", index, "--clusters").stdout
    document = json.loads(run("inspect", "--index", index, "--json").stdout)
    shares = document["certificate"]["model_shares"]
    shown = run("inspect", "--index", index).stdout.partition("held-out queries")[2].splitlines()
    for model, share in shares.items():
        assert any(line.split()[::4] == [model, f"{share:.1%}"] for line in shown)
    assert len(document["clusters"]) == document["counts"]["n_clusters"]
    verified = run("verify", "--index", index)
    assert verified.code == 0
    assert "probe texts come out the same" in verified.stdout
    pinned = json.loads(run("verify", "--index", index, "--json", "--no-encoder").stdout)
    router_digest = pinned["manifest_sha256"]
    assert len(router_digest) == 64


def test_an_analyst_corrects_a_label_and_requests_follow(index: Path, tmp_path: Path) -> None:
    before = json.loads(run("route", "--index", index, "--json", EASY).stdout)
    document = json.loads(run("inspect", "--index", index, "--json").stdout)
    key = document["clusters"][before["cluster_id"]]["cluster_key"]
    other = next(m["name"] for m in document["config"]["models"] if m["name"] != before["model"])
    sheet = tmp_path / "labels.csv"
    assert run("labels", "export", "--index", index, "-o", sheet).code == 0
    rows = rows_of(sheet)
    assert len(rows) == document["counts"]["n_clusters"]
    for row in rows:
        if row["cluster_key"] == key:
            row.update(name="Small talk", label=other, note="checked by hand")
    write_rows(sheet, rows)

    dry = run("labels", "apply", "--index", index, sheet, "--dry-run")
    assert dry.code == 0
    assert "Small talk" in dry.stdout
    assert json.loads(run("route", "--index", index, "--json", EASY).stdout) == before

    assert run("labels", "apply", "--index", index, sheet).code == 0
    after = json.loads(run("route", "--index", index, "--json", EASY).stdout)
    assert (after["model"], after["reason"]) == (other, "override")
    assert after["cluster_name"] == "Small talk"
    assert after["index_version"] != before["index_version"]
    assert len(json.loads(run("inspect", "--index", index, "--json").stdout)["versions"]) == 2

    older = ("--index", index, "--version", before["index_version"], "--json")
    assert json.loads(run("route", *older, EASY).stdout) == before
    assert json.loads(run("explain", *older, EASY).stdout)["decision"] == before
    for command in ("inspect", "verify"):
        shown = json.loads(run(command, *older).stdout)
        assert shown["index_version"] == before["index_version"]
    missing = run("route", "--index", index, "--version", "20200101T000000Z", EASY)
    assert missing.code == 4
    assert f"there are: {before['index_version']}, {after['index_version']}" in missing.stderr


def test_a_rebuild_keeps_the_analysts_labels(
    built_from_few: tuple[Path, Finished], few: DemoFiles, tmp_path: Path
) -> None:
    index = Path(shutil.copytree(built_from_few[0], tmp_path / "clusters"))
    sheet = tmp_path / "labels.csv"
    run("labels", "export", "--index", index, "-o", sheet)
    rows = rows_of(sheet)
    rows[0].update(label=rows[1]["auto_label"], name="kept over the rebuild")
    write_rows(sheet, rows)
    assert run("labels", "apply", "--index", index, sheet).code == 0
    done = build(few, index, "--json")
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["n_reattached"] == 1
    clusters = json.loads(run("inspect", "--index", index, "--json").stdout)["clusters"]
    assert [c["name"] for c in clusters if c["override"]] == ["kept over the rebuild"]


def test_a_sheet_with_mistakes_changes_nothing_and_names_them_all(
    index: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "labels.csv"
    run("labels", "export", "--index", index, "-o", sheet)
    rows = rows_of(sheet)
    rows[0]["label"] = "no-such-model"
    rows[2]["cluster_key"] = "c000000000000000"
    rows[2]["label"] = rows[2]["auto_label"]
    write_rows(sheet, rows)
    versions = sorted(path.name for path in index.iterdir())
    done = run("labels", "apply", "--index", index, sheet)
    assert done.code == 3
    assert "no-such-model" in done.stderr
    assert "c000000000000000" in done.stderr
    assert sorted(path.name for path in index.iterdir()) == versions
