"""Processes that die in the middle of their work, for tests of what they leave behind.

`watched` reports every call that changes a folder. On top of it `die_at` runs a job in a child that
kills itself at one of these calls, and `die_after` one that is killed at a moment of the clock.
Children come from a fork server, so starting one takes milliseconds. For a command that needs
an interpreter of its own:

    python -m tests.artifact.killing FOLDER NUMBER before|after package.module:function ARGUMENT...

Number 0 kills nothing; the last line on stderr then says how many calls there were.
"""

import functools
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

WATCHED = ("open", "mkdir", "fsync", "rename", "replace")
"""Functions of `os`; a call counts if its first argument, path or handle, is in the folder."""

KILLED = -signal.SIGKILL

Job = Callable[..., object]


@dataclass(frozen=True)
class Call:
    """A call about to be made (`done` is False) or just made; numbers count from 1."""

    number: int
    name: str
    path: Path
    done: bool


@contextmanager
def watched(folder: Path, hook: Callable[[Call], None]) -> Iterator[None]:
    """Tell `hook` of every call in `WATCHED` that touches `folder` or what is in it."""
    originals = {name: getattr(os, name) for name in WATCHED}
    n_calls = 0

    def wrapped(name: str) -> Callable[..., Any]:
        @functools.wraps(originals[name])
        def call(first: Any, *rest: Any, **options: Any) -> Any:
            nonlocal n_calls
            path = _path(first)
            if not path.is_relative_to(folder):
                return originals[name](first, *rest, **options)
            n_calls += 1
            number = n_calls
            hook(Call(number, name, path, done=False))
            result = originals[name](first, *rest, **options)
            hook(Call(number, name, path, done=True))
            return result

        return call

    try:
        for name in WATCHED:
            setattr(os, name, wrapped(name))
        yield
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


def _path(argument: Any) -> Path:
    if isinstance(argument, int):
        return Path(f"/proc/self/fd/{argument}").readlink()
    return Path(os.fsdecode(argument))


def calls_of(folder: Path, job: Job, *arguments: object) -> list[Call]:
    """Run a job to its end in this process and return its finished calls."""
    calls: list[Call] = []
    with watched(folder, calls.append):
        job(*arguments)
    return [call for call in calls if call.done]


def die_at(number: int, folder: Path, job: Job, *arguments: object, after: bool = False) -> int:
    """Run a job in a child that kills itself before or after a call; return the exit code."""
    child = _child(_run_until, number, after, folder, job, *arguments)
    child.join(60)
    return _exit_code(child)


def die_after(seconds: float, started: Path, job: Job, *arguments: object) -> int:
    """Kill a child `seconds` after the file `started`, which the job makes, is there."""
    child = _child(job, *arguments)
    while not started.exists() and child.is_alive():
        time.sleep(0.001)
    time.sleep(seconds)
    child.kill()
    child.join(60)
    return _exit_code(child)


def start(job: Job, *arguments: object) -> ForkServerProcess:
    """Run a job in a child and do not wait for it."""
    return _child(job, *arguments)


def _child(job: Job, *arguments: object) -> ForkServerProcess:
    child = _server().Process(target=job, args=arguments, daemon=True)
    child.start()
    return child


@functools.cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    # A child runs the script of its parent again: pytest's, which imports pytest. What builds
    # import on the way is loaded once, so that children die while they build, not while they load.
    heavy = ["tests.build.small", "sklearn.cluster", "sklearn.feature_extraction", "scipy.stats"]
    context.set_forkserver_preload(["pytest", "tests.artifact.indexes", *heavy, __name__])
    return context


def _exit_code(child: ForkServerProcess) -> int:
    code = child.exitcode
    if code is None:
        child.kill()
        child.join()
        raise AssertionError("the child hangs")
    child.close()
    return code


def _run_until(number: int, after: bool, folder: Path, job: Job, *arguments: object) -> None:
    with watched(folder, _killer(number, after=after)):
        job(*arguments)


def _killer(number: int, *, after: bool) -> Callable[[Call], None]:
    def hook(call: Call) -> None:
        if call.number == number and call.done == after:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _main(folder: str, number: str, moment: str, job: str, *arguments: str) -> None:
    module, _, function = job.partition(":")
    n_calls = 0
    killer = _killer(int(number), after=moment == "after")

    def hook(call: Call) -> None:
        nonlocal n_calls
        n_calls = call.number
        killer(call)

    sys.argv = [function, *arguments]
    try:
        with watched(Path(folder), hook):
            getattr(importlib.import_module(module), function)()
    finally:
        print(f"calls: {n_calls}", file=sys.stderr)


if __name__ == "__main__":
    _main(*sys.argv[1:])
