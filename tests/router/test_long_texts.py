"""What a decision says of a text that was not read to its end."""

import dataclasses
import logging

import numpy as np
import pytest

from semroute.config import Texts
from semroute.router import SemanticRouter
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts

CONTENTS = tiny_contents(6)
WINDOW = TinyEncoder().identity.max_tokens


def router_with(texts: Texts, encoder: TinyEncoder | None = None) -> SemanticRouter:
    config = CONTENTS.manifest.config.model_copy(update={"texts": texts})
    manifest = CONTENTS.manifest.model_copy(update={"config": config})
    contents = dataclasses.replace(CONTENTS, manifest=manifest)
    return SemanticRouter(contents, encoder or TinyEncoder())


@pytest.mark.parametrize("n_words", [1, WINDOW - 1, WINDOW, WINDOW + 1, 5 * WINDOW])
def test_a_text_of_more_tokens_than_the_encoder_reads_is_truncated(n_words: int) -> None:
    decision = router_with(Texts()).route("w " * n_words)
    assert decision.truncated == (n_words > WINDOW)


def test_a_text_of_more_characters_than_the_config_allows_is_truncated() -> None:
    router = router_with(Texts(max_chars=100))
    assert router.route("a" * 101).truncated
    assert not router.route("a" * 100).truncated


@pytest.mark.parametrize("cluster_id", range(6))
def test_an_instruction_at_the_end_counts_where_both_ends_are_kept(cluster_id: int) -> None:
    instruction, other = tiny_texts(cluster_id, 1)[0], tiny_texts((cluster_id + 1) % 6, 1)[0]
    text = f"{other} {' ' * 5_000}\n{instruction}"
    n_chars = 2 * max(len(other), len(instruction)) + 1
    assert router_with(Texts(max_chars=n_chars)).route(text).cluster_id == (cluster_id + 1) % 6
    both = router_with(Texts(max_chars=n_chars, cut="head_tail")).route(text)
    assert cluster_id in {both.cluster_id, both.runner_up and both.runner_up.cluster_id}
    assert both.truncated


class CannotCount(TinyEncoder):
    def truncates(self, text: str) -> bool:
        raise RuntimeError(text)


def test_an_encoder_that_cannot_count_tokens_does_not_stop_a_decision(
    caplog: pytest.LogCaptureFixture,
) -> None:
    router = router_with(Texts(max_chars=100), CannotCount())
    text = tiny_texts(2, 1)[0]
    with caplog.at_level(logging.WARNING, "semroute"):
        decision = router.route(text)
    assert (decision.cluster_id, decision.truncated) == (2, False)
    assert router.route("word " * 100).truncated
    assert "RuntimeError" in caplog.text
    assert text not in caplog.text


def test_where_cut_texts_go_to_the_frontier_so_do_texts_nobody_can_count() -> None:
    text = tiny_texts(0, 1)[0]
    assert router_with(Texts(truncated="frontier")).route(text).model == "small"
    decision = router_with(Texts(truncated="frontier"), CannotCount()).route(text)
    assert (decision.model, decision.reason) == ("large", "encoder_error")
    assert not decision.truncated


def test_an_encoder_may_say_with_numpy_that_nothing_is_cut() -> None:
    class OfNumpy(TinyEncoder):
        def truncates(self, text: str) -> bool:
            return np.bool_(super().truncates(text))  # type: ignore[return-value]  # as users may

    text = tiny_texts(0, 1)[0]
    assert router_with(Texts(truncated="frontier"), OfNumpy()).route(text).model == "small"
