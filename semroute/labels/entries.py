"""The rows of a sheet as they were read, and what is wrong with one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from semroute.labels.cells import trimmed
from semroute.labels.spreadsheet import TableRow


@dataclass(frozen=True)
class Entry:
    """A row: its key, and the cells of the editable columns the sheet has.

    `n_columns` is how many the header names; `index_version` is None if the sheet does not say.
    """

    row: TableRow
    key: str
    cells: Mapping[str, str]
    cluster_id: str
    index_version: str | None
    n_columns: int

    @property
    def edits_something(self) -> bool:
        """Whether any editable cell holds something."""
        return any(trimmed(cell) for cell in self.cells.values())

    @property
    def decides_something(self) -> bool:
        """Whether there is a label or a note."""
        return any(trimmed(self.cells.get(column, "")) for column in ("label", "note"))

    @property
    def has_too_many_cells(self) -> bool:
        """Whether something stands to the right of the header."""
        return any(trimmed(cell) for cell in self.row.cells[self.n_columns :])


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell, and what to do."""

    row: TableRow
    column: str
    text: str

    def __str__(self) -> str:
        return f"{self.row.where}, column {self.column}: {self.text}"


def listed_lines(lines: Sequence[int], n_most: int) -> str:
    """Write line numbers, the first few of them.

    >>> listed_lines([3], 2), listed_lines([3, 4], 2), listed_lines([3, 4, 7, 9], 2)
    ('line 3', 'lines 3, 4', 'lines 3, 4 and 2 more')
    """
    n_more = len(lines) - n_most
    told = ", ".join(map(str, lines[:n_most]))
    return f"line{'s'[: len(lines) > 1]} {told}{f' and {n_more} more' if n_more > 0 else ''}"
