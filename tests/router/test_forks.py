"""Every way to start a process, with every kind of encoder: the child answers, and in time.

And every process ends, with daemon threads in the middle of requests.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from semroute.build import build_index
from semroute.encoders import SentenceTransformerEncoder, SentenceTransformerSettings
from tests.build.small import CONFIG, write_small_files
from tests.encoders.small_models import minilm_of_few_words
from tests.router.children import LIMIT_SECONDS, TEXTS

ROOT = Path(__file__).parents[2]

KINDS = ("static", "int8", "sentence-transformers")

WAYS = ("fork", "fork while routing", "fork after torch", "spawn", "forkserver")

MAX_SECONDS = 5

MOST_KEPT_BACK_MB = 8
"""A tenth of what a process takes; reading the int8 model alone frees more."""

ENCODER_TABLES = {
    "static": 'kind = "static"\ndimension = 32',
    "int8": 'precision = "int8"',
    "sentence-transformers": "",
}


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [f"topic{number}{letter}" for number in range(4) for letter in "abcdefg"]
    texts = [*words, *TEXTS, *(f"detail{number}" for number in range(800))]
    return minilm_of_few_words(tmp_path_factory.mktemp("model") / "few_words", texts)


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def index(kind: str, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose encoder is of `kind`."""
    folder = tmp_path_factory.mktemp(kind)
    files = write_small_files(folder, n_queries=400)
    model = f"model = {json.dumps(str(model_folder))}"
    files.config.write_text(f"{CONFIG}\n[encoder]\n{model}\n{ENCODER_TABLES[kind]}\n")
    settings = SentenceTransformerSettings(model=str(model_folder))
    # An encoder that is given is not compiled.
    given = SentenceTransformerEncoder(settings) if kind == "sentence-transformers" else None
    build_index(files.queries, files.evals, files.config, folder / "index", encoder=given)
    return folder / "index"


@pytest.fixture(scope="module")
def environment() -> Mapping[str, str]:
    """Variables for other processes, without those that libraries set here when imported."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return {**kept, "PYTHONPATH": str(ROOT)}


def run_module(
    name: str, index: Path, environment: Mapping[str, str], *ways: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"tests.router.{name}", str(index), *ways],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60 + 2 * LIMIT_SECONDS * len(ways),
    )


def run_children(index: Path, environment: Mapping[str, str], *ways: str) -> list[dict[str, Any]]:
    done = run_module("children", index, environment, *ways)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def answers(index: Path, environment: Mapping[str, str]) -> Mapping[str, dict[str, Any]]:
    return {answer["way"]: answer for answer in run_children(index, environment, *WAYS)}


def answers_or_says_why(answer: Mapping[str, Any]) -> bool:
    """Whether a child decided as its parent did, or fell back every time and named the cause."""
    refused = [decision[:3] == ["large", "encoder_error", None] for decision in answer["found"]]
    return answer["found"] == answer["expected"] or all(refused)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "fork while routing"])
def test_a_child_decides_as_its_parent(way: str, answers: Mapping[str, dict[str, Any]]) -> None:
    answer = answers[way]
    assert {decision[1] for decision in answer["expected"]} != {"encoder_error"}
    assert answer["expected"][-1][-1]  # the long text was cut
    assert answer["found"] == answer["expected"]
    assert answer["seconds"] < MAX_SECONDS


def test_a_child_forked_from_the_middle_of_a_decision_never_hangs(
    kind: str, answers: Mapping[str, dict[str, Any]]
) -> None:
    answer = answers["fork while routing"]
    if kind == "sentence-transformers":
        assert answers_or_says_why(answer)
    else:
        assert answer["found"] == answer["expected"]
    assert answer["seconds"] < MAX_SECONDS


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="of the GNU C library")
def test_memory_that_taking_up_a_version_has_freed_goes_back(
    index: Path, environment: Mapping[str, str]
) -> None:
    done = run_module("reloads", index, environment)
    assert done.returncode == 0, done.stderr
    assert max(json.loads(done.stdout)) < MOST_KEPT_BACK_MB


def test_a_process_ends_well_in_the_middle_of_the_requests_of_daemon_threads(
    index: Path, environment: Mapping[str, str]
) -> None:
    done = run_module("daemons", index, environment)
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr


@pytest.mark.soak
def test_a_hundred_children_forked_from_the_middle_of_decisions_never_hang(
    index: Path, environment: Mapping[str, str]
) -> None:
    answers = run_children(index, environment, *["fork while routing"] * 100)
    assert len(answers) == 100
    for answer in answers:
        assert answers_or_says_why(answer)
        assert answer["seconds"] < MAX_SECONDS


@pytest.fixture
def served(index: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The socket of a gunicorn that loads the router, and then forks two workers."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/socket"  # short: what a path of a socket may not exceed is 108 bytes
        options = f"--preload --workers 2 --bind unix:{address} --no-control-socket".split()
        with subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "tests.router.preloaded:application"],
            cwd=ROOT,
            env={**environment, "SEMROUTE_TEST_INDEX": str(index)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                yield address
            finally:
                end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    """Ask a server to end; what is too busy to answer is killed."""
    server.terminate()
    try:
        server.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()


@contextmanager
def connected(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(LIMIT_SECONDS)
        connection.connect(address)
        yield connection


def ask(connection: socket.socket) -> dict[str, Any]:
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    received = b"".join(iter(lambda: connection.recv(65_536), b""))
    answer: dict[str, Any] = json.loads(received.partition(b"\r\n\r\n")[2])
    return answer


def first_answer(address: str) -> dict[str, Any]:
    """Ask until there is an answer: gunicorn may still be loading the router."""
    deadline = time.monotonic() + 4 * LIMIT_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError), connected(address) as connection:
            return ask(connection)
        time.sleep(0.05)
    pytest.fail("gunicorn did not answer")


def test_workers_of_gunicorn_with_preload_decide_as_the_master_did(served: str) -> None:
    answers = [first_answer(served)]
    # A worker waits for the request of the connection it took, so that the other takes the next.
    with connected(served) as first, connected(served) as second:
        answers += [ask(second), ask(first)]
    assert len({answer["worker"] for answer in answers}) == 2
    for answer in answers:
        assert answer["worker"] != answer["loaded_by"]
        assert answer["found"] == answer["expected"]
        assert answer["seconds"] < MAX_SECONDS
