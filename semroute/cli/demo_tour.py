"""The tour `semroute demo` gives: files, build, routes, one explanation, what it saves."""

from pathlib import Path

import click

from semroute.build import build_index
from semroute.cli.build_summary import print_summary
from semroute.cli.output import dollars, figure, percent, print_columns
from semroute.cli.progress_bars import progress_for_terminal
from semroute.cli.routing import decision_line
from semroute.demo.comparison import compare
from semroute.demo.dataset import DemoFiles, requests, write_dataset
from semroute.demo.place import temporary_folder
from semroute.errors import require
from semroute.router import SemanticRouter
from semroute.texts import shell_word


def print_tour(out: Path | None, seed: int) -> None:
    """Write the demo's files, build from them, route, compare, and say how to go on."""
    require("the demo", "build", sentence_transformers="sentence-transformers", umap="umap-learn")
    folder = out or temporary_folder()
    files = write_dataset(folder, seed)
    clusters = folder / "clusters"
    click.echo(f"A simulated query log with scores of five made-up models is in {folder}:")
    click.echo("nothing in it was measured, the costs and qualities below show the way only.")
    if out is None:
        click.echo("The next demo replaces this folder; --out keeps the files where you want them.")
    click.echo()

    _print_command(_build_command(files, clusters, seed))
    summary = build_index(
        files.queries,
        files.evals,
        files.config,
        clusters,
        seed=seed,
        progress=progress_for_terminal(),
    )
    print_summary(summary)
    router = SemanticRouter.load(clusters)
    _print_routes(router, clusters)
    _print_comparison(router, clusters, files)
    _print_next(files, clusters, seed)


def _print_command(command: str) -> None:
    click.echo(f"$ {command}")


def _build_command(files: DemoFiles, clusters: Path, seed: int) -> str:
    paths = f"--queries {shell_word(files.queries)} --evals {shell_word(files.evals)}"
    more = f"--config {shell_word(files.config)} --out {shell_word(clusters)}"
    return f"semroute build-index {paths} {more}" + (f" --seed {seed}" if seed else "")


def _print_routes(router: SemanticRouter, clusters: Path) -> None:
    click.echo()
    for request in requests():
        _print_command(f"semroute route --index {shell_word(clusters)} {shell_word(request.text)}")
        click.echo(decision_line(router.route(request.text)))
        click.echo(f"  # {request.why}\n")


def _print_comparison(router: SemanticRouter, clusters: Path, files: DemoFiles) -> None:
    compared = compare(router, clusters, files.queries_test, files.evals_test)
    click.echo("New queries, which the build has not seen (scores and costs simulated)")
    heading = ("answered by", "mean score", "cost a request", "saved", "queries scored")
    rows = [
        (c.name, figure(c.score), dollars(c.cost_usd), percent(c.saving), c.n_scored)
        for c in compared
    ]
    print_columns([heading, *rows])


def _print_next(files: DemoFiles, clusters: Path, seed: int) -> None:
    index = shell_word(clusters)
    test = f"--queries {shell_word(files.queries_test)} --evals {shell_word(files.evals_test)}"
    click.echo("\nThe same by hand; put your own files in place of these:")
    for command in (
        _build_command(files, clusters, seed),
        f"semroute explain --index {index} {shell_word(requests()[0].text)}",
        f"semroute labels export --index {index} -o labels.csv",
        f"semroute labels apply --index {index} labels.csv --dry-run",
        f"semroute inspect --index {index} --clusters",
        f"semroute evaluate --index {index} {test}",
    ):
        _print_command(command)
