"""The wheel holds the package alone, and what it installs starts without any extra."""

import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "-o",
        str(out),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def clean_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "bin"


def test_the_wheel_holds_only_the_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0].split(".")[0] for name in names} == {"semroute"}
    assert "semroute/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_a_plain_install_brings_no_build_libraries(clean_environment: Path) -> None:
    command = [clean_environment / "pip", "list", "--format=freeze"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.lower()
    installed = {line.split("==")[0].replace("_", "-") for line in listed.splitlines()}
    assert "semroute" in installed
    assert not installed & {"torch", "sentence-transformers", "scikit-learn", "pyarrow", "rich"}


def test_a_plain_install_starts(clean_environment: Path, tmp_path: Path) -> None:
    command = [clean_environment / "semroute", "--help"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert "build-index" in shown.stdout


def test_building_without_the_extra_names_the_install_command(
    clean_environment: Path, tmp_path: Path
) -> None:
    (tmp_path / "semroute.toml").write_text(
        'frontier = "a"\n[[models]]\nname = "a"\nusd_per_request = 1\n'
    )
    (tmp_path / "queries.csv").write_text("query_id,text\n1,hello\n")
    command = [clean_environment / "semroute", "build-index", "--queries", "queries.csv"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "pip install 'semroute[build]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_stated_once() -> None:
    from semroute import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
