"""A service that takes up new versions while it answers: each answer is of one version, whole."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from semroute.artifact.layout import CURRENT, version_line
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.durable import replace_file
from semroute.errors import InvalidIndexError
from semroute.router import SemanticRouter
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts

N_THREADS = 8
TEXTS = [text for cluster_id in range(6) for text in tiny_texts(cluster_id, 2)]

Answers = Mapping[str, Mapping[str, tuple[str, int | None]]]
"""By version, then by text: the model and the cluster."""


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Path, str, str]:
    """Return an index of two versions that label the same clusters unlike, and their names."""
    with locked(tmp_path):
        names = [publish(tmp_path, tiny_contents(n)).manifest.index_version for n in (6, 4)]
    return tmp_path, names[0], names[1]


class Service:
    """What an application holds: one router, replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.router = self._loaded()

    def _loaded(self) -> SemanticRouter:
        return SemanticRouter.load(self.folder, encoder=TinyEncoder(), n_cached=4)

    def take_up(self, version: str) -> None:
        replace_file(self.folder / CURRENT, version_line(version))
        self.router = self._loaded()


def answers_of(folder: Path, versions: tuple[str, ...]) -> Answers:
    found = {}
    for version in versions:
        router = SemanticRouter.load(folder, encoder=TinyEncoder(), version=version)
        decisions = zip(TEXTS, router.route_batch(TEXTS), strict=True)
        found[version] = {text: (one.model, one.cluster_id) for text, one in decisions}
    return found


@contextmanager
def under_load(service: Service, expected: Answers) -> Iterator[list[str]]:
    """Ask from many threads until the block ends; yield the versions that answered, in order.

    A wrong answer fails at the end of the block.
    """
    answered: list[str] = []
    over, started = threading.Event(), threading.Barrier(N_THREADS + 1)

    def ask(number: int) -> None:
        texts = TEXTS[number:] + TEXTS[:number]
        started.wait(30)
        while not over.is_set():
            for text in texts:
                decision = service.router.route(text)
                right = expected[decision.index_version][text]
                assert (decision.model, decision.cluster_id) == right
            answered.append(decision.index_version)

    with ThreadPoolExecutor(N_THREADS) as threads, ExitStack() as ending:
        asking = [threads.submit(ask, number) for number in range(N_THREADS)]
        ending.callback(over.set)
        started.wait(30)
        yield answered
        over.set()
        for one in asking:
            one.result(30)


def storm(versions: tuple[Path, str, str], n_reloads: int) -> None:
    folder, *names = versions
    expected = answers_of(folder, tuple(names))
    assert expected[names[0]] != expected[names[1]]
    service = Service(folder)
    with under_load(service, expected) as answered:
        for n in range(n_reloads):
            service.take_up(names[n % 2])
    assert set(answered) == set(names)


def test_each_answer_is_of_one_version_while_versions_change(
    versions: tuple[Path, str, str],
) -> None:
    storm(versions, 12)


@pytest.mark.soak
def test_each_answer_is_of_one_version_while_versions_change_often(
    versions: tuple[Path, str, str],
) -> None:
    storm(versions, 200)


def test_a_damaged_version_is_refused_and_the_service_goes_on(
    versions: tuple[Path, str, str],
) -> None:
    folder, good, bad = versions
    service = Service(folder)
    service.take_up(good)
    path = folder / bad / "clusters.jsonl"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"topic 1", b"topic 2"))
    with under_load(service, answers_of(folder, (good,))) as answered:
        for _ in range(10):
            with pytest.raises(InvalidIndexError, match=r"clusters\.jsonl.*SHA-256"):
                service.take_up(bad)
    assert set(answered) == {good}
