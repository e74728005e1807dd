"""Logs whose requests come in a prompt template are built, judged and served by what they ask."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.cli.build_summary import print_summary
from semroute.errors import InputError
from semroute.evaluate import evaluate
from semroute.planning import plan_evals
from semroute.report import write_report
from semroute.router import SemanticRouter
from tests.build.small import SmallFiles, build_small, rows_of, write_rows, write_small_files
from tests.tiny import TinyEncoder

RULES = "".join(
    f"Rule number {k}: never promise a customer what is not in section {k} of the handbook.\n"
    for k in range(40)
)
"""Longer than what the encoder reads."""


def _templated(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "text": f"{RULES}Request:\n{row['text']}"}


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    """A log of 800 requests of four topics, each after the same rules."""
    files = write_small_files(tmp_path)
    write_rows(files, [_templated(row) for row in rows_of(files)])
    return files


def test_a_templated_log_saves_what_it_saves_without_its_template(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plain").mkdir()
    plain = build_small(write_small_files(tmp_path / "plain"), tmp_path / "plain" / "i")
    summary = build_small(files, tmp_path / "i")
    assert summary.n_templated == summary.to_dict()["n_templated"] == 800
    assert summary.n_truncated == plain.n_templated == 0
    # Other queries are held out: 330 of four topics.
    assert summary.saving == pytest.approx(plain.saving, abs=0.06)
    print_summary(summary)
    printed = capsys.readouterr().out
    assert "800 queries hold passages that many others share, as of a prompt template" in printed
    assert "longer than what is read" not in printed
    print_summary(plain)
    assert "prompt template" not in capsys.readouterr().out


def test_it_is_served_by_what_a_request_asks(files: SmallFiles, tmp_path: Path) -> None:
    build_small(files, tmp_path / "i")
    router = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
    for topic, model in enumerate(["large", "small", "small", "small"]):
        words = " ".join(f"topic{topic}{letter}" for letter in "gfedc")
        request = _templated({"text": f"{words} detail"})["text"]
        decision = router.route(request)
        assert (decision.model, decision.is_fallback) == (model, False), topic
        assert not decision.truncated
        assert "holds a prompt template" in " ".join(router.explain(request).why)
    unknown = _templated({"text": "nobody ever wanted any such thing from anyone"})["text"]
    assert router.route(unknown).reason == "ood"


def test_requests_in_the_same_template_are_no_copies_of_each_other(
    files: SmallFiles, tmp_path: Path
) -> None:
    """The template is nine tenths of each: nearly the same words."""
    build_small(files, tmp_path / "i")
    rows = [json.loads(json.dumps(row).replace("detail", "matter")) for row in rows_of(files)]
    other = SmallFiles(tmp_path / "test.jsonl", files.evals, files.config)
    write_rows(other, rows)
    found = evaluate(tmp_path / "i", other.queries, files.evals, encoder=TinyEncoder())
    assert found.n_queries == 800
    plan = plan_evals(tmp_path / "i", other.queries, files.evals, budget=10, encoder=TinyEncoder())
    assert plan.n_new == 800
    with pytest.raises(InputError, match="seen 800 of these 800 queries"):
        evaluate(tmp_path / "i", files.queries, files.evals, encoder=TinyEncoder())


def test_scores_are_planned_for_a_request_that_comes_in_a_template_and_without_one(
    files: SmallFiles, tmp_path: Path
) -> None:
    asked = rows_of(files)[1]["text"].removeprefix(_templated({"text": ""})["text"])
    write_rows(files, [{**rows_of(files)[0], "text": asked}, *rows_of(files)[1:]])
    build_small(files, tmp_path / "i")
    plan = plan_evals(tmp_path / "i", files.queries, files.evals, budget=1, encoder=TinyEncoder())
    assert plan.n_queries == 800


def test_the_report_shows_of_unknown_queries_what_they_ask(
    files: SmallFiles, tmp_path: Path
) -> None:
    build_small(files, tmp_path / "i")
    rows = [json.loads(json.dumps(row).replace("detail", "matter")) for row in rows_of(files)]
    rows[0] = {**_templated({"text": "nobody ever wanted any such thing"}), "query_id": "q00000"}
    write_rows(files, rows)
    found = evaluate(tmp_path / "i", files.queries, files.evals, encoder=TinyEncoder())
    write_report(tmp_path / "r.html", tmp_path / "i", files.queries, found)
    page = (tmp_path / "r.html").read_text()
    assert "nobody ever wanted any such thing" in page
    assert "handbook" not in page


def test_a_template_of_its_own_is_no_repetition_and_no_secret_of_the_index(
    files: SmallFiles, tmp_path: Path
) -> None:
    summary = build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    assert len(contents.templates.passages) == 117
    assert not [warning for warning in summary.warnings if "repeat" in warning]
    for path in (tmp_path / "i" / summary.index_version).iterdir():
        assert path.is_dir() or b"handbook" not in path.read_bytes(), path.name


def test_building_again_finds_the_same_clusters_and_moves_nothing(
    files: SmallFiles, tmp_path: Path
) -> None:
    build_small(files, tmp_path / "i")
    again = build_small(files, tmp_path / "i")
    assert again.moves == ()
    assert again.n_reused == 800


def test_a_version_that_reads_requests_otherwise_is_not_compared(
    files: SmallFiles, tmp_path: Path
) -> None:
    """The first build knows no template and looks at it; the third at what is left without it."""
    templated = rows_of(files)
    write_rows(files, rows_of(write_small_files(tmp_path)))
    build_small(files, tmp_path / "i")
    write_rows(files, templated)
    assert build_small(files, tmp_path / "i").moves is None
    write_rows(files, rows_of(write_small_files(tmp_path)))
    assert build_small(files, tmp_path / "i").moves is not None


def test_a_log_that_has_grown_is_compared_with_the_version_before(
    files: SmallFiles, tmp_path: Path
) -> None:
    """More texts hold its template than a power of two: nothing else about it is new."""
    (tmp_path / "more").mkdir()
    more = write_small_files(tmp_path / "more", n_queries=1_100)
    before = build_small(files, tmp_path / "i")
    write_rows(files, [_templated(row) for row in rows_of(more)])
    after = build_small(SmallFiles(files.queries, more.evals, files.config), tmp_path / "i")
    passages = [
        load_index(tmp_path / "i", version=one.index_version).templates.passages
        for one in (before, after)
    ]
    assert not np.array_equal(*passages)
    assert after.moves is not None
