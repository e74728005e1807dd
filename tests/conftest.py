"""Fixtures that are dear to make; which examples Hypothesis draws."""

import signal
import threading

import pytest
from hypothesis import settings

from semroute.encoders import SentenceTransformerEncoder, SentenceTransformerSettings


@pytest.fixture(scope="session")
def real_encoder() -> SentenceTransformerEncoder:
    """The default encoder with its packaged weights; importing its library takes seconds."""
    return SentenceTransformerEncoder(SentenceTransformerSettings(), local_only=True)


if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts a job in the background that way; tests that interrupt need Python's handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Draw the same examples in every run but the long rounds, so that a run can be repeated."""
    settings.register_profile("repeatable", derandomize=config.getoption("markexpr") != "soak")
    settings.load_profile("repeatable")


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every new thread, as a container at its limit does."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
