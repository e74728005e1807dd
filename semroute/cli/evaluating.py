"""`evaluate`."""

import math
from pathlib import Path
from typing import Any

import click

from semroute.cli.output import (
    NewFile,
    OnceEach,
    index_option,
    json_option,
    print_json,
    refuse_inputs,
    seed_type,
    version_option,
)

INPUT = click.Path(path_type=Path)


class Bar(click.FloatRange):
    """A number a figure is held against; NaN would let everything pass."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number; a usage error if there is none to compare with."""
        if isinstance(value, str) and "," in value:
            self.fail(f"{value!r} has a comma; write decimals with a point, like 0.02", param, ctx)
        bar = float(super().convert(value, param, ctx))
        if not math.isfinite(bar):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return bar


@click.command(cls=OnceEach, short_help="Judge an index on queries its build has not seen.")
@index_option
@version_option
@click.option("--queries", type=INPUT, required=True, help="Queries the build has not seen.")
@click.option(
    "--evals",
    type=INPUT,
    required=True,
    multiple=True,
    help="Their scores, per query and model; may be given several times.",
)
@click.option("--report", type=NewFile(), help="Write a page of HTML here, for a browser.")
@click.option(
    "--samples/--no-samples", default=True, show_default=True, help="Masked queries in the report."
)
@click.option("--skip-seen", is_flag=True, help="Leave out queries the build has seen.")
@click.option(
    "--min-quality",
    type=Bar(0, 1),
    help="Fail with exit code 5 if the router's mean score is lower.",
)
@click.option(
    "--max-cost",
    type=Bar(0),
    help="Fail with exit code 5 if a request costs more US dollars on average.",
)
@click.option(
    "--max-loss",
    type=Bar(-1, 1),
    help="Fail with exit code 5 if the router loses more of the frontier's mean score.",
)
@click.option(
    "--require-promise",
    is_flag=True,
    help="Fail with exit code 5 if the certificate of the index does not hold.",
)
@click.option("--seed", type=seed_type, default=0, show_default=True, help="Of the bootstrap.")
@json_option
def evaluate(
    folder: Path,
    version: str | None,
    queries: Path,
    evals: tuple[Path, ...],
    report: Path | None,
    samples: bool,
    skip_seen: bool,
    min_quality: float | None,
    max_cost: float | None,
    max_loss: float | None,
    require_promise: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Judge an index on queries its build has not seen, beside everything simpler.

    \b
    Example: semroute evaluate --index clusters/ --queries queries_test.jsonl --evals evals_test.csv
    """
    from semroute.cli.evaluation_gates import Bars, gates
    from semroute.cli.evaluation_tables import print_evaluation, print_gates
    from semroute.cli.progress_bars import progress_for_terminal
    from semroute.errors import CheckFailedError, require
    from semroute.evaluate import evaluate as judge

    refuse_inputs(report, queries, *evals)
    if report is not None:
        require("the report", "report", plotly="plotly")
        require("the map of clusters", "build", umap="umap-learn")
    found = judge(
        folder,
        queries,
        evals,
        version=version,
        seed=seed,
        skip_seen=skip_seen,
        progress=progress_for_terminal(),
    )
    if report is not None:
        from semroute.report import write_report

        write_report(report, folder, queries, found, samples=samples)
        click.echo(f"report: {report}", err=True)
    asked = gates(found, Bars(min_quality, max_cost, max_loss, require_promise))
    if as_json:
        print_json({**found.to_dict(), "gates": [gate.to_dict() for gate in asked]})
    else:
        print_evaluation(found)
        print_gates(asked)
    missed = [gate.missed for gate in asked if not gate.met]
    if missed:
        raise CheckFailedError("; ".join(missed))
