"""Routes in a process and in the children it starts; run by `test_forks` as a process of its own.

Prints a line of JSON for each way to start a child: what the parent decided, what the child did
(null if it gave no answer in 30 s), and how long the child took from its first call to `route`.
"""

import contextlib
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from semroute import RouteDecision, SemanticRouter

TEXTS = ("topic0a topic0b topic0c", "topic2d topic2e", "an unknown matter", "topic1a " * 400)

LIMIT_SECONDS = 30

inherited: SemanticRouter | None = None


def told(decision: RouteDecision) -> list[Any]:
    """What must not differ between processes."""
    return [decision.model, decision.reason, decision.cluster_id, decision.truncated]


def answer(folder: str, ready: Any, answers: Any) -> None:
    router = inherited or SemanticRouter.load(folder, n_cached=0)
    ready.set()
    started = time.monotonic()
    decisions = [told(router.route(text)) for text in TEXTS]
    answers.send([decisions, time.monotonic() - started])


def ask_child(folder: str, method: str) -> Any:
    context: Any = multiprocessing.get_context(method)
    ready = context.Event()
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=answer, args=(folder, ready, sender))
    child.start()
    ready.wait(2 * LIMIT_SECONDS)  # loading takes seconds where processes share a core
    found = receiver.recv() if receiver.poll(LIMIT_SECONDS) else [None, None]
    child.kill()
    child.join()
    return found


@contextlib.contextmanager
def routing_in_threads(router: SemanticRouter) -> Iterator[None]:
    """Route in two threads all the while."""
    is_over = threading.Event()

    def route() -> None:
        while not is_over.is_set():
            router.route_batch(TEXTS)

    threads = [threading.Thread(target=route) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def use_torch_on_all_cores() -> None:
    """Leave torch with a pool of threads, as an application's own model would."""
    import torch

    torch.ones(2_000, 2_000) @ torch.ones(2_000, 2_000)


def main(folder: str, *ways: str) -> None:
    global inherited  # noqa: PLW0603  # what fork hands on
    router = SemanticRouter.load(folder, n_cached=0)
    expected = [told(router.route(text)) for text in TEXTS]
    for way in ways:
        method, _, beside = way.partition(" ")
        inherited = router if method == "fork" else None
        if beside == "after torch":
            use_torch_on_all_cores()
        busy = routing_in_threads(router) if beside == "while routing" else contextlib.nullcontext()
        with busy:
            found, seconds = ask_child(folder, method)
        print(json.dumps({"way": way, "expected": expected, "found": found, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
