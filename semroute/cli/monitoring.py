"""`drift`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

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
from semroute.cli.requests import STDIN, stdin_lines
from semroute.counted import counted
from semroute.texts import printable

if TYPE_CHECKING:
    from semroute.monitoring import ClusterDrift, ExpectedSaving, Figure, TrafficDrift

MOST_CLUSTERS = 10
"""Shown; `--json` has all."""


@click.command(cls=OnceEach, short_help="Is traffic still what the promise speaks of?")
@index_option
@version_option
@click.option(
    "--fail-on-drift",
    is_flag=True,
    help="Fail with exit code 5 if traffic differs from the held-out queries by more than noise.",
)
@json_option
@click.argument("decisions")
def drift(
    folder: Path, version: str | None, decisions: str, fail_on_drift: bool, as_json: bool
) -> None:
    """Compare logged DECISIONS with the held-out queries that the promise speaks of.

    DECISIONS is a file of JSON Lines, or `-` for stdin: what decision.to_dict() gives, a line each.

    \b
    Example: semroute drift --index clusters/ decisions.jsonl
    """
    from semroute.artifact.loading import load_index
    from semroute.errors import CheckFailedError
    from semroute.monitoring import read_decisions, traffic_drift

    contents = load_index(folder, version=version, samples=False)
    with _lines(decisions) as (lines, path):
        found = traffic_drift(contents, read_decisions(lines, path, contents))
    if as_json:
        print_json(found.to_dict())
    else:
        _print_drift(found)
    if fail_on_drift and found.is_drift:
        raise CheckFailedError(
            "--fail-on-drift: decisions differ from the held-out queries by more than noise"
        )


@contextmanager
def _lines(decisions: str) -> Iterator[tuple[Iterable[bytes], Path]]:
    from semroute.tables import unreadable

    if decisions == STDIN:
        yield stdin_lines(), Path("stdin")
        return
    path = Path(decisions)
    try:
        with path.open("rb") as lines:
            yield lines, path
    except OSError as error:
        raise unreadable(path, error) from error


def _print_drift(found: "TrafficDrift") -> None:
    for line in _heading(found):
        click.echo(line)
    print_columns([("", "held out", "now", "difference", "noise", ""), *_rows(found)], indent="")
    _print_moved(found.clusters)
    _print_saving(found.saving)
    click.echo(f"\n{printable(found.sentence)}")


def _heading(found: "TrafficDrift") -> Iterator[str]:
    version = found.index_version
    counts = (
        f"{counted(found.n_decisions, 'decision')}, {counted(found.n_held_out, 'held-out query')}"
    )
    yield f"version {version}: {counts}"
    if others := found.n_other_versions:
        named = ", ".join(f"{printable(name)} ({n:,})" for name, n in others.items())
        yield f"left out: {counted(sum(others.values()), 'decision')} of other versions: {named}"
    if found.n_texts < found.n_compared:
        most = percent(found.largest_text_share)
        yield f"copies: {found.n_texts:,} different texts; the most frequent makes up {most}"
    yield ""


def _rows(found: "TrafficDrift") -> Iterator[tuple[str, ...]]:
    clusters, n = found.clusters.shares, len(found.clusters.shares)
    some = f", {MOST_CLUSTERS} of {n}" if n > MOST_CLUSTERS else ""
    for heading, figures in (
        ("answered by", found.models),
        ("requests that are", found.reasons),
        ("mean of a request", found.means),
        (f"nearest cluster, if known{some}", clusters[:MOST_CLUSTERS]),
    ):
        if figures:
            yield ("",) * 6
            yield heading, *[""] * 5
        for one in figures:
            yield _row(one, found.max_loss)


def _row(one: "Figure", max_loss: float) -> tuple[str, ...]:
    name = one.name if one.cluster_id is None else f"cluster {one.cluster_id}: {one.name}"
    name += f" (max_loss {max_loss:g})" if one.unit == "score" else ""
    told = _told(one, one.held_out), _told(one, one.now)
    difference = _told(one, one.difference)
    signed = f"+{difference}" if (one.difference or 0) > 0 else difference
    mark = "DIFFERS" if one.differs else "by copies" if one.differs_by_copies else ""
    return name, *told, signed, _told(one, one.noise), mark


def _told(one: "Figure", value: float | None) -> str:
    if value is None:
        return "-"
    if one.unit == "share":
        return percent(round(value, 3) + 0.0)
    if one.unit == "score":
        return figure(value, 4)
    return f"-{dollars(-value)}" if value < 0 else dollars(value)


def _print_moved(clusters: "ClusterDrift") -> None:
    if clusters.moved_share is None:
        return
    usual, most = clusters.usual_by_chance or 0, clusters.most_by_chance or 0
    mark = "  DIFFERS" if clusters.differs else ""
    click.echo(
        f"\n{percent(clusters.moved_share)} of known traffic has moved to other clusters; chance "
        f"alone moves about {percent(usual)}, in 95 of 100 cases at most {percent(most)}{mark}"
    )


def _print_saving(saving: "ExpectedSaving") -> None:
    if saving.now is None:
        return
    then = "" if saving.held_out is None else f", {percent(saving.held_out)} on the held-out ones"
    click.echo(
        f"\n{counted(saving.n_requests, 'request')}: {dollars(saving.cost_usd)} expected in all, "
        f"{dollars(saving.frontier_cost_usd)} with {saving.frontier} always: "
        f"{percent(saving.now)} saved{then}"
    )
