"""The public surface, pinned; and what importing it must not do."""

import subprocess
import sys

import pytest

import semroute

HEAVY = (
    "torch",
    "sentence_transformers",
    "sklearn",
    "hdbscan",
    "umap",
    "faiss",
    "scipy",
    "pyarrow",
)


def _run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_public_names_are_these() -> None:
    assert semroute.__all__ == [
        "Candidate",
        "Config",
        "Neighbour",
        "RouteDecision",
        "SemanticRouter",
        "SemrouteError",
        "__version__",
    ]


def test_every_public_name_exists_and_says_what_it_is() -> None:
    for name in semroute.__all__:
        assert getattr(semroute, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Router'"):
        semroute.Router  # noqa: B018 - asking is the test


@pytest.mark.parametrize(
    "code",
    [
        "import semroute",
        "from semroute import SemanticRouter",
        "import semroute.cli",
        "from semroute.cli import semroute as group; group.main(['--help'], standalone_mode=False)",
    ],
)
def test_nothing_heavy_is_loaded_before_a_router_is_made(code: str) -> None:
    loaded = _run(
        f"{code}\nimport sys; print('loaded:', *[m for m in {HEAVY} if m in sys.modules])"
    )
    assert loaded.splitlines()[-1] == "loaded:"


def test_importing_changes_no_environment_signal_or_logging() -> None:
    state = "(dict(os.environ), [signal.getsignal(s) for s in (2, 15)], logging.root.handlers[:])"
    code = f"import os, signal, logging\nbefore = {state}\nimport semroute, semroute.cli\n"
    assert _run(f"{code}from semroute import SemanticRouter\nprint(before == {state})") == "True"
