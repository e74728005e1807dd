"""What `labels apply` prints."""

import click

from semroute.certify import Certificate
from semroute.cli.output import dollars, figure, percent, print_columns
from semroute.relabel import LabelChange, LabelChanges
from semroute.texts import printable


def print_changes(changes: LabelChanges) -> None:
    """Print each change, what all of them mean for cost and quality, and the warnings."""
    if changes.changes:
        heading = ("cluster", "share of log", "name", "label before", "label after", "note")
        print_columns([heading, *map(_row, changes.changes)])
        _print_traffic(changes)
        _print_promise(changes)
    for column in changes.absent_columns:
        click.echo(f"warning: the sheet has no column {column!r}; what the index says there stays")
    for warning in changes.warnings:
        click.echo(f"warning: {printable(warning)}")
    for edit in changes.vanished:
        click.echo(f"line {edit.line}: cluster {edit.cluster_key} is gone; its row was ignored")
    click.echo(changes.summary)


def _print_promise(changes: LabelChanges) -> None:
    before, after = changes.certificate_before, changes.certificate_after
    if after == before:
        click.echo("the promise stays as it is")
        return
    click.echo(f"promise before: {_promise(before)}")
    click.echo(f"promise after: {_promise(after)}")


def _promise(certificate: Certificate | None) -> str:
    if certificate is None:
        return "none"
    return f"{certificate.sentence} {percent(certificate.saving)} of cost saved."


def _row(change: LabelChange) -> tuple[str, ...]:
    before, after = change.before, change.after
    renamed = before.name != after.name
    name = f"{before.name} -> {after.name}" if renamed else after.name
    return (
        after.cluster_key,
        percent(after.share),
        name,
        _label(before.label, before.override),
        _label(after.label, after.override),
        after.note if before.note == after.note else f"{before.note or '-'} -> {after.note or '-'}",
    )


def _label(label: str, override: str | None) -> str:
    return label if override else f"{label} (automatic)"


def _print_traffic(changes: LabelChanges) -> None:
    traffic = changes.traffic
    before, after = traffic.before, traffic.after
    click.echo(
        f"expected cost {dollars(before.expected_cost_usd)} -> {dollars(after.expected_cost_usd)} "
        f"a request; mean score lost changes by {traffic.loss_change:+.4f}"
        f" (expected loss {figure(before.expected_loss, 4)} -> {figure(after.expected_loss, 4)})"
    )
    if traffic.unknown_change_share:
        share = percent(traffic.unknown_change_share)
        click.echo(f"for {share} of the log nobody knows what the new label does to quality")
