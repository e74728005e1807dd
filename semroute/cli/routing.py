"""`route` and `explain`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from semroute.cli.output import (
    OnceEach,
    dollars,
    figure,
    index_option,
    json_option,
    percent,
    print_columns,
    print_json,
    version_option,
)
from semroute.cli.requests import STDIN, one_request, requests_of, rows_option
from semroute.texts import printable

if TYPE_CHECKING:
    from semroute.decision import RouteDecision
    from semroute.queries import LogRow
    from semroute.router import Explanation
    from semroute.router.explain import ExplainedCluster


N_MOVES = 4
"""Reasons shown per model."""


class OfText(OnceEach):
    """A command about a text, which a shell cuts into words and may take for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the arguments left; a usage error says how to write the text."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            told = f"{error.format_message()} Write -- before a text that begins with a dash."
            raise click.UsageError(told, ctx) from None
        except click.UsageError as error:
            if "extra argument" not in error.message:
                raise
            raise click.UsageError("the text is several words; put it in quotes", ctx) from None


@click.command(cls=OfText, short_help="Choose a model for a text, or for each line of stdin.")
@index_option
@version_option
@json_option
@rows_option
@click.argument("text")
def route(folder: Path, version: str | None, text: str, as_json: bool, rows: bool) -> None:
    """Choose a model for TEXT, or for each line of stdin if TEXT is `-`.

    Write -- before a TEXT that begins with a dash. With --rows TEXT, or each line, is a row of a
    query log.

    \b
    Example: semroute route --index clusters/ "where is my order?"
    """
    from semroute.router import SemanticRouter

    asked = requests_of(text, rows=rows)
    router = SemanticRouter.load(folder, version=version)
    for row in asked:
        decision = router.route(row.request)
        if as_json:
            print_json(_with_id(row, decision), indent=None if text == STDIN else 2)
        else:
            click.echo(decision_line(decision))


def _with_id(row: "LogRow", found: "RouteDecision | Explanation") -> dict[str, Any]:
    id_of_row = {} if row.query_id is None else {"query_id": row.query_id}
    return {**id_of_row, **found.to_dict()}


def decision_line(decision: "RouteDecision") -> str:
    """Write a decision as one line of columns separated by tabs: model, reason, cluster."""
    cells = [decision.model, decision.reason]
    if decision.cluster_id is not None:
        cells.append(f"cluster {decision.cluster_id}: {decision.cluster_name}")
        cells.append(f"similarity {figure(decision.similarity)}")
    return "\t".join(printable(cell) for cell in cells)


@click.command(cls=OfText, short_help="Show why a text goes to its model.")
@index_option
@version_option
@json_option
@rows_option
@click.argument("text")
def explain(folder: Path, version: str | None, text: str, as_json: bool, rows: bool) -> None:
    """Show why TEXT goes to its model: clusters, evidence per model, example queries.

    If TEXT is `-` it is read from stdin, as one text. Write -- before a TEXT that begins with a
    dash. With --rows TEXT is a row of a query log.

    \b
    Example: semroute explain --index clusters/ "where is my order?"
    """
    from semroute.router import SemanticRouter

    row = one_request(text, rows=rows)
    explanation = SemanticRouter.load(folder, version=version).explain(row.request)
    if as_json:
        print_json(_with_id(row, explanation))
        return
    decision = explanation.decision
    click.echo(f"{printable(decision.model)} ({decision.reason})")
    for sentence in explanation.why:
        click.echo(f"  {printable(sentence)}")
    if explanation.clusters:
        _print_nearest(explanation)


def _print_nearest(explanation: "Explanation") -> None:
    click.echo("\nNearest clusters")
    heading = ("id", "similarity", "weight", "share of log", "mostly", "reason", "name")
    weights = {
        part.cluster_id: percent(part.weight)
        for parts in explanation.estimates[:1]
        for part in parts.clusters
    }
    rows = [
        (
            c.cluster_id,
            figure(c.similarity),
            weights.get(c.cluster_id, "-"),
            percent(c.share),
            c.label,
            c.label_reason,
            c.name,
        )
        for c in explanation.clusters
    ]
    print_columns([heading, *rows])
    _print_estimates(explanation)
    _print_cluster(explanation.clusters[0])


def _print_estimates(explanation: "Explanation") -> None:
    heading = "Expected cost and loss on this text, and what moves the loss"
    if explanation.decision.is_fallback:
        heading += "; of no account, since the text is unknown"
    click.echo(f"\n{heading}")
    costs_usd = {c.model: c.expected_cost_usd for c in explanation.decision.candidates}
    taken_apart = {parts.model for parts in explanation.estimates}
    for other in explanation.decision.candidates:
        if other.model not in taken_apart:
            cost, loss = dollars(other.expected_cost_usd), figure(other.expected_loss)
            click.echo(f"  {printable(other.model)}  {cost}  {loss}")
    for parts in explanation.estimates:
        moves = parts.largest_moves(N_MOVES)
        told = "".join(f", {name} {move:+.3f}" for name, move in moves.items())
        base = figure(parts.base)
        accepted = figure(explanation.accepted_losses.get(parts.model))
        click.echo(
            f"  {printable(parts.model)}  {dollars(costs_usd.get(parts.model))}  "
            f"{figure(parts.loss)} (accepted: {accepted}) = {base} in general{told}"
        )


def _print_cluster(cluster: "ExplainedCluster") -> None:
    click.echo(
        f"\nEvidence on cluster {cluster.cluster_id} ({cluster.cluster_key}), cheapest first"
    )
    heading = ("model", "cost", "scored", "mean score", "pairs", "loss", "expected", "bound")
    rows = [
        (
            e.model,
            dollars(e.mean_cost_usd),
            e.n_scored,
            figure(e.mean_score),
            e.n_paired,
            figure(e.mean_loss),
            figure(e.expected_loss),
            figure(e.loss_upper_bound),
        )
        for e in sorted(cluster.evidence, key=lambda e: e.mean_cost_usd)
    ]
    print_columns([heading, *rows])
    click.echo(f"\nKeywords  {printable(', '.join(cluster.keywords))}")
    if cluster.note:
        click.echo(f"Note      {printable(cluster.note)}")
    for example in cluster.examples:
        click.echo(f"Example   {printable(example, 100)}")
