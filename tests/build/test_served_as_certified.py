"""What is certified on held-out queries is what is served, and learned from the others alone."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.build.split import in_fit
from semroute.evaluate import evaluate
from semroute.relabel.applying import apply_labels
from semroute.router import SemanticRouter
from semroute.texts import query_text
from tests.build.small import SmallFiles, build_small, write_small_files
from tests.tiny import TinyEncoder

TURNS = [{"role": "user", "content": "x " * 6000}, {"role": "assistant", "content": "y " * 6000}]
"""24,000 characters: some 6,000 tokens."""


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    found = write_small_files(tmp_path)
    window = "usd_per_million_input_tokens = 1\nusd_per_million_output_tokens = 0\n"
    config = found.config.read_text().replace(
        "usd_per_request = 0.02", window.replace("= 1", "= 10", 1)
    )
    config = config.replace("usd_per_request = 0.001", f"{window}context_window = 5000")
    found.config.write_text(config.replace("max_loss = 0.05", "max_loss = 0.2"))
    scores = [line.rsplit(",", 1)[0] for line in found.evals.read_text().splitlines()]
    found.evals.write_text("\n".join(scores) + "\n")
    return found


def _rows(files: SmallFiles) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files.queries.read_text().splitlines()]


def _write(files: SmallFiles, rows: list[dict[str, Any]]) -> None:
    files.queries.write_text("".join(json.dumps(row) + "\n" for row in rows))


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
    rows = [changed(row) if k % 3 == 0 else row for k, row in enumerate(_rows(files))]
    _write(files, rows)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    # What is looked up of a request decides where it lies, as in a build.
    held_out = [row for row in rows if not in_fit([_looked_up(row, contents)], 0)[0]]
    requests = [row.get("messages") or row["text"] for row in held_out]
    router = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
    decisions = router.route_batch(requests)
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


def _looked_up(row: dict[str, Any], contents: IndexContents) -> str:
    text = row["text"] if "text" in row else query_text(row["messages"])
    return contents.manifest.config.texts.clean(text).text


def _judged_set(files: SmallFiles, folder: Path, rows: list[dict[str, Any]]) -> tuple[Path, Path]:
    """The same requests, each with another detail, so that the build has not seen them."""
    (folder / "test").mkdir()
    other = SmallFiles(folder / "test" / "q.jsonl", folder / "test" / "e.csv", files.config)
    _write(other, [json.loads(json.dumps(row).replace("detail", "matter")) for row in rows])
    other.evals.write_text(files.evals.read_text())
    return other.queries, other.evals


def test_a_request_of_many_characters_costs_what_all_of_them_cost(
    files: SmallFiles, tmp_path: Path
) -> None:
    rows = [_as_documents(row) for row in _rows(files)]
    _write(files, rows)
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
    rows = _rows(files)
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
    rows = _rows(files)
    copies = [{**row, "query_id": f"{row['query_id']}again"} for row in rows]
    _write(files, rows + copies)
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
    queries, evals = _judged_set(files, tmp_path, _rows(files))
    failed = [
        f"{line[:6]},{name},0,"
        for line in evals.read_text().splitlines()[1::2]
        for name in ("large", "small")
    ]
    evals.write_text("\n".join(["query_id,model,score,cost_usd", *failed]) + "\n")
    found = evaluate(tmp_path / "i", queries, evals, encoder=TinyEncoder())
    assert found.router.score is not None
    assert found.router.score.value == 0


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
    rows = [_with_an_image(row) if k % 4 == 0 else row for k, row in enumerate(_rows(files))]
    shown = {row["query_id"] for row in rows if "messages" in row}
    before = build_small(files, tmp_path / "text")
    _write(files, rows)
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
    held_out = [row for row in rows if not in_fit([_looked_up(row, contents)], 0)[0]]
    router = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
    decisions = router.route_batch([row.get("messages") or row["text"] for row in held_out])
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
    rows = [{**row, "text": f"{row['text']}{tails[k % 4]}"} for k, row in enumerate(_rows(files))]
    _write(files, rows)
    summary = build_small(files, tmp_path / "i")
    assert summary.n_truncated == sum(k % 4 < 2 for k in range(len(rows)))
    contents = load_index(tmp_path / "i")
    certificate = contents.manifest.certificate
    assert certificate is not None
    held_out = [row for row in rows if not in_fit([_looked_up(row, contents)], 0)[0]]
    router = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
    decisions = router.route_batch([row["text"] for row in held_out])
    cut = [decision for decision in decisions if decision.truncated]
    assert {(one.model, one.reason, one.is_fallback) for one in cut} == {
        ("large", "too_long", True)
    }
    assert len(cut) == pytest.approx(len(held_out) / 2, rel=0.2)
    small = sum(decision.model == "small" for decision in decisions) / len(decisions)
    assert small == pytest.approx(certificate.model_shares["small"], abs=1e-9)
    assert small > 0.2
    assert "as configured" in router.explain(rows[0]["text"]).why[-1]


def test_a_log_of_which_most_requests_hold_images_still_knows_what_it_does_not_know(
    files: SmallFiles, tmp_path: Path
) -> None:
    """Of ten requests nine hold an image; one of the texts held out is of new words."""
    rows = [_with_an_image(row) if k % 10 else row for k, row in enumerate(_rows(files))]
    strange = (f"zork blah uvw fnord qux {k}" for k in range(40))
    rows[0]["text"] = next(text for text in strange if not in_fit([text], 0)[0])
    _write(files, rows)
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    assert contents.manifest.ood.threshold > 0
    assert contents.manifest.certificate is not None
    held_out = [row for row in rows if not in_fit([_looked_up(row, contents)], 0)[0]]
    router = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
    decisions = router.route_batch([row.get("messages") or row["text"] for row in held_out])
    served = sum(decision.model == "large" for decision in decisions) / len(decisions)
    shares = contents.manifest.certificate.model_shares
    assert served == pytest.approx(shares["large"], abs=1e-9)
