import subprocess
import sys
from pathlib import Path

import pytest

PREPARE = """
import os, sys, time
def threads():
    return len(os.listdir("/proc/self/task"))
import numpy  # has threads of its own
before, variables = threads(), dict(os.environ)
"""

OPEN = """
from semroute.encoders.quiet_runtime import quiet_onnxruntime
quiet_onnxruntime()
assert dict(os.environ) == variables
"""

FORK = """
child = os.fork()
if child == 0:
    sys.exit(3)
deadline = time.monotonic() + 20
while (done := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
    time.sleep(0.01)
if done[0] == 0:
    os.kill(child, 9)
assert os.waitstatus_to_exitcode(done[1]) == 3, "the child does not end"
"""


def run(script: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    # A home of its own shows what is written there.
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), **variables},
    )


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_onnx_runtime_starts_no_thread_and_writes_nothing(tmp_path: Path) -> None:
    done = run(f"{PREPARE}{OPEN}assert threads() == before, threads()", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_child_of_a_process_with_onnx_runtime_ends(tmp_path: Path) -> None:
    done = run(f"{PREPARE}{OPEN}{FORK}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_forked_while_another_thread_opens_an_encoder_does_not_wait_for_it(
    tmp_path: Path,
) -> None:
    held = "from semroute.encoders import quiet_runtime\nquiet_runtime._importing.lock.acquire()\n"
    opens = FORK.replace("sys.exit(3)", "quiet_onnxruntime(); sys.exit(3)")
    done = run(f"{PREPARE}{OPEN}{held}{opens}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_the_owner_has_set_stays(tmp_path: Path) -> None:
    done = run(f"{PREPARE}{OPEN}", tmp_path, ORT_DISABLE_TELEMETRY="1")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_imported_before_is_told_to_send_nothing(tmp_path: Path) -> None:
    script = """
import onnxruntime
called = []
onnxruntime.disable_telemetry_events = lambda: called.append(True)
"""
    done = run(f"{PREPARE}{script}{OPEN}assert called == [True]", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
