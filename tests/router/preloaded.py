"""A WSGI application that loads its router when it is imported; served by `test_forks`."""

import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from semroute import SemanticRouter
from tests.router.children import TEXTS, told

router = SemanticRouter.load(os.environ["SEMROUTE_TEST_INDEX"], n_cached=0)
expected = [told(router.route(text)) for text in TEXTS]
loaded_by = os.getpid()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    started = time.monotonic()
    found = [told(router.route(text)) for text in TEXTS]
    seconds = time.monotonic() - started
    start_response("200 OK", [("Content-Type", "application/json")])
    answer = {"worker": os.getpid(), "loaded_by": loaded_by, "expected": expected}
    return [json.dumps({**answer, "found": found, "seconds": seconds}).encode()]
