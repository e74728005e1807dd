"""A text the build was fitted on is known, however far it lies from every cluster."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.ood import ALWAYS_UNKNOWN
from semroute.router import SemanticRouter
from semroute.split import in_fit
from tests.build.small import build_small, rows_of, write_rows, write_small_files
from tests.tiny import TinyEncoder

ODD = [
    f"ahem {word} {word}"
    for word in ["yes", "no", "ok", "hi", "bye", "well", "so", "oh", "wow", "hm"]
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of four topics, and of ten texts that are like none of these."""
    folder = tmp_path_factory.mktemp("odd")
    files = write_small_files(folder, n_queries=1200)
    with files.queries.open("a") as queries, files.evals.open("a") as evals:
        for number, text in enumerate(ODD):
            queries.write(json.dumps({"query_id": f"odd{number}", "text": text}) + "\n")
            evals.write(f"odd{number},large,1.0,0.02\nodd{number},small,1.0,\n")
    build_small(files, folder / "i")
    return folder / "i"


def test_it_is_known_and_what_was_held_out_is_judged_by_its_similarity(folder: Path) -> None:
    router = SemanticRouter.load(folder, encoder=TinyEncoder())
    contents = load_index(folder)
    texts = [row["text"] for row in rows_of(write_small_files(folder.parent, n_queries=1200))]
    is_fit = in_fit([*texts, *ODD], contents.manifest.seed)[len(texts) :]
    decisions = router.route_batch(ODD)
    far = np.array([(d.similarity or 0) < contents.manifest.ood.threshold for d in decisions])
    is_ood = np.array([d.reason == "ood" for d in decisions])
    assert (far & is_fit).any()
    assert (far & ~is_fit).any()
    assert is_ood.tolist() == (far & ~is_fit).tolist()


def test_case_and_punctuation_do_not_matter_and_other_words_do(folder: Path) -> None:
    router = SemanticRouter.load(folder, encoder=TinyEncoder())
    known = [text for text in ODD if router.route(text).reason != "ood"]
    again = [router.route(f"{text.upper()}!").reason for text in known]
    assert set(again) <= {"matched", "insufficient_evidence"}
    assert router.route("ahem ahem wow bye").reason == "ood"


def test_explain_says_why_a_far_text_is_known(folder: Path) -> None:
    router = SemanticRouter.load(folder, encoder=TinyEncoder())
    threshold = load_index(folder).manifest.ood.threshold
    found = [router.explain(text) for text in ODD]
    far = [one for one in found if (one.decision.similarity or 0) < threshold]
    for one in far:
        told = "fitted on this very request" in " ".join(one.why)
        assert told == (one.decision.reason != "ood")


def test_explain_says_where_nothing_was_held_out_to_know_a_text_by(folder: Path) -> None:
    """Even what the build was fitted on is unknown then."""
    contents = load_index(folder)
    ood = contents.manifest.ood.model_copy(update={"threshold": ALWAYS_UNKNOWN})
    manifest = contents.manifest.model_copy(update={"ood": ood})
    router = SemanticRouter(replace(contents, manifest=manifest), TinyEncoder())
    found = router.explain(rows_of(write_small_files(folder.parent, n_queries=1200))[0]["text"])
    assert found.decision.reason == "ood"
    assert found.why[-1] == (
        "The build held no query out to tell by what is known, so large answers."
    )


def test_what_came_with_images_only_was_not_fitted_on(tmp_path: Path) -> None:
    files = write_small_files(tmp_path, n_queries=1200)
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    rows = rows_of(files)
    for number, text in enumerate(ODD):
        parts = [{"type": "text", "text": text}, image]
        messages = [{"role": "user", "content": parts}]
        rows.append({"query_id": f"odd{number}", "messages": messages})
    write_rows(files, rows)
    build_small(files, tmp_path / "i")
    decisions = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder()).route_batch(ODD)
    assert {one.reason for one in decisions} == {"ood"}
