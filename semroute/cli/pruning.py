"""`prune`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from semroute.cli.output import OnceEach, index_option, json_option, print_json

if TYPE_CHECKING:
    from semroute.artifact.pruning import Pruned


@click.command(cls=OnceEach)
@index_option
@click.option("--keep", type=click.IntRange(1), required=True, help="How many versions stay.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed and remove nothing.")
@json_option
def prune(folder: Path, keep: int, dry_run: bool, as_json: bool) -> None:
    """Remove the oldest versions of an index, never the live one.

    \b
    Example: semroute prune --index clusters/ --keep 3 --dry-run
    """
    from semroute.artifact.pruning import prune as remove_oldest

    pruned = remove_oldest(folder, keep, dry_run=dry_run)
    if as_json:
        print_json(pruned.to_dict())
    else:
        click.echo(_sentence(pruned))


def _sentence(pruned: "Pruned") -> str:
    kept = f"kept: {', '.join(pruned.kept)}"
    if not pruned.removed:
        return f"nothing to remove; {kept}"
    verb = "would remove" if pruned.dry_run else "removed"
    names = ", ".join(pruned.removed)
    return f"{verb} {names} ({pruned.n_bytes / 1e6:,.1f} MB); {kept}"
