"""Requests of which more counts than the text that is looked at: the frontier answers them.

They are certified as they are served, and teach nothing about text.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from semroute import split
from semroute.artifact.loading import load_index
from semroute.errors import InputError
from semroute.planning import plan_evals
from semroute.router import SemanticRouter
from semroute.split import in_fit
from semroute.texts import MAX_BYTES
from tests.build.small import (
    SmallFiles,
    build_small,
    held_out_rows,
    routed,
    rows_of,
    write_priced_files,
    write_rows,
    write_small_files,
)
from tests.tiny import TinyEncoder


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_priced_files(tmp_path)


def _with_an_image(row: dict[str, Any]) -> dict[str, Any]:
    parts = [
        {"type": "text", "text": row["text"]},
        {"type": "image_url", "image_url": {"url": "x"}},
    ]
    return {"query_id": row["query_id"], "messages": [{"role": "user", "content": parts}]}


def test_requests_with_images_are_certified_at_the_frontier_and_teach_nothing(
    files: SmallFiles, tmp_path: Path
) -> None:
    """Every fourth request shows an image; on these the small model fails."""
    rows = [_with_an_image(row) if k % 4 == 0 else row for k, row in enumerate(rows_of(files))]
    shown = {row["query_id"] for row in rows if "messages" in row}
    before = build_small(files, tmp_path / "text")
    write_rows(files, rows)
    heading, *scores = files.evals.read_text().splitlines()
    failed = [
        ",".join([*line.split(",")[:2], "0.0"])
        if line.split(",")[0] in shown and ",small," in line
        else line
        for line in scores
    ]
    files.evals.write_text("\n".join([heading, *failed]) + "\n")
    after = build_small(files, tmp_path / "i")
    assert after.warnings[0] == (
        f"{len(shown)} requests hold an image, sound or a file: such go to large, whatever their "
        "text"
    )
    assert after.ood_threshold == pytest.approx(before.ood_threshold, abs=0.1)
    contents = load_index(tmp_path / "i")
    unscored = sum(cluster.evidence[1].n_scored for cluster in contents.clusters)
    in_text = load_index(tmp_path / "text")
    assert 0 < unscored < 0.8 * sum(one.evidence[1].n_scored for one in in_text.clusters)
    decisions = routed(held_out_rows(rows, contents), tmp_path / "i")
    served = Counter(decision.model for decision in decisions)
    certificate = contents.manifest.certificate
    assert certificate is not None
    shares = certificate.model_shares
    assert served["small"] / len(decisions) == pytest.approx(shares["small"], abs=1e-9)
    assert shares["small"] > 0.2


def test_texts_that_are_cut_are_certified_at_the_frontier_where_the_config_says_so(
    files: SmallFiles, tmp_path: Path
) -> None:
    """A quarter of the texts is cut by characters, a quarter by the encoder."""
    files.config.write_text(
        f'{files.config.read_text()}\n[texts]\nmax_chars = 600\ntruncated = "frontier"\n'
    )
    tails = (" and so on" * 70, " x" * TinyEncoder().identity.max_tokens, "", "")
    rows = [{**row, "text": f"{row['text']}{tails[k % 4]}"} for k, row in enumerate(rows_of(files))]
    write_rows(files, rows)
    summary = build_small(files, tmp_path / "i")
    assert summary.n_truncated == sum(k % 4 < 2 for k in range(len(rows)))
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    decisions = routed(held_out_rows(rows, contents), tmp_path / "i")
    cut = [decision for decision in decisions if decision.truncated]
    assert {(one.model, one.reason, one.is_fallback) for one in cut} == {
        ("large", "too_long", True)
    }
    assert len(cut) == pytest.approx(len(decisions) / 2, rel=0.2)
    small = sum(decision.model == "small" for decision in decisions) / len(decisions)
    assert small == pytest.approx(certificate.model_shares["small"], abs=1e-9)
    assert small > 0.2
    assert (
        "as configured"
        in SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
        .explain(rows[0]["text"])
        .why[-1]
    )


def test_a_log_of_which_most_requests_hold_images_still_knows_what_it_does_not_know(
    files: SmallFiles, tmp_path: Path
) -> None:
    """Of ten requests nine hold an image; one of the texts held out is of new words."""
    rows = [_with_an_image(row) if k % 10 else row for k, row in enumerate(rows_of(files))]
    strange = (f"zork blah uvw fnord qux {k}" for k in range(40))
    rows[0]["text"] = next(text for text in strange if not in_fit([text], 0)[0])
    write_rows(files, rows)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    held_out = held_out_rows(rows, contents)
    assert contents.manifest.ood.n_calibration == sum("text" in row for row in held_out)
    assert contents.manifest.ood.threshold > 0
    assert contents.manifest.certificate is not None
    decisions = routed(held_out, tmp_path / "i")
    served = sum(decision.model == "large" for decision in decisions) / len(decisions)
    shares = contents.manifest.certificate.model_shares
    assert served == pytest.approx(shares["large"], abs=1e-9)


def test_texts_above_the_limit_of_bytes_are_certified_at_the_frontier(
    files: SmallFiles, tmp_path: Path
) -> None:
    endless = "x" * (MAX_BYTES + 1)
    rows = rows_of(files)[:300]
    rows = [
        {**r, "text": f"{r['text']} {endless}"} if k % 6 == 5 else r for k, r in enumerate(rows)
    ]
    write_rows(files, rows)
    files.config.write_text(files.config.read_text().replace("context_window = 5000\n", ""))
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    decisions = routed(held_out_rows(rows, contents), tmp_path / "i")
    small = sum(one.model == "small" for one in decisions) / len(decisions)
    assert small == pytest.approx(certificate.model_shares["small"], abs=1e-9)
    assert 0.05 < Counter(one.reason for one in decisions)["too_long"] / len(decisions) < 0.3
    assert small > 0.2


def test_what_images_cost_is_not_what_text_costs(tmp_path: Path) -> None:
    """Text costs a dime with the large model, five times what the config says; images were free."""
    files = write_small_files(tmp_path)
    rows = [_with_an_image(row) if k % 2 else row for k, row in enumerate(rows_of(files))]
    write_rows(files, rows)
    free = {row["query_id"] for row in rows if "messages" in row}
    heading, *scores = files.evals.read_text().splitlines()
    priced = [
        line.replace(",0.02", ",0" if line.split(",")[0] in free else ",0.1") for line in scores
    ]
    files.evals.write_text("\n".join([heading, *priced]) + "\n")
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    spent = [cluster.evidence[0].mean_cost_usd for cluster in contents.clusters]
    assert spent == pytest.approx([0.1] * len(spent))
    router = SemanticRouter(contents, TinyEncoder())
    costs = {one.model: one.expected_cost_usd for one in router.route(rows[0]["text"]).candidates}
    assert costs["large"] == pytest.approx(0.1)


def test_an_image_without_text_is_no_reason_to_refuse_a_log(
    files: SmallFiles, tmp_path: Path
) -> None:
    rows = rows_of(files)
    for row in rows[::20]:
        row["messages"] = [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]
        del row["text"]
    write_rows(files, rows)
    summary = build_small(files, tmp_path / "i")
    assert (summary.counts.n_queries, summary.counts.n_unusable_queries) == (760, 0)
    assert summary.warnings[0] == (
        "40 requests hold an image, sound or a file: such go to large, whatever their text; "
        "40 without any text are left out of shares, costs and savings"
    )


def test_labels_and_shares_of_known_queries_are_those_of_text(
    files: SmallFiles, tmp_path: Path
) -> None:
    rows = [_with_an_image(row) if k % 10 < 8 else row for k, row in enumerate(rows_of(files))]
    write_rows(files, rows)
    summary = build_small(files, tmp_path / "i")
    assert summary.coverage > 0.95
    clusters = load_index(tmp_path / "i").clusters
    assert sum(cluster.size for cluster in clusters) == sum("text" in row for row in rows)
    assert sum(cluster.share for cluster in clusters) == pytest.approx(1)
    labels = Counter(cluster.auto_label for cluster in load_index(tmp_path / "i").clusters)
    assert labels == {"small": 3, "large": 1}


def test_a_plan_holds_out_what_the_build_held_out(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The share held out depends on how many queries a log has, images included."""
    monkeypatch.setattr(split, "N_HELD_OUT", 240)
    rows = [_with_an_image(row) if k % 2 else row for k, row in enumerate(rows_of(files))]
    write_rows(files, rows)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    texts = [row["text"] for row in rows_of(write_priced_files(tmp_path))]
    write_rows(files, rows)
    sides = in_fit(texts, contents.manifest.seed)
    held_out = {row["query_id"] for row, is_fit in zip(rows, sides, strict=True) if not is_fit}
    assert len(held_out) == contents.manifest.counts.n_calibration
    plan = plan_evals(tmp_path / "i", files.queries, None, 200, encoder=TinyEncoder())
    for_certificate = {one.query_id for one in plan.scores if one.purpose == "certificate"}
    assert len(for_certificate) > 20
    assert for_certificate <= held_out
    assert not {row["query_id"] for row in rows if "messages" in row} & {
        one.query_id for one in plan.scores
    }


def test_no_scores_are_planned_where_no_text_decides(files: SmallFiles, tmp_path: Path) -> None:
    build_small(files, tmp_path / "i")
    write_rows(files, [_with_an_image(row) for row in rows_of(files)])
    with pytest.raises(InputError, match=r"no query of .*has a text that decides its route"):
        plan_evals(tmp_path / "i", files.queries, None, 10, encoder=TinyEncoder())
