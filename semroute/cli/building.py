"""`build-index` and `demo`."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from semroute.cli.output import OnceEach, json_option, print_json, seed_type

INPUT = click.Path(path_type=Path)


@click.command(
    "build-index",
    cls=OnceEach,
    short_help="Build an index from a query log and evaluation results.",
)
@click.option("--queries", type=INPUT, required=True, help="Query log: .csv, .jsonl or .parquet.")
@click.option(
    "--evals",
    type=INPUT,
    multiple=True,
    help="Scores per query and model, in the same formats; may be given several times.",
)
@click.option("--config", type=INPUT, default="semroute.toml", show_default=True, help="Settings.")
@click.option(
    "--out", type=INPUT, default="clusters", show_default=True, help="Folder of the index."
)
@click.option(
    "--seed", type=seed_type, default=0, show_default=True, help="Of every random choice."
)
@click.option(
    "--samples/--no-samples", default=True, show_default=True, help="Keep masked example queries."
)
@click.option(
    "--discard-labels", is_flag=True, help="Leave the analysts' labels of the live version behind."
)
@click.option(
    "--require-labels",
    is_flag=True,
    help="Publish nothing and fail with exit code 5 if a label cannot be carried over.",
)
@json_option
def build_index(
    queries: Path,
    evals: tuple[Path, ...],
    config: Path,
    out: Path,
    seed: int,
    samples: bool,
    discard_labels: bool,
    require_labels: bool,
    as_json: bool,
) -> None:
    """Build an index from a query log and evaluation results, and publish it.

    \b
    Example: semroute build-index --queries queries.jsonl --evals evals.csv --config semroute.toml
    """
    from semroute.build import build_index as build
    from semroute.cli.build_summary import print_summary
    from semroute.cli.progress_bars import progress_for_terminal

    if discard_labels and require_labels:
        raise click.UsageError(
            "--discard-labels leaves labels behind, --require-labels asks for all"
        )
    with _killed_as_interrupted():
        summary = build(
            queries,
            evals,
            config,
            out,
            seed=seed,
            samples=samples,
            discard_labels=discard_labels,
            require_labels=require_labels,
            progress=progress_for_terminal(),
        )
    if as_json:
        print_json(summary.to_dict())
    else:
        print_summary(summary)


@contextmanager
def _killed_as_interrupted() -> Iterator[None]:
    """Let a plain `kill` end a build as Ctrl-C does: with a word on what is left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@click.command(cls=OnceEach, short_help="See all of it work on a small simulated data set.")
@click.option("--out", type=INPUT, help="Keep the files here; else the next demo replaces them.")
@click.option(
    "--seed",
    type=seed_type,
    default=0,
    show_default=True,
    help="Of the simulated scores and the build.",
)
def demo(out: Path | None, seed: int) -> None:
    """See all of it work on a small simulated data set, without files of your own.

    \b
    Example: semroute demo --out demo/
    """
    from semroute.cli.demo_tour import print_tour

    print_tour(out, seed)
