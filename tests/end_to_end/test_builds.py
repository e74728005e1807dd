"""Builds through the command line, with the real encoder: what the same and other files give."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from semroute.demo.dataset import DemoFiles
from tests.command_line import Finished, run
from tests.end_to_end.building import EASY, build


def _contents(folder: Path) -> dict[str, bytes]:
    version = (folder / "CURRENT").read_text().strip()
    files = sorted(path for path in (folder / version).iterdir() if path.is_file())
    return {path.name: path.read_bytes() for path in files}


def _timeless(manifest: bytes) -> dict:
    document = json.loads(manifest)
    for changing in ("created_at", "index_version", "digest", "manifest_sha256"):
        document.pop(changing, None)
    return document


def test_the_same_files_give_the_same_index(
    built_from_few: tuple[Path, Finished], few: DemoFiles, tmp_path: Path
) -> None:
    assert build(few, tmp_path / "again").code == 0
    first, second = _contents(built_from_few[0]), _contents(tmp_path / "again")
    assert first.keys() == second.keys()
    for name in first.keys() - {"manifest.json", "manifest.sha256"}:
        assert first[name] == second[name], name
    assert _timeless(first["manifest.json"]) == _timeless(second["manifest.json"])


def test_shuffled_rows_give_the_same_clusters_and_ids(
    built_from_few: tuple[Path, Finished], few: DemoFiles, tmp_path: Path
) -> None:
    lines = few.queries.read_text().splitlines()
    shuffled = [lines[row] for row in np.random.default_rng(1).permutation(len(lines))]
    (tmp_path / "shuffled.jsonl").write_text("\n".join(shuffled) + "\n")
    header, *cells = few.evals.read_text().splitlines()
    cells = [cells[row] for row in np.random.default_rng(2).permutation(len(cells))]
    (tmp_path / "shuffled.csv").write_text("\n".join([header, *cells]) + "\n")
    options = ["--evals", tmp_path / "shuffled.csv", "--config", few.config]
    done = run(
        "build-index", "--queries", tmp_path / "shuffled.jsonl", *options, "--out", tmp_path / "i"
    )
    assert done.code == 0, done.stderr
    first, second = _contents(built_from_few[0]), _contents(tmp_path / "i")
    for name in ("clusters.jsonl", "centroids.npy", "samples.jsonl"):
        assert first[name] == second[name], name


def _over(built: tuple[Path, Finished], folder: Path) -> Path:
    """A copy of an index to build over: its encoder and vectors are there already."""
    return Path(shutil.copytree(built[0], folder))


def test_without_evals_every_label_is_the_frontier_for_want_of_evidence(
    built_from_few: tuple[Path, Finished], few: DemoFiles, tmp_path: Path
) -> None:
    out = _over(built_from_few, tmp_path / "i")
    done = run(
        "build-index", "--queries", few.queries, "--config", few.config, "--out", out, "--json"
    )
    assert done.code == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["n_insufficient_evidence"] == summary["counts"]["n_clusters"]
    assert summary["saving"] == pytest.approx(0)
    decision = json.loads(run("route", "--index", out, "--json", EASY).stdout)
    assert decision["reason"] == "insufficient_evidence"


def test_no_samples_leaves_no_query_text_in_the_index(
    built_from_few: tuple[Path, Finished], few: DemoFiles, tmp_path: Path
) -> None:
    out = _over(built_from_few, tmp_path / "i")
    assert build(few, out, "--no-samples").code == 0
    texts = [json.loads(line)["text"] for line in few.queries.read_text().splitlines()]
    held = b"".join(_contents(out).values())
    assert not [text for text in texts if len(text) > 20 and text.encode() in held]
    assert run("explain", "--index", out, EASY).code == 0


def test_a_second_build_into_the_same_folder_at_once_is_refused(
    few: DemoFiles, tmp_path: Path
) -> None:
    from semroute.artifact.lock import locked

    with locked(tmp_path / "i"):
        done = build(few, tmp_path / "i")
    assert done.code == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
