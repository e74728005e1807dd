"""Many threads or tasks, one router: the answers of one thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from semroute.decision import RouteDecision
from semroute.encoders import SentenceTransformerEncoder
from semroute.router import SemanticRouter
from tests.router.conftest import MIXED_TEXTS, compiled_router
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents

N_THREADS = 16


def assert_same(found: RouteDecision, expected: RouteDecision) -> None:
    assert (found.model, found.reason, found.cluster_id) == (
        expected.model,
        expected.reason,
        expected.cluster_id,
    )
    assert (found.similarity is None) == (expected.similarity is None)
    assert abs((found.similarity or 0) - (expected.similarity or 0)) < 1e-5


def compare_in_threads(router: SemanticRouter, is_over: Callable[[int], bool]) -> int:
    """Route the mixed texts in every thread until `is_over`; return the number of rounds."""
    expected: Mapping[str, RouteDecision] = {text: router.route(text) for text in MIXED_TEXTS}
    started = threading.Barrier(N_THREADS)

    def rounds(number: int) -> int:
        started.wait()
        n_rounds = 0
        while not is_over(n_rounds):
            # Each thread begins elsewhere, so that lengths are mixed at any time.
            for text in MIXED_TEXTS[number:] + MIXED_TEXTS[:number]:
                assert_same(router.route(text), expected[text])
            n_rounds += 1
        return n_rounds

    with ThreadPoolExecutor(N_THREADS) as threads:
        return sum(threads.map(rounds, range(N_THREADS)))


def test_sixteen_threads_get_the_answers_of_one(small_router: SemanticRouter) -> None:
    assert compare_in_threads(small_router, lambda n_rounds: n_rounds == 3) == 3 * N_THREADS


@pytest.mark.soak
def test_sixteen_threads_get_the_answers_of_one_for_a_minute(
    real_encoder: SentenceTransformerEncoder,
) -> None:
    router = compiled_router(real_encoder, "int8", MIXED_TEXTS[:40])
    end = time.monotonic() + 60
    n_rounds = compare_in_threads(router, lambda _: time.monotonic() > end)
    assert n_rounds >= N_THREADS


def test_a_batch_on_several_workers_decides_as_one_by_one(small_router: SemanticRouter) -> None:
    for text, found in zip(MIXED_TEXTS, small_router.route_batch(MIXED_TEXTS), strict=True):
        assert found == small_router.route(text)


def test_many_tasks_at_once_get_the_answers_of_one_thread(small_router: SemanticRouter) -> None:
    texts = MIXED_TEXTS * 5

    async def all_at_once() -> list[RouteDecision]:
        return await asyncio.gather(*map(small_router.aroute, texts))

    for text, found in zip(texts, asyncio.run(all_at_once()), strict=True):
        assert found == small_router.route(text)


class Waiting(TinyEncoder):
    """Embeds only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    def encode(self, texts: list[str], *args: object) -> object:  # type: ignore[override]  # passed on as it is
        assert self.may_go_on.wait(30)
        return super().encode(texts)


def test_the_event_loop_goes_on_while_a_text_is_embedded() -> None:
    encoder = Waiting()
    router = SemanticRouter(tiny_contents(3), encoder)

    async def let_it_go_on() -> RouteDecision:
        task = asyncio.create_task(router.aroute("hello"))
        await asyncio.sleep(0)
        encoder.may_go_on.set()  # reached only if the loop is not blocked
        return await task

    assert asyncio.run(let_it_go_on()) == router.route("hello")


def test_a_task_is_answered_where_no_thread_can_be_started() -> None:
    router = SemanticRouter(tiny_contents(3), TinyEncoder())

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def ask() -> RouteDecision:
        # No longer than it takes: the event loop starts a thread to end.
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            return await router.aroute("hello")

    assert asyncio.run(ask()) == router.route("hello")


def test_a_task_that_is_cancelled_harms_no_other() -> None:
    encoder = Waiting()
    router = SemanticRouter(tiny_contents(3), encoder)

    async def cancel_some() -> RouteDecision:
        tasks = [asyncio.create_task(router.aroute(f"hello {n}")) for n in range(40)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        encoder.may_go_on.set()
        cancelled = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in cancelled)
        return await router.aroute("hello")

    assert asyncio.run(cancel_some()) == router.route("hello")


def test_a_task_says_what_is_not_a_query() -> None:
    router = SemanticRouter(tiny_contents(3), TinyEncoder())
    with pytest.raises(TypeError, match="a query is a str or a list of messages"):
        asyncio.run(router.aroute(3))  # type: ignore[arg-type]  # the wrong type is the test
