"""Building through the command line."""

from pathlib import Path

from semroute.demo.dataset import DemoFiles
from tests.command_line import Finished, run

EASY = "hi there, how are you doing today?"


def build(files: DemoFiles, out: Path, *more: object) -> Finished:
    paths = ["--queries", files.queries, "--evals", files.evals, "--config", files.config]
    return run("build-index", *paths, "--out", out, *more)
