"""Work beside other work, also where no thread is to be had."""

import threading
from pathlib import Path

import pytest

from semroute.artifact.publishing import publish
from semroute.router import SemanticRouter
from semroute.side_thread import beside
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts


def test_work_is_done_on_another_thread_meanwhile() -> None:
    asked = threading.Event()

    def work() -> int:
        assert asked.wait(10)
        return threading.get_ident()

    with beside(work) as result:
        asked.set()
        assert result() != threading.get_ident()


def test_what_the_work_raises_is_raised_where_its_result_is_asked_for() -> None:
    def work() -> int:
        raise ValueError("no such model")

    with pytest.raises(ValueError, match="no such model"), beside(work) as result:
        result()


def test_the_block_ends_when_the_work_has_ended() -> None:
    may_end, ended = threading.Event(), threading.Event()

    def work() -> None:
        assert may_end.wait(10)
        ended.set()

    with beside(work):
        threading.Timer(0.05, may_end.set).start()
    assert ended.is_set()
    ended.clear()
    with pytest.raises(ValueError, match="meanwhile"), beside(work):
        raise ValueError("failed meanwhile")
    assert ended.is_set()


@pytest.mark.usefixtures("no_threads")
def test_without_a_thread_the_work_is_done_when_its_result_is_asked_for() -> None:
    with beside(threading.get_ident) as result:
        assert result() == threading.get_ident()


@pytest.mark.usefixtures("no_threads")
def test_an_index_is_loaded_and_asked_without_a_thread(tmp_path: Path) -> None:
    publish(tmp_path, tiny_contents(3))
    router = SemanticRouter.load(tmp_path, encoder=TinyEncoder())
    assert router.route(tiny_texts(1, 1)[0]).cluster_id == 1
