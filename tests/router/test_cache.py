"""Repeated texts are answered from memory, and nothing else changes."""

import gc
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from semroute.progress import Advance, ignore
from semroute.router import SemanticRouter
from semroute.router.cache import DecisionCache
from semroute.texts import CleanText
from semroute.vectors import Vectors
from tests.tiny import TinyEncoder, tiny_config
from tests.tiny_index import tiny_contents, tiny_texts

CONTENTS = tiny_contents(6)


class CountingEncoder(TinyEncoder):
    """Notes what it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        self.seen += texts
        return super().encode(texts, advance)


def _router(n_cached: int) -> tuple[SemanticRouter, list[str]]:
    encoder = CountingEncoder()
    return SemanticRouter(CONTENTS, encoder, n_cached=n_cached), encoder.seen


def test_a_text_that_is_asked_again_is_not_embedded_again() -> None:
    router, seen = _router(10)
    first = router.route("where is my order")
    assert router.route("where is my order") == first
    assert router.route_batch(["where is my order"] * 3) == [first] * 3
    assert seen == ["where is my order"]


def test_without_a_cache_every_text_is_embedded() -> None:
    router, seen = _router(0)
    assert router.route("hello") == router.route("hello")
    assert seen == ["hello", "hello"]


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="n_cached is -1; give a whole number of at least 0"):
        _router(-1)


def test_what_is_kept_decides_as_what_is_not() -> None:
    cached, plain = _router(5)[0], _router(0)[0]
    texts = [text for cluster in range(6) for text in tiny_texts(cluster, 2)] + ["", "x" * 9_000]
    for text in texts * 3 + texts[::-1]:
        assert cached.route(text) == plain.route(text)


def test_the_text_asked_least_recently_is_forgotten_first() -> None:
    router, seen = _router(2)
    for text in ("a", "b", "a", "c", "a", "b"):
        router.route(text)
    assert seen == ["a", "b", "c", "b"]


def test_a_text_is_embedded_once_in_a_batch() -> None:
    router, seen = _router(0)
    texts = ["b", "a", "b", "", "b", "a"]
    assert router.route_batch(texts) == [router.route(text) for text in texts]
    assert seen[:2] == ["b", "a"]
    assert len(seen) == 2 + 5


def test_the_same_words_after_a_long_conversation_are_another_request() -> None:
    models = [
        {"name": "large", "usd_per_request": 0.02},
        {"name": "small", "usd_per_request": 0.001, "context_window": 100},
    ]
    contents = tiny_contents(2, config=tiny_config(models=models))
    router = SemanticRouter(contents, TinyEncoder(), n_cached=10)
    text = tiny_texts(0, 1)[0]
    history = [{"role": "assistant", "content": "x" * 300}, {"role": "user", "content": text}]
    for _ in range(2):
        assert router.route(text).reason == "matched"
        assert router.route(history).reason == "too_long"


def test_a_text_that_was_cut_is_another_request_than_the_whole_of_what_is_left() -> None:
    text = tiny_texts(0, 1)[0]
    contents = tiny_contents(2, config=tiny_config(texts={"max_chars": len(text)}))
    router = SemanticRouter(contents, TinyEncoder(), n_cached=10)
    turns = [{"role": "assistant", "content": "x" * 5}, {"role": "user", "content": text}]
    for _ in range(2):
        assert router.route(text + "x" * 5).truncated
        assert not router.route(turns).truncated


def test_a_failure_is_not_kept() -> None:
    class FailingOnce(TinyEncoder):
        n_calls = 0

        def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
            self.n_calls += 1
            if self.n_calls == 1:
                raise MemoryError
            return super().encode(texts, advance)

    router = SemanticRouter(CONTENTS, FailingOnce(), n_cached=10)
    text = tiny_texts(0, 1)[0]
    assert [router.route(text).reason for _ in range(3)] == ["encoder_error", "matched", "matched"]


def test_no_text_is_kept_however_long() -> None:
    cache = DecisionCache(10)
    router = SemanticRouter(CONTENTS, TinyEncoder())
    for n in range(20):
        text = f"canary {n} " * 700
        key = cache.key_of(CleanText(text, False), len(text))
        assert key is not None
        cache.put(key, router.route(text))
    found, kept = [cache], set()
    while found:
        thing = found.pop()
        if id(thing) not in kept and not isinstance(thing, type):
            kept.add(id(thing))
            assert not (isinstance(thing, str | bytes) and len(thing) > 100)
            assert "canary" not in str(thing)
            found += gc.get_referents(thing)
    assert len(cache._decisions) == 10
    assert len(kept) < 1_000


def test_threads_share_a_cache_that_is_always_full() -> None:
    router, plain = _router(3)[0], _router(0)[0]
    texts = [f"topic{n % 6}a topic{n % 6}b detail{n}" for n in range(12)]
    expected = {text: plain.route(text) for text in texts}
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            for text, decision in zip(
                texts * 40, threads.map(router.route, texts * 40), strict=True
            ):
                assert decision == expected[text]
    finally:
        sys.setswitchinterval(interval)
    assert len(router._cache._decisions) <= 3
