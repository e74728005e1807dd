"""How far a saving scatters with the queries that happen to be held out."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.build import scatter
from semroute.build.scatter import saving_range
from semroute.certify import CalibrationRows
from semroute.cli.build_summary import print_summary
from semroute.relabel import apply_labels
from tests.build.small import build_small, write_small_files
from tests.two_models import two_model_rows


def test_all_copies_of_a_text_are_drawn_together_and_count_as_another_text() -> None:
    number = np.arange(60)
    rows = two_model_rows(number / 60, np.ones(60), number % 2)
    copies = CalibrationRows(rows.traffic, rows.scores, rows.costs_usd, number // 3)
    drawn = scatter._drawn(copies, np.random.default_rng(1))
    before = np.round(drawn.traffic.losses[:, 1] * 60).astype(int)
    assert (before % 2 == drawn.scores[:, 1]).all()
    by_text: dict[int, list[int]] = {}
    for text, row in zip(drawn.text_ids.tolist(), before.tolist(), strict=True):
        by_text.setdefault(text, []).append(row)
    assert len(by_text) == 20
    assert all(members == [m := members[0], m + 1, m + 2] for members in by_text.values())
    assert all(members[0] % 3 == 0 for members in by_text.values())
    assert max(Counter(members[0] for members in by_text.values()).values()) > 1


def test_where_luck_has_no_part_the_range_is_narrow_and_holds_what_was_certified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = build_small(write_small_files(tmp_path), tmp_path / "i")
    assert summary.saving_range is not None
    low, high = summary.saving_range
    assert 0.6 < low <= summary.certificate.saving <= high < 0.8
    print_summary(summary)
    assert f"{low:.1%} to {high:.1%} would be certified" in capsys.readouterr().out
    assert saving_range(load_index(tmp_path / "i")) == summary.saving_range


def test_where_a_few_queries_decide_the_range_is_wide(tmp_path: Path) -> None:
    """The small model fails on one in twenty queries of the topics it is good at."""
    files, random = write_small_files(tmp_path), np.random.default_rng(0)
    lines = files.evals.read_text().splitlines()
    fails = [",small,1" in line and random.uniform() < 0.05 for line in lines]
    failed = [
        line.replace("1.0", "0.0") if is_one else line
        for line, is_one in zip(lines, fails, strict=True)
    ]
    files.evals.write_text("\n".join(failed) + "\n")
    found = build_small(files, tmp_path / "i").saving_range
    assert found is not None
    assert found[1] - found[0] > 0.2


def test_without_scores_nothing_is_said_of_luck(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_small_files(tmp_path)
    files.evals.write_text("query_id,model,score\nq00000,large,1\n")
    summary = build_small(files, tmp_path / "i")
    assert summary.saving_range == (0, 0)
    print_summary(summary)
    assert "luck" not in capsys.readouterr().out


def test_where_labels_break_the_promise_nothing_is_said_to_be_certified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The small model fails on a third of the queries: labelled everywhere, it saves and loses."""
    files, folder = write_small_files(tmp_path), tmp_path / "i"
    build_small(files, folder)
    keys = [cluster.cluster_key for cluster in load_index(folder).clusters]
    sheet = tmp_path / "labels.csv"
    sheet.write_text("cluster_key,label\n" + "".join(f"{key},small\n" for key in keys))
    apply_labels(folder, sheet, allow_no_promise=True)
    summary = build_small(files, folder)
    assert not summary.certificate.holds
    assert summary.saving > 0.9
    assert summary.saving_range == (0, 0)
    assert {one.max_loss: one.saving for one in summary.other_savings} == {
        0.025: 0,
        0.1: 0,
        0.2: 0,
    }
    print_summary(summary)
    told = capsys.readouterr().out
    assert "certified to be saved" not in told
    assert "where 0.05 is the most that may be lost" in told
