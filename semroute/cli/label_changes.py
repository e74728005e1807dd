"""What `labels apply` prints."""

from collections.abc import Mapping, Sequence

import click

from semroute.certificate import Certificate
from semroute.cli.output import dollars, percent, print_columns
from semroute.labels import LabelEdit
from semroute.relabel import LabelChange, LabelChanges, shares_told, whole_percent
from semroute.texts import printable

MOST_OTHERS = 10
"""Clusters without a change of their own that are listed; `--json` has all."""


def print_changes(changes: LabelChanges) -> None:
    """Print each change, what all of them mean for cost and quality, and the warnings."""
    if changes.changes:
        heading = ("cluster", "key", "share of log", "name", "label", "held-out queries", "note")
        print_columns([heading, *map(_row, changes.changes)])
        _print_also_relabelled(changes)
        _print_promise(changes)
    for column in changes.absent_columns:
        click.echo(f"warning: the sheet has no column {column!r}; what the index says there stays")
    for warning in changes.warnings:
        click.echo(f"warning: {printable(warning)}")
    _print_vanished(changes.vanished, changes.new_keys)
    click.echo(changes.summary)


def _print_vanished(vanished: Sequence[LabelEdit], new_keys: Mapping[str, str]) -> None:
    left_out = [edit for edit in vanished if edit.decides_something]
    for edit in vanished:
        if not edit.decides_something:
            click.echo(f"line {edit.line}: cluster {edit.cluster_key} is gone; its row was ignored")
    if left_out:
        click.echo(f"left out, with clusters that are gone: {len(left_out)}")
        heading = ("line", "key", "same topic now", "name", "label", "note")
        rows = [
            (
                *(edit.line, edit.cluster_key, new_keys.get(edit.cluster_key, "-")),
                *(edit.name or "", edit.label or "", edit.note or ""),
            )
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
            f"request ({percent(before.saving)} -> {percent(after.saving)} saved), mean score "
            f"{_losses(before.mean_loss, after.mean_loss)}"
        )
    if changes.reason:
        click.echo(changes.reason if changes.is_promised else f"warning: {changes.reason}")


def _losses(*mean_losses: float) -> str:
    """Say what is lost before and after; a loss below 0 is a gain."""
    words = ["gained" if loss < 0 else "lost" for loss in mean_losses]
    before, after = (f"{abs(loss):.4f}" for loss in mean_losses)
    return f"{words[0]} {before} -> {'' if words[0] == words[1] else f'{words[1]} '}{after}"


def _promise(certificate: Certificate | None) -> str:
    return certificate.sentence if certificate else "none"


def _print_also_relabelled(changes: LabelChanges) -> None:
    others = changes.also_relabelled
    if not others:
        return
    shown = sorted(others, key=lambda one: -one.after.share)[:MOST_OTHERS]
    more = f", the largest {len(shown)} of them" if len(shown) < len(others) else ""
    click.echo(f"also answered by another model, by certifying again: {len(others)}{more}")
    heading = ("cluster", "key", "share of log", "name", "label", "held-out queries")
    print_columns([heading, *(_row(one)[:-1] for one in shown)])


def _row(change: LabelChange) -> tuple[str, ...]:
    before, after = change.before, change.after
    return (
        str(after.cluster_id),
        after.cluster_key,
        percent(after.share),
        _step(before.name, after.name),
        _step(before.override or "automatic", after.override or "automatic"),
        _queries(change),
        _step(before.note or "-", after.note or "-") if before.note != after.note else after.note,
    )


def _step(before: str, after: str) -> str:
    return after if before == after else f"{before} -> {after}"


def _queries(change: LabelChange) -> str:
    """Say what becomes of a cluster's held-out queries."""
    label, before = change.after.override, change.answers_before
    if not before:
        return f"none; every query to {label}" if label else "none"
    if label and change.is_relabelled:
        share = whole_percent(before.get(label, 0) / sum(before.values()))
        told = f"{share} went there so far" if change.n_sent_elsewhere else "as so far"
        return f"every query here to {label}; {told}"
    return _step(shares_told(before), shares_told(change.answers_after))
