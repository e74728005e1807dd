"""Every command and snippet of the README is run, on the demo's files under the README's names."""

import contextlib
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from semroute.config import read_config
from semroute.demo.dataset import write_dataset
from semroute.evals import read_evals
from semroute.queries import read_queries
from tests.command_line import Finished, run

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three files the README asks for."""
    folder = tmp_path_factory.mktemp("readme")
    write_dataset(folder, n_queries=400)
    (folder / "requests.txt").write_text("where is my order?\nwrite a haiku about rain\n")
    return folder


@pytest.fixture(scope="module")
def commands_done(folder: Path) -> dict[str, Finished]:
    """Every command of the page, run in its order, and how it ended."""
    done = {}
    with contextlib.chdir(folder):
        for command in (line for block in _blocks("bash") for line in block.splitlines()):
            words, _, source = command.partition(" < ")
            program, *arguments = shlex.split(words)
            assert program == "semroute"
            typed = Path(source.strip()).read_bytes() if source else b""
            done[command] = run(*arguments, stdin=typed)
    return done


def test_every_command_runs_in_the_order_of_the_page(commands_done: dict[str, Finished]) -> None:
    assert len(commands_done) >= 8
    for command, done in commands_done.items():
        assert done.code == 0, f"{command}: {done.stderr}"


@pytest.mark.usefixtures("commands_done")
def test_the_python_snippet_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for block in _blocks("python"):
            exec(block, {})  # noqa: S102 - the README's own snippet
    lines = out.getvalue().splitlines()
    assert lines[0].split()[1] in {"matched", "ood", "insufficient_evidence"}
    assert len(json.loads(lines[1].replace("'", '"'))) == 2


def test_the_file_examples_can_be_read(tmp_path: Path) -> None:
    queries, evals, config = (tmp_path / n for n in ("q.jsonl", "e.csv", "semroute.toml"))
    queries.write_text(_blocks("json")[0])
    evals.write_text(_blocks("csv")[0])
    config.write_text(_blocks("toml")[0])
    settings = read_config(config)
    log = read_queries(queries)
    assert log.query_ids == ("q1", "q2")
    assert read_evals(evals, log.query_ids, settings.model_names).n_scores == 2


def test_the_make_targets_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)$", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
