"""A report, written once by the command."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from semroute.evaluate import Evaluation, evaluate
from tests.command_line import run
from tests.judged import Judged, judged_demo


@dataclass(frozen=True)
class Written:
    """A report and what it is about."""

    judged: Judged
    path: Path
    html: str


@pytest.fixture(scope="package")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("report")
    judged, path = judged_demo(folder), folder / "report.html"
    path.write_text("an older report that everybody may read")
    path.chmod(0o644)
    with judged.encoding("semroute.evaluate.evaluation"):
        done = run("evaluate", *judged.arguments, "--report", path)
    assert done.code == 0, done.stderr
    return Written(judged, path, path.read_text())


@pytest.fixture(scope="package")
def found(written: Written) -> Evaluation:
    judged = written.judged
    files = judged.files
    return evaluate(judged.index, files.queries_test, files.evals_test, encoder=judged.encoder)
