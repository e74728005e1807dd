"""What a process does with requests at its end; the whole of it is in `test_forks`."""

import os
import subprocess
import sys
import threading

import pytest

from semroute.router import ending

DRAINED_AT_THE_END = """
import atexit, queue, threading

work = queue.Queue()
atexit.register(work.join)
atexit.register(lambda: work.put("comes when the end has begun"))
from semroute.router.ending import UnderWay

def drain():
    while True:
        work.get()
        with UnderWay():
            work.task_done()

threading.Thread(target=drain, daemon=True).start()
"""


def test_what_waits_at_the_end_for_a_daemon_thread_that_routes_does_not_wait_for_ever() -> None:
    done = subprocess.run([sys.executable, "-c", DRAINED_AT_THE_END], timeout=60, check=False)
    assert done.returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_forgets_the_requests_of_threads_it_does_not_have() -> None:
    inside, leave = threading.Event(), threading.Event()

    def request() -> None:
        with ending.UnderWay():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=request)
    thread.start()
    inside.wait(30)
    child = os.fork()
    if child == 0:
        os._exit(len(ending._under_way))
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not ending._under_way
