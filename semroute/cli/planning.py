"""`evals plan`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from semroute.cli.output import (
    Commands,
    NewFile,
    figure,
    index_option,
    json_option,
    percent,
    print_columns,
    print_json,
    refuse_inputs,
    seed_type,
)
from semroute.counted import are, counted
from semroute.texts import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semroute.planning import EvalPlan, Portion

INPUT = click.Path(path_type=Path)
N_PORTIONS = 10
N_CLUSTERS = 10

_COLUMNS = (
    "  Held-out pairs are held-out queries scored with the frontier and another model. The "
    "certified bound then lies about the margin above the loss they show. Label value is the mean "
    "score a request that better labels may save. Each row counts all scores up to it."
)


@click.group(cls=Commands)
def evals() -> None:
    """Plan which evaluations to buy.

    \b
    Example: semroute evals plan --index clusters/ --queries queries.jsonl --budget 500 -o plan.csv
    """


@evals.command(short_help="Choose which scores to buy next.")
@index_option
@click.option("--queries", type=INPUT, required=True, help="The query log of the index.")
@click.option(
    "--evals",
    "scores",
    type=INPUT,
    multiple=True,
    help="The scores there are so far; may be given several times.",
)
@click.option(
    "--budget", type=click.IntRange(1), required=True, help="How many scores may be bought."
)
@click.option("-o", "--output", type=NewFile(), help="Write the plan here, as CSV.")
@click.option(
    "--seed", type=seed_type, default=0, show_default=True, help="Of what is drawn at random."
)
@json_option
def plan(
    folder: Path,
    queries: Path,
    scores: tuple[Path, ...],
    budget: int,
    output: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Choose the query and model pairs whose scores would tighten the policy most.

    \b
    Example: semroute evals plan --index clusters/ --queries queries.jsonl --budget 500 -o plan.csv
    """
    from semroute.cli.progress_bars import progress_for_terminal
    from semroute.planning import plan_evals, refuse_filled_plan

    refuse_inputs(output, queries, *scores)
    if output and output.suffix.lower() != ".csv" and (output.is_file() or not output.exists()):
        raise click.UsageError(f"{output}: a plan is a CSV file; let its name end in .csv")
    refuse_filled_plan(output)
    found = plan_evals(folder, queries, scores, budget, seed=seed, progress=progress_for_terminal())
    if found.n_scores_given < found.n_scores_built:
        given = f"--evals gives {found.n_scores_given:,}" if scores else "without --evals"
        click.echo(
            f"note: the index was built with {counted(found.n_scores_built, 'score')}; {given}"
            f"{', and' if scores else ''} the plan may buy {'others' if scores else 'them'} again",
            err=True,
        )
    if found.n_new is not None and 2 * found.n_new > found.n_queries:
        click.echo(
            f"warning: {found.n_new:,} of {counted(found.n_queries, 'query')} {are(found.n_new)} "
            "not in the log the index was built from; a plan is for that log and newer queries, "
            "and scores bought for an evaluation set would end its use as one",
            err=True,
        )
    if output is not None:
        found.write(output)
        click.echo(f"{output}: {counted(len(found.scores), 'score')} to buy", err=True)
    if as_json:
        print_json(found.to_dict())
    else:
        print_plan(found, budget)


def print_plan(found: "EvalPlan", budget: int) -> None:
    """Print what to buy and what each hundred is expected to buy; more scores may be affordable."""
    purposes = Counter(one.purpose for one in found.scores)
    click.echo(
        f"{counted(len(found.scores), 'score')} to buy of {found.n_missing:,} missing; "
        f"{found.n_known:,} {are(found.n_known)} known"
    )
    if len(found.scores) < budget:
        click.echo(_unspent(found, budget))
    if not found.scores:
        return
    click.echo(f"{purposes['certificate']:,} on held-out queries, for the certificate")
    click.echo(f"{purposes['label']:,} where a few more may change a label\n")
    heading = ("scores bought", "held-out pairs", "certificate's margin", "label value")
    rows = [
        (f"{one.n_scores:,}", f"{one.n_pairs:,}", figure(one.bound_width), _value(one))
        for one in _spread(found.portions)
    ]
    print_columns([heading, *rows])
    click.echo(_COLUMNS)
    if found.left_out:
        reached = " and ".join(f"{n} to about {percent(s)}" for n, s in found.known_after.items())
        click.echo(
            f"\n{found.left_out}. A plan that brings them to less than "
            f"{percent(found.least_known)} changes nothing of it; this one brings {reached}"
        )
    _print_clusters(found)


def _value(portion: "Portion") -> str:
    """Write the value of better labels; what is too small to show is not nothing."""
    value = portion.label_value
    return "<0.00001" if 0 < value < 0.00001 else f"{value:.5f}" if value else "0"


def _spread(portions: "Sequence[Portion]") -> "list[Portion]":
    """Choose the portions to show, from the first to the last, at about equal distances."""
    n_shown = min(N_PORTIONS, len(portions))
    last = len(portions) - 1
    return [portions[round(step * last / max(n_shown - 1, 1))] for step in range(n_shown)]


def _unspent(found: "EvalPlan", budget: int) -> str:
    n_others = found.n_missing - len(found.scores)
    others = "no more are missing, so add newer queries to the log to plan further"
    if n_others:
        others = f"the other {n_others:,} {are(n_others)} not expected to change anything"
    return f"{budget - len(found.scores):,} of the budget of {budget:,} need not be spent: {others}"


def _print_clusters(found: "EvalPlan") -> None:
    labels = Counter(
        (f"{one.cluster_id}: {printable(one.cluster_name, 40)}", one.model)
        for one in found.scores
        if one.purpose == "label"
    )
    if labels:
        click.echo("\nmost label scores")
        rows = [(*what, n) for what, n in labels.most_common(N_CLUSTERS)]
        print_columns([("cluster", "model", "scores"), *rows])
