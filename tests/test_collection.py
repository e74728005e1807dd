"""Every test file is in a folder that pytest looks into."""

from fnmatch import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def test_no_folder_of_tests_is_left_out(pytestconfig: pytest.Config) -> None:
    """Unless told otherwise pytest passes over folders named `build` or `dist`."""
    folders = {file.parent.relative_to(TESTS) for file in TESTS.rglob("test_*.py")}
    names = {name for folder in folders for name in folder.parts}
    assert "build" in names
    patterns = pytestconfig.getini("norecursedirs")
    assert not [name for name in names for pattern in patterns if fnmatch(name, pattern)]
