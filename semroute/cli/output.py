"""Options and printing that every command shares: stdout is data, stderr is progress and logs."""

import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from semroute.counted import are, counted
from semroute.texts import printable

if TYPE_CHECKING:
    from semroute.artifact.difference import ClusterChanges
    from semroute.encoders.contract import EncoderIdentity, EncoderOrigin

Command = Callable[..., Any]

index_option: Callable[[Command], Command] = click.option(
    "--index",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("clusters"),
    show_default=True,
    help="Folder of the index.",
)

version_option: Callable[[Command], Command] = click.option(
    "--version", help="A version of the index other than the live one."
)


class OnceEach(click.Command):
    """A command that refuses an option given twice, of which only the last would count."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the arguments left; a usage error names an option that is given twice."""
        _, _, given = self.make_parser(ctx).parse_args(args=[*args])
        counted = Counter(one for one in given if isinstance(one, click.Option))
        for option, n_times in counted.items():
            if n_times > 1 and not (option.multiple or option.is_flag):
                raise click.UsageError(f"{option.opts[-1]} is given {n_times} times; give one", ctx)
        return super().parse_args(ctx, args)


class Commands(click.Group):
    """A group of such commands."""

    command_class = OnceEach


WIDEST_CELL = 100
"""Characters of a cell that are printed; one long name would push all other columns away."""

seed_type = click.IntRange(0, 2**32 - 1)
"""What every random generator takes."""


class NewFile(click.Path):
    """A file to be written at the end; that its folder is missing is said at the start."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; a usage error if it cannot become a file."""
        path = super().convert(value, param, ctx)
        if not Path(value).parent.is_dir():
            self.fail(f"there is no folder {str(Path(value).parent)!r}; make it first", param, ctx)
        return path


def refuse_inputs(output: Path | None, *inputs: Path | None) -> None:
    """Refuse to write over a file that is also read.

    Raises:
        click.UsageError: `output` is one of `inputs`.
    """
    for one in inputs:
        # Files that cannot be looked at are refused where they are read or written.
        with suppress(OSError):
            if output and one and output.samefile(one):
                raise click.UsageError(f"{output} is also an input; write to another file")


json_option: Callable[[Command], Command] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
)


def escape_unprintable() -> None:
    """Let what the encoding of a stream lacks be printed as escapes instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(document: Any, *, indent: int | None = 2) -> None:
    """Print a JSON document; NaN and infinity are never written."""
    # In UTF-8 only half a character is escaped, and that as JSON does it.
    in_utf8 = (getattr(sys.stdout, "encoding", None) or "utf-8").lower() in {"utf-8", "utf8"}
    click.echo(json.dumps(document, indent=indent, ensure_ascii=not in_utf8, allow_nan=False))


def print_columns(rows: Sequence[Sequence[object]], *, indent: str = "  ") -> None:
    """Print rows as aligned columns: the first row is the heading; numbers are set right."""
    cells = [[printable(str(cell), WIDEST_CELL) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    right = [all(_is_figure(row[column]) for row in cells[1:]) for column in range(len(cells[0]))]
    for row in cells:
        aligned = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        click.echo(f"{indent}{'  '.join(aligned)}".rstrip())


def unknown_facts(threshold: float, max_new_words: float | None, max_false_fallback: float) -> str:
    """Say in one line what makes a text unknown."""
    words = "" if max_new_words is None else f" or more than {percent(max_new_words)} new words"
    share = percent(max_false_fallback)
    return f"similarity below {threshold:.3f}{words}, set for at most {share} of known traffic"


def cluster_counts(changes: "ClusterChanges") -> str:
    """Say how many clusters stayed, came and went since another version."""
    rekeyed = f" ({changes.n_rekeyed:,} under another key)" if changes.n_rekeyed else ""
    n_same = changes.n_kept + changes.n_rekeyed
    return (
        f"{counted(n_same, 'cluster')} {are(n_same)} the same{rekeyed}, "
        f"{changes.n_new:,} new, {changes.n_gone:,} gone"
    )


def encoder_facts(encoder: "EncoderIdentity", origin: "EncoderOrigin | None") -> str:
    """Say in one line which encoder serves an index, and how it differs from its original."""
    facts = [f"{encoder.model} as {encoder.kind}, {encoder.dimension} dimensions"]
    if origin and origin.parity:
        mean, least = origin.parity.mean_cosine, origin.parity.smallest_cosine
        facts.append(f"cosine to the original {mean:.4f} on average, at least {least:.4f}")
        facts.append(_changed_decisions(origin.changed_share, origin.parity.n_texts))
    return "; ".join(facts)


def _changed_decisions(share: float | None, n_texts: int) -> str:
    if share is None:
        return "how many texts would be routed otherwise by it is unknown since labels were changed"
    return f"{percent(share)} of {n_texts} texts would be routed otherwise by it"


def _is_figure(cell: str) -> bool:
    return not cell or cell == "-" or cell.lstrip("$+-≤").replace(",", "")[:1].isdigit()


def percent(share: float) -> str:
    """Write a share as a percentage with one decimal."""
    return f"{share:.1%}"


def dollars(cost_usd: float | None) -> str:
    """Write a cost per request with four significant digits; `-` if it is unknown."""
    return "-" if cost_usd is None else f"${Decimal(f'{cost_usd:.4g}'):f}"


def figure(value: float | None, digits: int = 3) -> str:
    """Write a number with a fixed number of decimals; `-` if it is unknown."""
    # Without the sum, what is rounded to nothing would keep its minus.
    return "-" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"
