"""`labels export` and `labels apply`."""

import shlex
from pathlib import Path

import click

from semroute.cli.output import Commands, index_option, json_option, print_json, version_option


@click.group(cls=Commands)
def labels() -> None:
    """Export labels for analysts, and publish what they corrected.

    \b
    Example: semroute labels export --index clusters/ -o labels.csv
    """


@labels.command()
@index_option
@version_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Default: labels.csv in the index, with --version V labels-V.csv.",
)
@click.option(
    "--delimiter",
    type=click.Choice([",", ";"]),
    default=",",
    show_default=True,
    help="';' for a spreadsheet in a language with a decimal comma.",
)
@click.option("--force", is_flag=True, help="Replace a file that differs.")
def export(
    folder: Path, version: str | None, output: Path | None, delimiter: str, force: bool
) -> None:
    """Write the labels as a CSV that opens in a spreadsheet.

    \b
    Example: semroute labels export --index clusters/ -o labels.csv
    """
    from semroute.artifact.loading import load_index
    from semroute.relabel import export_labels
    from semroute.tables import listed

    written = export_labels(folder, output, version=version, force=force, delimiter=delimiter)
    command = ["semroute", "labels", "apply", "--index", str(folder), str(written)]
    if version is None:
        models = listed(load_index(folder, samples=False).manifest.config.model_names)
        told = f"edit the columns name, label (empty, or one of {models}) and note, then run"
    else:
        told = (
            f"the labels of version {version}; to see what of them would change what is live, run"
        )
        command.append("--dry-run")
    click.echo(f"{written}: {told}", err=True)
    click.echo(shlex.join(command), err=True)


@labels.command()
@index_option
@json_option
@click.option("--dry-run", is_flag=True, help="Show what would change and publish nothing.")
@click.option(
    "--skip-gone", is_flag=True, help="Leave out labels and notes of clusters that are gone."
)
@click.option("--without-promise", is_flag=True, help="Publish labels that end the promise, too.")
@click.option(
    "--require-promise",
    is_flag=True,
    hidden=True,
    expose_value=False,
    help="What is done anyway; scripts may still say so.",
)
@click.argument("sheet", type=click.Path(path_type=Path))
def apply(
    folder: Path,
    sheet: Path,
    dry_run: bool,
    skip_gone: bool,
    without_promise: bool,
    as_json: bool,
) -> None:
    """Publish the corrections in SHEET as a new version of the index.

    \b
    Example: semroute labels apply --index clusters/ labels.csv --dry-run
    """
    from semroute.cli.label_changes import print_changes
    from semroute.errors import CheckFailedError
    from semroute.relabel import apply_labels

    changes = apply_labels(
        folder, sheet, dry_run=dry_run, allow_no_promise=without_promise, skip_gone=skip_gone
    )
    if as_json:
        print_json(changes.to_dict())
    else:
        print_changes(changes)
    if changes.ends_promise and not without_promise:
        told = "would not be" if dry_run else "were not"
        raise CheckFailedError(
            f"these labels would end the promise, so they {told} published; "
            "to publish them all the same, add --without-promise"
        )
