"""What a router keeps, and what a text of any length costs."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.decision import RouteDecision
from semroute.router import SemanticRouter
from tests.router.conftest import WORDS
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents

MEGABYTE = 2**20


def peak_bytes(call: Callable[[], object]) -> int:
    """Return the most memory in use during a call, beyond what was in use before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def fewest_seconds(call: Callable[[], object]) -> float:
    def seconds() -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started

    return min(seconds() for _ in range(15))


@pytest.mark.parametrize("n_bytes", [900_000, 10_000_000])
def test_a_huge_text_takes_no_more_than_a_long_one(
    small_router: SemanticRouter, n_bytes: int
) -> None:
    long, huge = "word " * 1_600, "word " * (n_bytes // 5)
    assert small_router.route(huge).reason in {"too_long", small_router.route(long).reason}
    assert peak_bytes(lambda: small_router.route(huge)) < 50 * MEGABYTE
    usual = fewest_seconds(lambda: small_router.route(long))
    assert fewest_seconds(lambda: small_router.route(huge)) < 2 * usual


def route_varied(router: SemanticRouter, start: int, n_calls: int) -> None:
    for n in range(start, start + n_calls):
        router.route(f"{n} {' '.join(WORDS[: n % len(WORDS)])}")


def growth_per_call(router: SemanticRouter, n_calls: int) -> float:
    """Return bytes per call, once the cache is full."""
    route_varied(router, 0, n_calls // 2)
    tracemalloc.start()
    try:
        route_varied(router, n_calls, n_calls // 10)
        before = tracemalloc.get_traced_memory()[0]
        route_varied(router, 2 * n_calls, n_calls)
        return (tracemalloc.get_traced_memory()[0] - before) / n_calls
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_calls(small_router: SemanticRouter) -> None:
    contents, encoder = small_router._contents, small_router._encoder
    router = SemanticRouter(contents, encoder, n_cached=200)
    assert growth_per_call(router, 2_000) < 100


@pytest.mark.soak
def test_memory_does_not_grow_in_a_hundred_thousand_calls(small_router: SemanticRouter) -> None:
    contents, encoder = small_router._contents, small_router._encoder
    router = SemanticRouter(contents, encoder, n_cached=4_096)
    assert growth_per_call(router, 100_000) < 100


def test_what_only_certifying_and_evaluating_need_is_not_kept() -> None:
    contents = tiny_contents(6, n_calibration=30)
    router = SemanticRouter(contents, TinyEncoder())
    kept: IndexContents = router._contents
    assert len(kept.calibration.vectors) == 0
    assert len(kept.seen) == 0
    assert not kept.encoder_files
    assert len(contents.calibration.vectors) == 30


def test_the_examples_of_an_explanation_are_read_without_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path
    with locked(folder):
        publish(folder, tiny_contents(6))
    encoder = TinyEncoder()
    router = SemanticRouter.load(folder, encoder=encoder)
    calls: list[int] = []
    encode = encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda t: (calls.append(len(t)), encode(t))[1])
    monkeypatch.setattr("semroute.artifact.loading._load", None)
    explanation = router.explain("topic0a topic0b topic0c topic0d topic0e")
    assert explanation.clusters[0].examples
    assert calls == [1]


def test_a_damaged_file_of_examples_is_refused(tmp_path: Path) -> None:
    from semroute.errors import InvalidIndexError

    folder = tmp_path
    with locked(folder):
        version = publish(folder, tiny_contents(6)).manifest.index_version
    router = SemanticRouter.load(folder, encoder=TinyEncoder())
    path = folder / version / "samples.jsonl"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"topic0a", b"topic9a"))
    with pytest.raises(InvalidIndexError, match=r"samples\.jsonl.*SHA-256"):
        router.explain("topic0a topic0b topic0c topic0d topic0e")


def test_a_batch_is_looked_up_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semroute.router.routing.N_AT_ONCE", 3)
    router = SemanticRouter(tiny_contents(6), TinyEncoder())
    texts = [f"topic{n % 6}a topic{n % 6}b" for n in range(10)]
    found: list[RouteDecision] = router.route_batch(texts)
    assert found == [router.route(text) for text in texts]
    assert len({decision.cluster_id for decision in found}) > 3
