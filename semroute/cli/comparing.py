"""`compare` and `use`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from semroute.cli.output import (
    OnceEach,
    cluster_counts,
    dollars,
    figure,
    index_option,
    json_option,
    percent,
    print_columns,
    print_json,
)
from semroute.texts import printable

if TYPE_CHECKING:
    from semroute.artifact.contents import Cluster, Manifest
    from semroute.artifact.difference import Change, Difference
    from semroute.evaluate.moved import MovedTraffic

MOST_ROWS = 10
"""Clusters shown of each kind; `--json` has all."""

N_IDS = 3
"""Ids shown of requests that went from one model to another."""


_INPUTS = {"queries": "the query log", "evals": "the scores"}


@click.command(cls=OnceEach, short_help="Show what changed between two versions.")
@index_option
@click.option("--before", help="Default: the version published before the other one.")
@click.option("--after", help="Default: the live version.")
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    help="Requests to decide by both: which go to another model?",
)
@json_option
def compare(
    folder: Path, before: str | None, after: str | None, queries: Path | None, as_json: bool
) -> None:
    """Show what changed between two versions of an index: promise, settings, clusters, requests.

    \b
    Example: semroute compare --index clusters/ --queries queries.jsonl
    """
    from semroute.artifact.difference import difference
    from semroute.artifact.loading import current_version, load_index, version_before

    after = after or current_version(folder)
    new = load_index(folder, version=after, samples=False)
    before = before or version_before(folder, after)
    found = difference(load_index(folder, version=before, samples=False), new)
    moved = _moved(folder, before, after, queries) if queries else None
    if as_json:
        print_json({**found.to_dict(), "requests": moved and moved.to_dict()})
        return
    _print_facts(found)
    _print_clusters(found)
    if moved:
        _print_moved(moved)


def _moved(folder: Path, before: str, after: str, queries: Path) -> "MovedTraffic":
    from semroute.encoders.cores import available_cores
    from semroute.evaluate.moved import moved_traffic
    from semroute.queries import read_queries
    from semroute.router import SemanticRouter

    log, n_workers = read_queries(queries), available_cores()
    old, new = (
        SemanticRouter.load(folder, version=version, n_workers=n_workers)
        for version in (before, after)
    )
    return moved_traffic(old, new, log.query_ids, log.requests)


def _print_facts(found: "Difference") -> None:
    before, after = dict(_facts(found.before)), dict(_facts(found.after))
    names = [*before, *(name for name in after if name not in before)]
    rows = [(name, before.get(name, "-"), after.get(name, "-")) for name in names]
    print_columns([("", "before", "after"), *rows], indent="")
    if found.inputs:
        click.echo(f"other input files: {' and '.join(map(_INPUTS.__getitem__, found.inputs))}")
    for change in found.settings:
        click.echo(_changed(f"setting {change.name}", change))
    for change in found.versions:
        click.echo(_changed(change.name, change))
    if found.before.encoder.fingerprint != found.after.encoder.fingerprint:
        click.echo("encoder: another one; similarities of the two are not quite the same")


def _changed(name: str, change: "Change") -> str:
    was, now = ("-" if one is None else str(one) for one in (change.before, change.after))
    return printable(f"{name}: {was} -> {now}")


def _facts(manifest: "Manifest") -> Iterator[tuple[str, str]]:
    counts, certificate = manifest.counts, manifest.certificate
    yield "version", manifest.index_version
    yield "made", manifest.created_at
    yield "seed", str(manifest.seed)
    yield "queries", f"{counts.n_queries:,}"
    yield "scores", f"{counts.n_scores:,}"
    yield "clusters", f"{counts.n_clusters:,}"
    yield "unknown below", figure(manifest.ood.threshold)
    if certificate is None:
        yield "promise", "none"
        return
    yield "analysts' labels", str(certificate.n_overrides)
    yield "promise", f"at most {certificate.max_loss:g} lost" if certificate.holds else "NONE"
    yield "confidence", f"{100 * certificate.confidence:.4g}%"
    yield "tolerance", "-" if certificate.tolerance is None else f"{certificate.tolerance:g}"
    yield "left out", ", ".join(certificate.models_left_out) or "-"
    yield "mean score lost", figure(certificate.mean_loss, 4)
    yield "its bound", figure(certificate.upper_bound, 4)
    yield "cost of a request", dollars(certificate.cost_usd)
    yield "cost saved", percent(certificate.saving)
    for model in manifest.config.model_names:
        yield f"requests to {model}", percent(certificate.model_shares.get(model, 0.0))


def _print_clusters(found: "Difference") -> None:
    changes = found.clusters
    click.echo(
        f"\n{cluster_counts(changes)}; of the same {len(changes.relabelled):,} another model "
        "answers"
    )
    heading = ("key", "share of log", "before", "after", "why", "name")
    rows = [
        (
            one.cluster_key,
            percent(one.share),
            one.label_before,
            one.label,
            "analyst's label" if one.by_label else "automatic",
            one.cluster_name,
        )
        for one in changes.relabelled
    ]
    _print_largest("another model", heading, rows)
    _print_largest("new", ("key", "share of log", "label", "name"), [*map(_row, found.new)])
    _print_largest("gone", ("key", "share of log", "label", "name"), [*map(_row, found.gone)])


def _row(cluster: "Cluster") -> tuple[str, ...]:
    return cluster.cluster_key, percent(cluster.share), cluster.label, cluster.name


def _print_largest(what: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        more = f", the largest {MOST_ROWS} of {len(rows)}" if len(rows) > MOST_ROWS else ""
        click.echo(f"\n{what}{more}")
        print_columns([heading, *rows[:MOST_ROWS]])


def _print_moved(moved: "MovedTraffic") -> None:
    n_moved, n = len(moved.moved), moved.n_requests
    share = f" ({percent(n_moved / n)})" if n else ""
    click.echo(
        f"\n{n_moved:,} of {n:,} requests{share} {'goes' if n_moved == 1 else 'go'} to another "
        "model; a request is expected to "
        f"cost {dollars(moved.cost_usd_before)} before, {dollars(moved.cost_usd)} after"
    )
    moves = moved.moves(N_IDS)
    if moves:
        rows = [
            (move.n_requests, move.model_before, move.model, ", ".join(move.query_ids))
            for move in moves
        ]
        print_columns([("requests", "before", "after", "such as"), *rows])


@click.command(cls=OnceEach, short_help="Make another version the live one.")
@index_option
@click.argument("version")
def use(folder: Path, version: str) -> None:
    """Make VERSION the live one, for example to go back; every version stays.

    \b
    Example: semroute use --index clusters/ 20261123T201530Z
    """
    from semroute.artifact.publishing import make_live

    before = make_live(folder, version)
    if before == version:
        click.echo(f"version {version} was live already")
        return
    was = f"it was {before}" if before else "no version that could be read was live"
    click.echo(f"version {version} is live; {was}. A process that serves takes it up when it loads")
