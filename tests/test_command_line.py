"""Exit codes and one-line errors through the command line, for every kind of broken input."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import Verification, verify_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.encoders.contract import EncoderOrigin
from tests.broken_files import BROKEN_FILES, CANARY, BrokenFile
from tests.build.small import write_small_files
from tests.command_line import run
from tests.tiny_index import tiny_contents


@pytest.mark.parametrize("case", BROKEN_FILES, ids=lambda case: case.name)
def test_broken_input_ends_in_one_line_and_exit_code_3(case: BrokenFile, tmp_path: Path) -> None:
    files = case.write(tmp_path)
    paths = ["--queries", files.queries, "--evals", files.evals, "--config", files.config]
    done = run("build-index", *paths, "--out", tmp_path / "index")
    assert done.code == 3
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("semroute: ")
    assert CANARY not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "index" / "CURRENT").exists()


def test_at_least_fifty_kinds_are_tried() -> None:
    assert len({case.id for case in BROKEN_FILES}) >= 50


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no-such-command"], 2),
        (["route"], 2),
        (["build-index"], 2),
        (["route", "--no-such-option", "x"], 2),
        (["--help"], 0),
        (["--version"], 0),
        (["labels", "--help"], 0),
    ],
)
def test_usage_errors_exit_with_2_and_help_with_0(arguments: list[str], code: int) -> None:
    assert run(*arguments).code == code


@pytest.mark.parametrize("command", ["route", "explain", "inspect", "verify"])
def test_a_missing_index_exits_with_4_and_says_how_to_make_one(
    command: str, tmp_path: Path
) -> None:
    text = ["hello"] if command in {"route", "explain"} else []
    done = run(command, "--index", tmp_path / "none", *text)
    assert done.code == 4
    assert "build-index" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["route", "--index", "a", "--index", "b", "hello"],
        ["build-index", "--queries", "a.csv", "--config", "c", "--queries", "b.csv"],
        ["labels", "export", "-o", "a", "--output", "b"],
        ["evals", "plan", "--queries", "q", "--budget", "3", "--budget", "4"],
    ],
)
def test_an_option_given_twice_is_refused_instead_of_half_ignored(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert "is given 2 times; give one" in done.stderr


@pytest.mark.parametrize("command", ["route", "explain"])
def test_a_text_without_quotes_or_with_a_dash_is_told_how_to_be_written(command: str) -> None:
    words = run(command, "where", "is", "my", "order")
    assert (words.code, "put it in quotes" in words.stderr) == (2, True)
    dash = run(command, "-5 degrees")
    assert (dash.code, "Write -- before a text that begins with a dash" in dash.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--max-loss", "--min-quality", "--max-cost"])
def test_a_decimal_comma_in_an_option_is_told(option: str) -> None:
    found = run("evaluate", "--queries", "q.csv", "--evals", "e.csv", option, "0,02")
    assert found.code == 2
    assert f"'{option}': '0,02' has a comma; write decimals with a point" in found.stderr


def test_an_interrupted_command_says_so_and_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("semroute.artifact.loading.load_index", interrupt)
    done = run("inspect", "--index", tmp_path)
    assert done.code == 130
    assert done.stderr.splitlines() == ["", "semroute: interrupted"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_says_what_it_leaves_behind(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        os.kill(os.getpid(), number)
        time.sleep(60)  # another thread may take the signal, and pass it on a moment later

    files, handler = write_small_files(tmp_path, n_queries=4), signal.getsignal(number)
    monkeypatch.setattr("semroute.build.pipeline.make_encoder", interrupt)
    paths = ["--queries", files.queries, "--config", files.config, "--out", tmp_path / "i"]
    done = run("build-index", *paths)
    assert done.code == 130
    assert done.stderr.splitlines()[-1] == "semroute: interrupted; nothing was published"
    assert signal.getsignal(number) == handler


FILES = ["--queries", "q.jsonl", "--evals", "e.csv"]
PLAN = ["evals", "plan", *FILES, "--budget", "5"]


@pytest.mark.parametrize(
    "command", [["build-index", *FILES], ["demo"], ["evaluate", *FILES], PLAN], ids=" ".join
)
@pytest.mark.parametrize("seed", ["-1", "4294967296", "x"])
def test_a_seed_the_generators_cannot_take_is_a_usage_error(command: list[str], seed: str) -> None:
    assert run(*command, "--seed", seed).code == 2


@pytest.mark.parametrize("command", [["evaluate", *FILES, "--report"], [*PLAN, "-o"]])
def test_a_result_that_cannot_be_written_is_told_before_the_work(
    command: list[str], tmp_path: Path
) -> None:
    done = run(*command, tmp_path / "nowhere" / "result")
    assert done.code == 2
    assert f"there is no folder {str(tmp_path / 'nowhere')!r}; make it first" in done.stderr
    assert run(*command, tmp_path).code == 2


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [
        ([*PLAN, "-o", "out.csv"], "scipy", "build"),
        (["evaluate", *FILES, "--report", "out"], "plotly", "report"),
        (["evaluate", *FILES, "--report", "out"], "umap", "build"),
        (["demo", "--out", "out"], "sentence_transformers", "build"),
        (["demo", "--out", "out"], "umap", "build"),
    ],
)
def test_a_missing_extra_is_told_in_one_line_before_anything_is_done(
    command: list[str],
    module: str,
    extra: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    done = run(*command)
    assert done.code == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"run: pip install 'semroute[{extra}]'" in done.stderr
    assert not list(tmp_path.iterdir())


def test_verbose_names_the_columns_that_are_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = write_small_files(tmp_path, n_queries=4)
    files.evals.write_text("query_id,model,score,team\nq00001,large,1,blue\n")
    build = ["build-index", "--queries", files.queries, "--evals", files.evals]
    # The files are read before the folder is made, which fails: no encoder is loaded.
    (tmp_path / "e.txt").touch()
    for verbose, named in (([], []), (["-v"], ["team", "topic"])):
        caplog.clear()
        done = run(*verbose, *build, "--config", files.config, "--out", tmp_path / "e.txt" / "no")
        assert done.code == 1
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == len(named)
        assert all(column in text for column, text in zip(named, told, strict=True))


def in_a_process(*arguments: object, stdin: bool = True, **environment: str) -> str:
    """Run the command line as a process of its own and return what it wrote, stderr too."""
    program = [sys.executable, "-c", "from semroute.cli import main; main()"]
    closing = [] if stdin else ["sh", "-c", 'exec "$0" "$@" <&-']
    done = subprocess.run(
        [*closing, *program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )
    return done.stdout.decode("utf-8", "replace")


def test_inspect_says_why_the_encoder_is_not_what_was_asked_for(tmp_path: Path) -> None:
    contents = tiny_contents()
    origin = EncoderOrigin(original=contents.manifest.encoder, departure="int8 is too far off")
    manifest = contents.manifest.model_copy(update={"encoder_origin": origin})
    with locked(tmp_path):
        publish(tmp_path, replace(contents, manifest=manifest))
    told = run("inspect", "--index", tmp_path).stdout
    assert "encoder   not what the config asks for: int8 is too far off\n" in told


def test_inspect_says_what_a_usual_request_costs_and_how_that_goes_by_length(
    tmp_path: Path,
) -> None:
    contents = tiny_contents()
    for usd_per_char, told in (
        (0.0, "$0.02 a usual request with large; they go by topic, not by length"),
        (2e-6, "$0.02 a usual request with large, which has 40 characters; 1,000 characters more"),
    ):
        estimator = replace(contents.estimator, usd_per_char=np.full(3, usd_per_char))
        with locked(tmp_path):
            publish(tmp_path, replace(contents, estimator=estimator))
        shown = run("inspect", "--index", tmp_path).stdout
        assert f"costs     {told}" in shown
    assert "cost $0.002\n" in shown


def test_a_closed_stdin_is_a_usage_error(tmp_path: Path) -> None:
    told = in_a_process("route", "--index", tmp_path, "-", stdin=False)
    assert "stdin is closed" in told.splitlines()[-1]


def test_what_the_terminals_encoding_lacks_is_printed_as_escapes(tmp_path: Path) -> None:
    contents = tiny_contents()
    first = contents.clusters[0].model_copy(update={"name": "größe 🙂"})
    with locked(tmp_path):
        publish(tmp_path, replace(contents, clusters=(first, *contents.clusters[1:])))
    table = in_a_process("inspect", "--clusters", "--index", tmp_path, PYTHONIOENCODING="latin-1")
    assert "e \\U0001f642" in table
    document = in_a_process("inspect", "--json", "--index", tmp_path, PYTHONIOENCODING="latin-1")
    assert json.loads(document)["clusters"][0]["name"] == "größe 🙂"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
@pytest.mark.parametrize("target", ["/dev/full", None])
def test_output_that_cannot_be_written_ends_without_a_traceback(
    target: str | None, tmp_path: Path
) -> None:
    with locked(tmp_path):
        publish(tmp_path, tiny_contents())
    reader, writer = os.pipe()
    os.close(reader)
    out = writer if target is None else os.open(target, os.O_WRONLY)
    program = [sys.executable, "-c", "from semroute.cli import main; main()"]
    done = subprocess.run(
        [*program, "inspect", "--index", str(tmp_path)], stdout=out, stderr=subprocess.PIPE
    )
    told = "semroute: stdout: No space left on device; make room\n" if target else ""
    assert (done.returncode, done.stderr.decode()) == (1, told)


def test_verify_checks_the_encoder_of_the_version_it_has_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(tmp_path):
        checked = publish(tmp_path, tiny_contents()).manifest.index_version
    opened = []

    def check_and_publish_another(folder: Path, *, version: str | None) -> Verification:
        found = verify_index(folder, version=version)
        with locked(tmp_path):
            publish(tmp_path, tiny_contents(seed=1))
        return found

    monkeypatch.setattr("semroute.artifact.loading.verify_index", check_and_publish_another)
    monkeypatch.setattr("semroute.artifact.encoder.open_index_encoder", opened.append)
    assert run("verify", "--index", tmp_path).code == 0
    assert [contents.manifest.index_version for contents in opened] == [checked]


def test_the_installed_command_answers_help_and_fails_in_one_line(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "semroute")]
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    assert "build-index" in shown.stdout
    failed = subprocess.run(
        [*command, "route", "--index", str(tmp_path), "hello"], capture_output=True, text=True
    )
    assert failed.returncode == 4
    assert len(failed.stderr.strip().splitlines()) == 1
    assert "build-index" in failed.stderr
