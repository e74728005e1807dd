"""`inspect` and `verify`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semroute.cli.output import (
    OnceEach,
    dollars,
    encoder_facts,
    figure,
    index_option,
    json_option,
    percent,
    print_columns,
    print_json,
    unknown_facts,
    version_option,
)
from semroute.counted import counted

if TYPE_CHECKING:
    from semroute.artifact.contents import IndexContents


@click.command(cls=OnceEach, short_help="Show what an index holds.")
@index_option
@version_option
@json_option
@click.option("--clusters", "with_clusters", is_flag=True, help="List every cluster too.")
def inspect(folder: Path, version: str | None, as_json: bool, with_clusters: bool) -> None:
    """Show what an index holds: version, counts, labels, threshold, where it came from.

    \b
    Example: semroute inspect --index clusters/ --clusters
    """
    from semroute.artifact.loading import list_versions, load_index

    contents = load_index(folder, version=version, samples=False)
    if as_json:
        document = contents.manifest.model_dump()
        document["versions"] = list_versions(folder)
        document["clusters"] = [cluster.model_dump() for cluster in contents.clusters]
        print_json(document)
        return
    _print_manifest(contents, list_versions(folder))
    _print_labels(contents)
    if with_clusters:
        _print_clusters(contents)


def _print_manifest(contents: "IndexContents", versions: list[str]) -> None:
    manifest = contents.manifest
    counts, origin, ood = manifest.counts, manifest.encoder_origin, manifest.ood
    departure = origin.departure if origin else None
    facts = [
        ("version", f"{manifest.index_version}, made {manifest.created_at}"),
        ("made by", f"semroute {manifest.semroute_version}, seed {manifest.seed}"),
        ("versions", f"{len(versions)} kept: {', '.join(versions)}"),
        (
            "queries",
            (
                f"{counts.n_queries:,} ({counts.n_fit:,} to fit, {counts.n_calibration:,} held out "
                "as calibration queries)"
            ),
        ),
        ("scores", f"{counts.n_scores:,}"),
        ("encoder", encoder_facts(manifest.encoder, origin)),
        *([("encoder", f"not what the config asks for: {departure}")] if departure else []),
        (
            "unknown",
            unknown_facts(ood.threshold, ood.max_new_words, ood.max_false_fallback),
        ),
        *([("costs", _costs(contents))] if contents.clusters else []),
        ("promise", _promise(contents)),
    ]
    for name, text in facts:
        click.echo(f"{name:<10}{text}")


def _costs(contents: "IndexContents") -> str:
    from semroute.artifact.serving import usual_costs_usd, usual_request

    config = contents.manifest.config
    costs_usd, n_chars = usual_costs_usd(contents), usual_request(contents)[-1]
    usd_per_char = float(contents.estimator.usd_per_char[config.frontier_column])
    told = f"{dollars(costs_usd[config.frontier_column])} a usual request with {config.frontier}"
    if not usd_per_char:
        return f"{told}; they go by topic, not by length"
    more = dollars(1000 * usd_per_char)
    return f"{told}, which has {n_chars:,.0f} characters; 1,000 characters more cost {more}"


def _promise(contents: "IndexContents") -> str:
    certificate = contents.manifest.certificate
    if certificate is None:
        return "not certified; run build-index again"
    left_out = f" {certificate.left_out_sentence}." if certificate.models_left_out else ""
    if certificate.tolerance is None:
        return f"{certificate.sentence}{left_out}"
    return (
        f"{certificate.sentence} Lost there: {figure(certificate.mean_loss, 4)}, bound "
        f"{figure(certificate.upper_bound, 4)}; {percent(certificate.saving)} of cost saved; "
        f"tolerance {certificate.tolerance:g}.{left_out}"
    )


def _print_labels(contents: "IndexContents") -> None:
    click.echo(f"\n{counted(len(contents.clusters), 'cluster')}")
    certificate, rows = contents.manifest.certificate, []
    for model in contents.manifest.config.model_names:
        labelled = [cluster for cluster in contents.clusters if cluster.label == model]
        overrides = sum(cluster.override is not None for cluster in labelled)
        share = percent(sum(cluster.share for cluster in labelled))
        # Single texts of a cluster may get another model than its label says.
        answered = percent(certificate.model_shares.get(model, 0.0)) if certificate else "-"
        rows.append((model, len(labelled), overrides, share, answered))
    print_columns([("label", "clusters", "overrides", "share of log", "held-out queries"), *rows])


def _print_clusters(contents: "IndexContents") -> None:
    click.echo()
    heading = ("id", "key", "size", "label", "reason", "expected loss", "name")
    rows, frontier = [], contents.manifest.config.frontier
    for cluster in contents.clusters:
        reason = "override" if cluster.override else cluster.auto_reason
        rows.append(
            (
                cluster.cluster_id,
                cluster.cluster_key,
                cluster.size,
                cluster.label,
                reason,
                "-"
                if cluster.label == frontier
                else figure(cluster.evidence_of_label.expected_loss),
                cluster.name,
            )
        )
    print_columns([heading, *rows])


@click.command(cls=OnceEach, short_help="Check every file of an index, and its encoder.")
@index_option
@version_option
@json_option
@click.option(
    "--encoder/--no-encoder",
    "with_encoder",
    default=True,
    show_default=True,
    help="Embed the probe texts again and compare.",
)
def verify(folder: Path, version: str | None, as_json: bool, with_encoder: bool) -> None:
    """Check every file of an index, how they fit together, and the encoder.

    \b
    Example: semroute verify --index clusters/
    """
    from semroute.artifact.encoder import open_index_encoder
    from semroute.artifact.loading import load_index, verify_index

    report = verify_index(folder, version=version)
    if with_encoder:
        # Of the version that was checked, whatever has gone live meanwhile.
        open_index_encoder(load_index(folder, version=report.index_version, samples=False))
    if as_json:
        print_json({**report.to_dict(), "encoder_checked": with_encoder})
        return
    click.echo(
        f"index {report.index_version}: {report.n_files} files, {report.n_bytes:,} bytes, ok"
    )
    click.echo(f"manifest sha256 {report.manifest_sha256}")
    click.echo("encoder: the probe texts come out the same" if with_encoder else "encoder: not run")
