"""What `SemanticRouter` takes for unknown, over a small index in memory."""

import dataclasses
from collections.abc import Sequence

import pytest

from semroute.artifact.contents import IndexContents
from semroute.router import SemanticRouter
from semroute.vocabulary import words_of
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts, with_cluster, with_threshold

CONTENTS = tiny_contents(6)
ROUTER = SemanticRouter(CONTENTS, TinyEncoder())


def test_unknown_text_goes_to_the_frontier_with_its_nearest_cluster_named() -> None:
    router = SemanticRouter(with_threshold(CONTENTS, 0.999), TinyEncoder())
    decision = router.route("nothing like it")
    assert (decision.model, decision.reason, decision.is_fallback) == ("large", "ood", True)
    assert decision.cluster_id is not None


def _with_words(contents: IndexContents, texts: Sequence[str]) -> IndexContents:
    ood = contents.manifest.ood.model_copy(update={"max_new_words": 0.5})
    manifest = contents.manifest.model_copy(update={"ood": ood})
    return dataclasses.replace(contents, manifest=manifest, words=words_of(texts))


def test_a_text_of_new_words_is_unknown_however_similar_and_whoever_labelled_its_cluster() -> None:
    text = tiny_texts(1, 1)[0]
    contents = with_cluster(CONTENTS, 1, override="small")
    knowing = SemanticRouter(_with_words(contents, [text]), TinyEncoder())
    assert knowing.route(text).reason == "override"
    router = SemanticRouter(_with_words(contents, ["other words"]), TinyEncoder())
    decision = router.route(text)
    assert (decision.model, decision.reason, decision.is_fallback) == ("large", "ood", True)
    assert decision.cluster_id == 1
    assert decision.similarity == knowing.route(text).similarity
    assert router.route_batch([text]) == [decision]
    explained = router.explain(text)
    assert explained.decision == decision
    assert "More than 50% of its words are in no query" in explained.why[-1]


def test_a_text_without_any_word_is_unknown_unless_the_log_has_such() -> None:
    near = with_threshold(CONTENTS, -1.0)
    router = SemanticRouter(_with_words(near, tiny_texts(0, 6)), TinyEncoder())
    for text in ("🙂", "4711", "?!"):
        explained = router.explain(text)
        assert (explained.decision.model, explained.decision.reason) == ("large", "ood")
        assert explained.why[-1].startswith("It holds no word, as no query does")
        assert router.route(text) == explained.decision
    knowing = SemanticRouter(_with_words(near, ["0815"]), TinyEncoder())
    assert knowing.route("4711").reason != "ood"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "input_audio"},
        {"type": "file"},
        {"type": "computer_screenshot"},
        {"type": "tool_result", "content": [{"type": "image"}]},
        {"image_url": {"url": "x"}},
        {"type": ["text"]},
        "a text that is no part",
    ],
)
def test_a_request_that_shows_more_than_text_goes_to_the_frontier(part: object) -> None:
    text = tiny_texts(0, 1)[0]
    content = [{"type": "text", "text": text}, part]
    decision = ROUTER.route(
        [{"role": "user", "content": content}, {"role": "user", "content": "a"}]
    )
    assert (decision.model, decision.reason, decision.is_fallback) == ("large", "ood", True)
    assert ROUTER.route(
        [{"role": "tool", "content": [part]}, {"role": "user", "content": "a"}]
    ) == (decision)
    assert "more than text" in ROUTER.explain([{"role": "user", "content": content}]).why[-1]
    answered = {"type": "tool_result", "content": [{"type": "text", "text": "12"}]}
    for odd in ({"type": "refusal"}, answered, {"type": "tool_use", "content": None}):
        for kind in ("text", "input_text"):
            mixed = [{"type": kind, "text": text}, odd]
            assert ROUTER.route([{"role": "user", "content": mixed}]) == ROUTER.route(text)


def test_an_override_does_not_catch_unknown_text() -> None:
    contents = with_threshold(with_cluster(CONTENTS, 0, override="small"), 0.999)
    assert SemanticRouter(contents, TinyEncoder()).route("far away").reason == "ood"


def test_unknown_text_is_expected_to_cost_what_a_usual_request_of_the_log_does() -> None:
    contents = with_threshold(tiny_contents(2), 0.999)
    one, other = contents.clusters
    prices = {"large": (0.04, 0.08), "medium": (0.01, 0.01), "small": (0.001, 0.005)}
    for cluster, share, place in ((one, 0.75, 0), (other, 0.25, 1)):
        evidence = [
            known.model_copy(update={"mean_cost_usd": prices[known.model][place]})
            for known in cluster.evidence
        ]
        contents = with_cluster(contents, cluster.cluster_id, share=share, evidence=tuple(evidence))
    router = SemanticRouter(contents, TinyEncoder())
    decision = router.route("nothing like it")
    assert decision.reason == "ood"
    assert [(c.model, c.expected_cost_usd) for c in decision.candidates] == [
        ("small", pytest.approx(0.002)),
        ("medium", pytest.approx(0.01)),
        ("large", pytest.approx(0.05)),
    ]
    assert router.explain("nothing like it").accepted_losses == {}
    prices_only = {c.model: c.expected_cost_usd for c in router.route(" ").candidates}
    assert prices_only == {
        model.name: model.usd_per_request for model in contents.manifest.config.models
    }
