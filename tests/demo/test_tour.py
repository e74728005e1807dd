"""The tour of `semroute demo`, with a small log and an encoder that needs no model."""

import functools
import shlex
import tempfile
from pathlib import Path

import pytest

from semroute.build import build_index
from semroute.cli import demo_tour
from semroute.cli.output import dollars, figure, percent
from semroute.demo import dataset, requests, write_dataset
from semroute.demo.comparison import compare
from semroute.evaluate import evaluate
from semroute.router import SemanticRouter
from tests.command_line import Finished, run
from tests.tiny import TinyEncoder

ENCODER = TinyEncoder(64)


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def toured(temporary: Path) -> Finished:
    # Six hundred queries show less than the two thousand of the demo.
    text = dataset.config_text().partition("[clustering]")[0].replace("= 0.015", "= 0.03")
    kmeans = f'{text}[clustering]\nkind = "kmeans"\nn_clusters = 20\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setattr(dataset, "config_text", lambda: kmeans)
        patch.setattr(demo_tour, "write_dataset", functools.partial(write_dataset, n_queries=600))
        patch.setattr(demo_tour, "build_index", functools.partial(build_index, encoder=ENCODER))
        load = functools.partial(SemanticRouter.load, encoder=ENCODER)
        patch.setattr(demo_tour.SemanticRouter, "load", load)
        return run("demo")


def commands(toured: Finished) -> list[list[str]]:
    lines = toured.stdout.splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("$ ")]


def test_every_request_is_routed_under_the_command_that_routes_it(
    toured: Finished, temporary: Path
) -> None:
    assert toured.code == 0, toured.stderr
    (folder,) = temporary.iterdir()
    router = SemanticRouter.load(folder / "clusters", encoder=ENCODER)
    lines = toured.stdout.splitlines()
    for request in requests():
        command = shlex.join(["semroute", "route", "--index", str(folder / "clusters")])
        place = lines.index(f"$ {command} {shlex.quote(request.text)}")
        decision = router.route(request.text)
        assert lines[place + 1].split("\t")[:2] == [decision.model, decision.reason]
        assert lines[place + 2] == f"  # {request.why}"


def test_the_folder_is_named_and_what_becomes_of_it(toured: Finished, temporary: Path) -> None:
    (folder,) = temporary.iterdir()
    assert toured.stdout.splitlines()[0].endswith(f" is in {folder}:")
    assert "The next demo replaces this folder" in toured.stdout


def test_the_commands_shown_can_be_run(toured: Finished, temporary: Path) -> None:
    shown = commands(toured)
    assert {command[1] for command in shown} >= {"build-index", "route", "explain", "labels"}
    assert all(command[0] == "semroute" for command in shown)
    (inspect,) = (command for command in shown if command[1] == "inspect")
    assert run(*inspect[1:]).code == 0
    (export,) = (command for command in shown if command[1:3] == ["labels", "export"])
    assert run(*export[1:-1], temporary / "labels.csv").code == 0


def test_what_it_saves_is_told_beside_always_using_one_model(toured: Finished) -> None:
    rows = [line.split() for line in toured.stdout.splitlines()]
    (ours,) = (row for row in rows if row[:1] == ["semroute"])
    (frontier,) = (row for row in rows if row[:2] == ["always", "frontier-xl"])
    assert 0 < float(ours[3].rstrip("%")) < 100
    assert frontier[4] == "0.0%"


def test_the_figures_are_those_of_the_command_shown(toured: Finished) -> None:
    (shown,) = (command for command in commands(toured) if command[1] == "evaluate")
    index, queries, evals = map(Path, shown[3::2])
    found = evaluate(index, queries, evals, encoder=ENCODER)
    judged = {strategy.name: strategy for strategy in found.strategies}
    router = SemanticRouter.load(index, encoder=ENCODER)
    compared = compare(router, index, queries, evals)
    assert len(compared) == 3
    rows = [" ".join(line.split()) for line in toured.stdout.splitlines()]
    for ours in compared:
        strategy = judged[ours.name]
        assert strategy.score is not None
        assert (ours.score, ours.cost_usd, ours.saving) == pytest.approx(
            (strategy.score.value, strategy.cost_usd.value, strategy.saving.value), abs=1e-9
        )
        assert ours.n_scored == found.n_queries - strategy.n_unscored
        told = (figure(ours.score), dollars(ours.cost_usd), percent(ours.saving), ours.n_scored)
        assert " ".join(map(str, (ours.name, *told))) in rows
