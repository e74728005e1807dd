"""Edits on the wrong rows: columns sorted or shifted without the others give themselves away."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from semroute.errors import shown
from semroute.labels.cells import look, looks, trimmed
from semroute.labels.entries import Entry, Problem
from semroute.labels.sheet import ID_COLUMN

_MOST_TOLD = 5
"""Rows told that hold what is another cluster's: all of them have one cause."""

_FEWEST_AUTOMATIC = 2
_FEWEST_NAMES = 3
"""Names that have left their own row for another one. Nobody types two automatic names; those that
analysts gave may be swapped on purpose."""


@dataclass(frozen=True)
class Exported:
    """A cluster as the version a sheet was exported from has it.

    `is_automatic` says whether that is so of `name`; `new_key` is that of the live cluster that is
    plainly the same topic where the key is gone, None if there is none.
    """

    cluster_id: int
    name: str
    is_automatic: bool = True
    new_key: str | None = None


ExportedClusters = Callable[[str], Mapping[str, Exported]]
"""Gives the clusters of a version by their keys; none of a version that is not known."""


def misplaced(entries: Sequence[Entry], exported: ExportedClusters) -> Iterator[Problem]:
    """Find rows with the number, or else the name, of another cluster.

    One name of another cluster may be meant; the name both have then stands in two rows, or the
    other has got a new one.
    """
    # Of a row with too many cells nobody knows which are in their column; that is told already.
    dated = [entry for entry in entries if entry.index_version and not entry.has_too_many_cells]
    moved = [entry for entry in dated if _has_another_id(entry, exported)]
    if moved:
        texts = [_another_id(entry) for entry in moved[:_MOST_TOLD]]
        yield from _told(moved, ID_COLUMN, texts, "number")
        return
    versions = dict.fromkeys(entry.index_version or "" for entry in dated)
    for version in versions:
        rows = [entry for entry in dated if entry.index_version == version]
        strayed = _strayed(rows, exported(version))
        texts = [_another_name(*pair) for pair in strayed[:_MOST_TOLD]]
        yield from _told([entry for entry, _ in strayed], "name", texts, "name")


def _told(
    entries: Sequence[Entry], column: str, texts: Sequence[str], what: str
) -> Iterator[Problem]:
    for entry, text in zip(entries, texts, strict=False):
        yield Problem(entry.row, column, text)
    for entry in entries[_MOST_TOLD : _MOST_TOLD + 1]:
        n_more = len(entries) - _MOST_TOLD
        told = f"{n_more} more row{'s'[: n_more != 1]} from here on with another cluster's {what}"
        yield Problem(entry.row, column, told)


def _has_another_id(entry: Entry, exported: ExportedClusters) -> bool:
    known = exported(entry.index_version or "").get(entry.key)
    # A spreadsheet may show 7 as 7.00, and 1200 as 1,200 or 1.200.
    read = {re.sub(r"[.,]0+\Z", "", entry.cluster_id), re.sub(r"[.,'\s]", "", entry.cluster_id)}
    return bool(entry.cluster_id) and known is not None and str(known.cluster_id) not in read


def _another_id(entry: Entry) -> str:
    return (
        f"{shown(entry.cluster_id)} is not the number of {shown(entry.key)} in version "
        f"{entry.index_version}: a column was sorted without the others, or the key is that of "
        "another row; enter the edits in a fresh export, or empty this cell if the key is right"
    )


def _strayed(entries: Sequence[Entry], known: Mapping[str, Exported]) -> list[tuple[Entry, Entry]]:
    """Return the rows whose name has left the row beside them, if too many to be meant."""
    renamed = {
        entry.key: entry
        for entry in entries
        if entry.key in known
        and look(entry.cells.get("name", "")) not in looks(known[entry.key].name)
    }
    left = {text: entry for key, entry in renamed.items() for text in looks(known[key].name)}
    found = [
        (entry, left[text])
        for entry in renamed.values()
        if (text := look(entry.cells.get("name", ""))) in left
    ]
    names = {look(entry.cells["name"]): known[owner.key] for entry, owner in found}
    n_automatic = sum(owner.is_automatic for owner in names.values())
    return found if n_automatic >= _FEWEST_AUTOMATIC or len(names) >= _FEWEST_NAMES else []


def _another_name(entry: Entry, owner: Entry) -> str:
    return (
        f"{shown(trimmed(entry.cells['name']))} was the name of {shown(owner.key)}, on "
        f"{owner.row.where}, in version {entry.index_version}: a column was sorted or shifted "
        "without the others; enter the edits in a fresh export, or empty index_version in this row "
        "if the name is meant"
    )
