"""What is certified on held-out queries is what is served, and learned from the others alone."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.evaluate import evaluate
from semroute.relabel.applying import apply_labels
from semroute.split import in_fit
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

TURNS = [{"role": "user", "content": "x " * 6000}, {"role": "assistant", "content": "y " * 6000}]
"""24,000 characters: some 6,000 tokens."""


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_priced_files(tmp_path)


def _as_documents(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "text": f"{row['text']}\n{'x' * 24_000}"}


def _as_conversations(row: dict[str, Any]) -> dict[str, Any]:
    asked = {"role": "user", "content": row["text"]}
    return {"query_id": row["query_id"], "messages": [*TURNS, asked]}


@pytest.mark.parametrize("changed", [_as_documents, _as_conversations])
def test_requests_no_cheap_model_can_read_are_certified_as_they_are_served(
    files: SmallFiles, tmp_path: Path, changed: Any
) -> None:
    """Every third request is too long for the small model, whatever is looked up of it."""
    rows = [changed(row) if k % 3 == 0 else row for k, row in enumerate(rows_of(files))]
    write_rows(files, rows)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    decisions = routed(held_out_rows(rows, contents), tmp_path / "i")
    served = Counter(decision.model for decision in decisions)
    assert served["large"] / len(decisions) == pytest.approx(
        certificate.model_shares["large"], abs=0.02
    )
    assert served["small"] > 0.2 * len(decisions)
    assert Counter(decision.reason for decision in decisions)["too_long"] > 0.15 * len(decisions)

    judged = evaluate(tmp_path / "i", *_judged_set(files, tmp_path, rows), encoder=TinyEncoder())
    shares = certificate.model_shares
    assert judged.router.frontier_share == pytest.approx(shares["large"], abs=0.05)
    assert judged.router.saving.value == pytest.approx(certificate.saving, abs=0.05)


def test_long_requests_get_the_cheaper_model_that_can_read_them(
    files: SmallFiles, tmp_path: Path
) -> None:
    """The medium model is as good as the small one, five times as dear and reads everything."""
    rows = [_as_documents(row) if k % 3 == 0 else row for k, row in enumerate(rows_of(files))]
    write_rows(files, rows)
    priced = "usd_per_million_input_tokens = 5\nusd_per_million_output_tokens = 0\n"
    files.config.write_text(f'{files.config.read_text()}\n[[models]]\nname = "medium"\n{priced}')
    of_small = [line for line in files.evals.read_text().splitlines() if ",small," in line]
    with files.evals.open("a") as scores:
        scores.writelines(f"{line.replace(',small,', ',medium,')}\n" for line in of_small)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    held_out = held_out_rows(rows, contents)
    served = Counter(
        (decision.model, len(row["text"]) > 24_000)
        for row, decision in zip(held_out, routed(held_out, tmp_path / "i"), strict=True)
    )
    assert served["medium", True] > 0.15 * len(held_out)
    assert served["medium", False] == served["small", True] == 0
    for model in ("large", "medium", "small"):
        share = (served[model, True] + served[model, False]) / len(held_out)
        assert share == pytest.approx(certificate.model_shares[model], abs=0.02), model


def _judged_set(files: SmallFiles, folder: Path, rows: list[dict[str, Any]]) -> tuple[Path, Path]:
    """The same requests, each with another detail, so that the build has not seen them."""
    (folder / "test").mkdir()
    other = SmallFiles(folder / "test" / "q.jsonl", folder / "test" / "e.csv", files.config)
    write_rows(other, [json.loads(json.dumps(row).replace("detail", "matter")) for row in rows])
    other.evals.write_text(files.evals.read_text())
    return other.queries, other.evals


def test_a_request_of_many_characters_costs_what_all_of_them_cost(
    files: SmallFiles, tmp_path: Path
) -> None:
    rows = [_as_documents(row) for row in rows_of(files)]
    write_rows(files, rows)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    price = contents.manifest.config.price("large").cost_usd(len(rows[0]["text"]))
    assert certificate.frontier_cost_usd == pytest.approx(price, rel=0.01)
    assert contents.calibration.n_chars.min() > 24_000


def test_scores_of_held_out_queries_move_neither_estimates_nor_evidence(tmp_path: Path) -> None:
    """They are to judge what was learned: the promise rests on it."""
    files = write_small_files(tmp_path)
    build_small(files, tmp_path / "i")
    before = load_index(tmp_path / "i")
    rows = rows_of(files)
    fit = dict(
        zip([r["query_id"] for r in rows], in_fit([r["text"] for r in rows], 0), strict=True)
    )
    heading, *lines = files.evals.read_text().splitlines()
    changed = [
        line if fit[line[:6]] else f"{line[:6]},small,0.5," for line in lines if ",small," in line
    ]
    files.evals.write_text(
        "\n".join([heading, *[x for x in lines if ",large," in x], *changed]) + "\n"
    )
    build_small(files, tmp_path / "i")
    after = load_index(tmp_path / "i")
    assert not np.array_equal(before.calibration.scores, after.calibration.scores)
    for name in ("evidence", "topic", "wording", "text", "products", "intercept", "typical"):
        left, right = (getattr(one.estimator, name) for one in (before, after))
        assert np.array_equal(left, right, equal_nan=True), name
    assert [one.evidence for one in before.clusters] == [one.evidence for one in after.clusters]


def test_copies_of_a_held_out_text_are_known_to_be_copies(tmp_path: Path) -> None:
    files = write_small_files(tmp_path, n_queries=400)
    rows = rows_of(files)
    copies = [{**row, "query_id": f"{row['query_id']}again"} for row in rows]
    write_rows(files, rows + copies)
    build_small(files, tmp_path / "i")
    text_ids = load_index(tmp_path / "i").calibration.text_ids
    assert set(np.bincount(text_ids).tolist()) == {2}


def test_an_analysts_label_does_not_become_the_automatic_one(tmp_path: Path) -> None:
    build_small(write_small_files(tmp_path), tmp_path / "i")
    before = next(one for one in load_index(tmp_path / "i").clusters if one.auto_label == "small")
    sheet = tmp_path / "labels.csv"
    sheet.write_text(f"cluster_key,label\n{before.cluster_key},large\n")
    apply_labels(tmp_path / "i", sheet)
    after = load_index(tmp_path / "i").clusters[before.cluster_id]
    assert (after.override, after.label, after.auto_label) == ("large", "large", "small")


def test_a_set_on_which_every_model_fails_is_judged(tmp_path: Path) -> None:
    files = write_small_files(tmp_path)
    build_small(files, tmp_path / "i")
    queries, evals = _judged_set(files, tmp_path, rows_of(files))
    failed = [
        f"{line[:6]},{name},0,"
        for line in evals.read_text().splitlines()[1::2]
        for name in ("large", "small")
    ]
    evals.write_text("\n".join(["query_id,model,score,cost_usd", *failed]) + "\n")
    found = evaluate(tmp_path / "i", queries, evals, encoder=TinyEncoder())
    assert found.router.score is not None
    assert found.router.score.value == 0
