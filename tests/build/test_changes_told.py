"""What a build tells of changes: of requests since the version before, of models within the log."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from semroute.build import build_index
from semroute.cli.build_summary import print_summary
from tests.build.small import (
    SmallFiles,
    build_small,
    routed,
    rows_of,
    write_rows,
    write_small_files,
)
from tests.tiny import TinyEncoder


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_small_files(tmp_path)


def _dated(files: SmallFiles) -> list[dict[str, Any]]:
    """Give the queries the first four weeks of a month, and return the rows."""
    rows = rows_of(files)
    for number, row in enumerate(rows):
        row["timestamp"] = f"2026-10-{1 + 28 * number // len(rows):02}"
    write_rows(files, rows)
    return rows


def _turned(files: SmallFiles) -> None:
    """Let the small model do well on what it failed, and the other way round."""
    swapped = {"1.0": "0.0", "0.0": "1.0"}
    lines = [line.split(",") for line in files.evals.read_text().splitlines()]
    for cells in lines:
        if cells[1] == "small":
            cells[2] = swapped[cells[2]]
    files.evals.write_text("\n".join(map(",".join, lines)) + "\n")


def test_a_rebuild_tells_which_requests_of_the_log_the_version_before_sent_elsewhere(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "i"
    rows = rows_of(files)
    picture = [{"type": "text", "text": rows[1]["text"]}, {"type": "image_url", "image_url": {}}]
    del rows[1]["text"]
    rows[1]["messages"] = [{"role": "user", "content": picture}]
    write_rows(files, rows)
    first = build_small(files, out)
    assert first.moves is None
    assert build_small(files, out).moves == ()
    _turned(files)
    last = build_small(files, out)
    before, now = (
        [one.model for one in routed(rows, out, version)]
        for version in (first.index_version, last.index_version)
    )
    pairs = Counter(pair for pair in zip(before, now, strict=True) if pair[0] != pair[1])
    assert last.moves is not None
    assert {(move.model_before, move.model): move.n_requests for move in last.moves} == pairs
    assert [move.n_requests for move in last.moves] == sorted(pairs.values(), reverse=True)
    assert len(pairs) == 2
    print_summary(last)
    share = pairs["small", "large"] / len(rows)
    assert f"{share:.1%} from small to large" in capsys.readouterr().out


def test_of_another_encoder_no_moves_are_told(files: SmallFiles, tmp_path: Path) -> None:
    build_small(files, tmp_path / "i")
    other = TinyEncoder(fingerprint="another")
    summary = build_index(files.queries, files.evals, files.config, tmp_path / "i", encoder=other)
    assert summary.moves is None


def test_moves_are_not_told_where_other_parts_of_texts_are_read_now(
    files: SmallFiles, tmp_path: Path
) -> None:
    build_small(files, tmp_path / "i")
    files.config.write_text(files.config.read_text() + '[texts]\ntruncated = "frontier"\n')
    assert build_small(files, tmp_path / "i").moves is None


def test_a_frontier_of_another_name_moves_nothing(files: SmallFiles, tmp_path: Path) -> None:
    build_small(files, tmp_path / "i")
    for file in (files.evals, files.config):
        file.write_text(file.read_text().replace("large", "large-2"))
    assert build_small(files, tmp_path / "i").moves == ()


def test_a_frontier_that_changed_within_the_log_is_told_as_such(
    files: SmallFiles, tmp_path: Path
) -> None:
    rows = _dated(files)
    newer = {row["query_id"] for row in rows[len(rows) // 2 :]}
    lines = files.evals.read_text().splitlines()
    lower = [
        line.replace("large,1.0", "large,0.8") if line.split(",")[0] in newer else line
        for line in lines
    ]
    files.evals.write_text("\n".join(lower) + "\n")
    told = [one for one in build_small(files, tmp_path / "i").warnings if " itself are " in one]
    assert len(told) == 1
    assert told[0].startswith("the scores of large itself are 0.200 lower on the")


def test_a_model_that_got_worse_within_the_log_is_told(files: SmallFiles, tmp_path: Path) -> None:
    rows = _dated(files)
    assert not build_small(files, tmp_path / "i").drifts
    newer = {row["query_id"] for row in rows[len(rows) // 2 :]}
    lines = files.evals.read_text().splitlines()
    fails = [
        line.replace("small,1.0", "small,0.5") if line.split(",")[0] in newer else line
        for line in lines
    ]
    files.evals.write_text("\n".join(fails) + "\n")
    summary = build_small(files, tmp_path / "i")
    (drift,) = summary.drifts
    assert (drift.model, drift.since) == ("small", "2026-10-15T00:00:00Z")
    told = [one for one in summary.warnings if "its older scores make it look better" in one]
    assert len(told) == 1
    assert told[0].startswith(f"small loses {drift.change:.3f} more against large on the")
    assert json.loads(json.dumps(summary.to_dict()))["drifts"][0]["model"] == "small"


def test_a_price_that_changes_nothing_where_costs_were_measured_is_told_of(
    files: SmallFiles, tmp_path: Path
) -> None:
    """The costs of `large` were measured, those of `small` were not."""
    build_small(files, tmp_path / "i")
    config = files.config.read_text()
    dearer = config.replace("0.001", "0.002")
    files.config.write_text(dearer)
    assert not any("the price of" in one for one in build_small(files, tmp_path / "i").warnings)
    files.config.write_text(dearer.replace("0.02", "0.05"))
    told = [one for one in build_small(files, tmp_path / "i").warnings if "the price of" in one]
    assert len(told) == 1
    assert "the price of large in the config is not what it was" in told[0]
    assert "what 800 queries were measured to cost counts before any price" in told[0]
    assert not any("the price of" in one for one in build_small(files, tmp_path / "i").warnings)


def test_a_build_that_saves_plainly_less_than_the_one_before_says_so(
    files: SmallFiles, tmp_path: Path
) -> None:
    before = build_small(files, tmp_path / "i")
    again = build_small(files, tmp_path / "i")
    assert not any("of cost is saved" in one for one in again.warnings)
    lines = [line for line in files.evals.read_text().splitlines() if ",small," not in line]
    files.evals.write_text("\n".join(lines) + "\n")
    told = [one for one in build_small(files, tmp_path / "i").warnings if "is saved" in one]
    assert len(told) == 1
    assert f"0.0% of cost is saved, and {before.saving:.1%} was by version" in told[0]
    assert f"`semroute use {again.index_version}` goes back" in told[0]
    files.config.write_text(files.config.read_text().replace("0.05", "0.04"))
    assert not any("of cost is saved" in one for one in build_small(files, tmp_path / "i").warnings)
