"""The wheel holds the package alone, and what it installs serves without any extra."""

import json
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from semroute.build import build_index
from semroute.demo.dataset import requests, write_dataset
from semroute.router import SemanticRouter

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


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index made here, where every extra is installed."""
    folder = tmp_path_factory.mktemp("elsewhere")
    files = write_dataset(folder, n_queries=400)
    build_index(files.queries, files.evals, files.config, folder / "clusters")
    return folder / "clusters"


SERVE = """
import json, sys
from semroute import SemanticRouter

router = SemanticRouter.load(sys.argv[1])
print(json.dumps([decision.to_dict() for decision in router.route_batch(json.load(sys.stdin))]))
"""


def test_a_plain_install_routes_as_the_build_machine_does(
    clean_environment: Path, index: Path, tmp_path: Path
) -> None:
    texts = [request.text for request in requests()] + ["", "hi", "word " * 5_000]
    command = [clean_environment / "python", "-c", SERVE, index]
    done = subprocess.run(
        command, input=json.dumps(texts), check=True, capture_output=True, text=True, cwd=tmp_path
    )
    expected = [decision.to_dict() for decision in SemanticRouter.load(index).route_batch(texts)]
    assert {decision["reason"] for decision in expected} >= {"empty", "ood"}
    assert json.loads(done.stdout) == json.loads(json.dumps(expected))


@pytest.mark.parametrize("command", ["inspect", "verify", "explain", "route", "drift"])
def test_a_plain_install_has_the_commands_an_operator_needs(
    clean_environment: Path, index: Path, tmp_path: Path, command: str
) -> None:
    text = {"explain": ["where is my order?"], "route": ["where is my order?"], "drift": ["-"]}
    logged = json.dumps(SemanticRouter.load(index).route("where is my order?").to_dict())
    arguments = [clean_environment / "semroute", command, "--index", index, *text.get(command, [])]
    done = subprocess.run(arguments, input=logged, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(("bar", "code"), [("0.1", 0), ("1", 5)])
def test_a_plain_install_gates_a_release_without_the_classifier(
    clean_environment: Path, index: Path, bar: str, code: int
) -> None:
    files = ["--queries", "queries_test.jsonl", "--evals", "evals_test.csv"]
    command = [clean_environment / "semroute", "evaluate", *files, "--min-quality", bar]
    done = subprocess.run(command, capture_output=True, text=True, cwd=index.parent)
    assert done.returncode == code, done.stderr
    assert "Left out, because scikit-learn is not installed: classifier" in done.stdout


def test_a_plain_install_is_small(clean_environment: Path) -> None:
    files = [path for path in clean_environment.parent.rglob("*") if path.is_file()]
    assert sum(path.lstat().st_size for path in files) < 350e6


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


PLAN = ["evals", "plan", "--queries", "queries.jsonl", "--evals", "evals.csv", "--budget", "5"]


@pytest.mark.parametrize("command", [PLAN, ["demo"]], ids=lambda command: command[0])
def test_a_plain_install_names_the_extra_a_command_needs(
    clean_environment: Path, index: Path, command: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [clean_environment / "semroute", *command],
        capture_output=True,
        text=True,
        cwd=index.parent,
        env={"TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'semroute[build]'" in done.stderr
    assert not list(tmp_path.glob("semroute-demo-*"))


def test_the_version_is_stated_once() -> None:
    from semroute import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
