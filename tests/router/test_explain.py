"""An explanation says what the decision rests on, for every reason."""

import dataclasses
import json
from pathlib import Path

import pytest

from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.config import Texts
from semroute.router import SemanticRouter
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts

CONTENTS = tiny_contents(8)
ROUTER = SemanticRouter(CONTENTS, TinyEncoder())


def test_it_explains_the_decision_route_makes() -> None:
    text = tiny_texts(1, 1)[0]
    explanation = ROUTER.explain(text)
    assert explanation.decision == ROUTER.route(text)
    assert next(c.cluster_id for c in explanation.clusters) == 1
    similarities = [c.similarity for c in explanation.clusters]
    assert similarities == sorted(similarities, reverse=True)
    assert len(explanation.clusters) == 5
    assert {e.model for e in explanation.clusters[0].evidence} == {"large", "medium", "small"}


def test_the_sentences_name_cluster_similarity_threshold_and_model() -> None:
    explanation = ROUTER.explain(tiny_texts(2, 1)[0])
    text = " ".join(explanation.why)
    assert explanation.decision.cluster_name in text
    assert f"{explanation.decision.similarity:.3f}" in text
    assert f"{explanation.ood_threshold:.3f}" in text
    assert explanation.decision.model in text


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no text to embed"), ("a" * 1_000_001, "above the size limit")],
)
def test_a_text_that_is_not_embedded_is_explained_without_clusters(text: str, words: str) -> None:
    explanation = ROUTER.explain(text)
    assert words in " ".join(explanation.why)
    assert explanation.clusters == ()


def test_it_says_what_of_a_long_request_was_not_looked_at() -> None:
    text = tiny_texts(1, 1)[0]
    user = {"role": "user", "content": text}
    passages = [{"role": "system", "content": "x" * 5_000}, user]
    told = "Of the 5,000 characters outside the last user message only the number counts."
    assert told in " ".join(ROUTER.explain(passages).why)
    for short in (text, text + " " * 5_000, [{"role": "system", "content": "Hi"}, user]):
        assert "only" not in " ".join(ROUTER.explain(short).why)


@pytest.mark.parametrize(
    ("cut", "words"), [("head", "only the start was"), ("head_tail", "only both ends were")]
)
def test_it_says_which_part_of_a_text_that_is_too_long_was_looked_at(cut: str, words: str) -> None:
    texts = Texts.model_validate({"cut": cut, "max_chars": 100})
    config = CONTENTS.manifest.config.model_copy(update={"texts": texts})
    manifest = CONTENTS.manifest.model_copy(update={"config": config})
    router = SemanticRouter(dataclasses.replace(CONTENTS, manifest=manifest), TinyEncoder())
    assert f"Of the text {words} looked at." in router.explain("word " * 100).why


def test_examples_are_read_from_the_published_version(tmp_path: Path) -> None:
    with locked(tmp_path):
        publish(tmp_path, CONTENTS)
    explanation = SemanticRouter.load(tmp_path, encoder=TinyEncoder()).explain(tiny_texts(0, 1)[0])
    assert explanation.clusters[0].examples == CONTENTS.samples[0].texts


def test_an_explanation_becomes_json() -> None:
    document = json.loads(json.dumps(ROUTER.explain(tiny_texts(0, 1)[0]).to_dict()))
    assert document["decision"]["cluster_id"] == document["clusters"][0]["cluster_id"]
    assert document["clusters"][0]["evidence"][0]["model"]


def test_a_decision_tells_what_loss_it_accepts_as_the_explanation_does() -> None:
    explanation = ROUTER.explain(tiny_texts(1, 1)[0])
    candidates = explanation.decision.candidates
    accepted = {one.model: one.accepted_loss for one in candidates}
    assert accepted.pop("large") is None
    assert accepted == explanation.accepted_losses
    chosen = next(one for one in candidates if one.model == explanation.decision.model)
    assert explanation.decision.reason == "matched"
    assert chosen.expected_loss is not None
    assert chosen.accepted_loss is not None
    assert chosen.expected_loss <= chosen.accepted_loss
    assert f"{chosen.accepted_loss:.3f} is accepted" in " ".join(explanation.why)


def test_a_logged_decision_tells_which_model_trades_best() -> None:
    texts = [text for cluster_id in range(4) for text in tiny_texts(cluster_id, 5)]
    logged = [one.to_dict() for one in ROUTER.route_batch(texts) if one.reason == "matched"]
    assert len(logged) > 5
    for decision in logged:
        margins = {
            one["model"]: one["accepted_loss"] - one["expected_loss"]
            for one in decision["candidates"]
            if one["accepted_loss"] is not None
        }
        assert max(margins, key=margins.__getitem__) == decision["model"]
