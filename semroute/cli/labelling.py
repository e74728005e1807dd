"""`labels export` and `labels apply`."""

import shlex
from pathlib import Path

import click

from semroute.cli.output import Commands, index_option, json_option, print_json


@click.group(cls=Commands)
def labels() -> None:
    """Export labels for analysts, and publish what they corrected.

    \b
    Example: semroute labels export --index clusters/ -o labels.csv
    """


@labels.command()
@index_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Default: labels.csv in the index."
)
@click.option(
    "--delimiter",
    type=click.Choice([",", ";"]),
    default=",",
    show_default=True,
    help="';' for a spreadsheet in a language with a decimal comma.",
)
@click.option("--force", is_flag=True, help="Replace a file that differs.")
def export(folder: Path, output: Path | None, delimiter: str, force: bool) -> None:
    """Write the labels as a CSV that opens in a spreadsheet.

    \b
    Example: semroute labels export --index clusters/ -o labels.csv
    """
    from semroute.relabel import export_labels

    written = export_labels(folder, output, force=force, delimiter=delimiter)
    click.echo(f"{written}: edit the columns name, label and note, then run", err=True)
    command = shlex.join(["semroute", "labels", "apply", "--index", str(folder), str(written)])
    click.echo(command, err=True)


@labels.command()
@index_option
@json_option
@click.option("--dry-run", is_flag=True, help="Show what would change and publish nothing.")
@click.option(
    "--require-promise",
    is_flag=True,
    help="Publish nothing and fail with exit code 5 if the labels would end the promise.",
)
@click.argument("sheet", type=click.Path(path_type=Path))
def apply(folder: Path, sheet: Path, dry_run: bool, require_promise: bool, as_json: bool) -> None:
    """Publish the corrections in SHEET as a new version of the index.

    \b
    Example: semroute labels apply --index clusters/ labels.csv --dry-run
    """
    from semroute.cli.label_changes import print_changes
    from semroute.errors import CheckFailedError
    from semroute.relabel import apply_labels

    changes = apply_labels(folder, sheet, dry_run=dry_run, require_promise=require_promise)
    if as_json:
        print_json(changes.to_dict())
    else:
        print_changes(changes)
    if require_promise and changes.ends_promise:
        raise CheckFailedError("these labels would end the promise, so they were not published")
