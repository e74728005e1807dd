"""What `labels apply` prints."""

from collections.abc import Sequence

import click

from semroute.certificate import Certificate
from semroute.cli.output import dollars, percent, print_columns
from semroute.labels import LabelEdit
from semroute.relabel import LabelChange, LabelChanges
from semroute.texts import printable

MOST_OTHERS = 10
"""Clusters without a change of their own that are listed; `--json` has all."""


def print_changes(changes: LabelChanges) -> None:
    """Print each change, what all of them mean for cost and quality, and the warnings."""
    if changes.changes:
        heading = ("cluster", "key", "share of log", "name", "label before", "label after", "note")
        print_columns([heading, *map(_row, changes.changes)])
        _print_also_relabelled(changes)
        _print_promise(changes)
    for column in changes.absent_columns:
        click.echo(f"warning: the sheet has no column {column!r}; what the index says there stays")
    for warning in changes.warnings:
        click.echo(f"warning: {printable(warning)}")
    _print_vanished(changes.vanished)
    click.echo(changes.summary)


def _print_vanished(vanished: Sequence[LabelEdit]) -> None:
    left_out = [edit for edit in vanished if edit.decides_something]
    for edit in vanished:
        if not edit.decides_something:
            click.echo(f"line {edit.line}: cluster {edit.cluster_key} is gone; its row was ignored")
    if left_out:
        click.echo(f"left out, with clusters that are gone: {len(left_out)}")
        heading = ("line", "key", "name", "label", "note")
        rows = [
            (edit.line, edit.cluster_key, edit.name or "", edit.label or "", edit.note or "")
            for edit in left_out
        ]
        print_columns([heading, *rows])


def _print_promise(changes: LabelChanges) -> None:
    before, after = changes.certificate_before, changes.certificate_after
    if after == before:
        click.echo("the promise stays as it is")
        return
    click.echo(f"promise before: {_promise(before)}")
    click.echo(f"promise after: {_promise(after)}")
    if before and after:
        click.echo(
            f"on the held-out queries: {dollars(before.cost_usd)} -> {dollars(after.cost_usd)} a "
            f"request ({percent(before.saving)} -> {percent(after.saving)} saved), mean score lost "
            f"{before.mean_loss:.4f} -> {after.mean_loss:.4f}"
        )
    if changes.reason:
        click.echo(changes.reason if changes.is_promised else f"warning: {changes.reason}")


def _promise(certificate: Certificate | None) -> str:
    return certificate.sentence if certificate else "none"


def _print_also_relabelled(changes: LabelChanges) -> None:
    others = changes.also_relabelled
    if not others:
        return
    shown = sorted(others, key=lambda one: -one.after.share)[:MOST_OTHERS]
    more = f", the largest {len(shown)} of them" if len(shown) < len(others) else ""
    click.echo(f"also answered by another model, by certifying again: {len(others)}{more}")
    heading = ("cluster", "key", "share of log", "name", "label before", "label after")
    print_columns([heading, *(_row(one)[:6] for one in shown)])


def _row(change: LabelChange) -> tuple[str, ...]:
    before, after = change.before, change.after
    renamed = before.name != after.name
    name = f"{before.name} -> {after.name}" if renamed else after.name
    return (
        str(after.cluster_id),
        after.cluster_key,
        percent(after.share),
        name,
        _label(before.label, before.override),
        _label(after.label, after.override),
        after.note if before.note == after.note else f"{before.note or '-'} -> {after.note or '-'}",
    )


def _label(label: str, override: str | None) -> str:
    return label if override else f"{label} (automatic)"
