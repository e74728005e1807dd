"""What analysts entered: the editable columns of a sheet, checked row by row."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from semroute.errors import LabelsError, shown
from semroute.labels.alignment import Exported, ExportedClusters, misplaced
from semroute.labels.cells import restore, trimmed
from semroute.labels.entries import Entry, Problem, listed_lines
from semroute.labels.sheet import (
    CLUSTER_KEY,
    EDITABLE_COLUMNS,
    ID_COLUMN,
    KEY_COLUMN,
    KNOWN_COLUMNS,
    VERSION_COLUMN,
)
from semroute.labels.spreadsheet import Table, TableRow, read_table

_NUMBER = re.compile(r"[+-]?\d[\d.,\s]*(?:[eE][+-]?\d+)?")
_FORMULA_ERROR = re.compile(
    r"#(?:NAME\?|REF!|VALUE!|DIV/0!|N/A|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|\#{2,})|Err:\d{3}"
)
_KEY_LIKE = re.compile(r"c?[0-9a-f]*|[#=].*|.*c[0-9a-f]{15}.*", re.IGNORECASE | re.DOTALL)
_HALF_KEY = 8
_MOST_LINES = 5


@dataclass(frozen=True)
class LabelEdit:
    """The editable cells of one row, as the analyst left them.

    None means that the sheet has no such column, an empty text that the cell is blank. `label` is
    one of the models or empty, of a cluster that is gone whatever the cell holds; `name` and `note`
    are as written. `line` counts from 1; `index_version` is that of the export, None if the sheet
    does not say.
    """

    line: int
    cluster_key: str
    name: str | None
    label: str | None
    note: str | None
    index_version: str | None = None

    @property
    def decides_something(self) -> bool:
        """Whether there is a label or a note."""
        return any(trimmed(cell or "") for cell in (self.label, self.note))


def _nothing_known(_version: str) -> Mapping[str, Exported]:
    return {}


def read_edits(
    path: Path,
    known_keys: Collection[str],
    models: Collection[str],
    *,
    skip_gone: bool = False,
    exported: ExportedClusters = _nothing_known,
) -> tuple[LabelEdit, ...]:
    """Read what analysts entered: `cluster_key` and the editable columns.

    `cluster_id` and `index_version` only tell whether the key is that of the row; so do the names.

    Rows and columns may be missing, added or in any order, and the file may be saved in UTF-8,
    UTF-16 or Windows-1252, with any common separator and line ending. Rows without a key that edit
    nothing (totals, blank rows) are skipped.

    A row whose cluster has vanished since the export is returned if its label and note are empty:
    it decides nothing. With a label or a note it is a problem, so that no work is lost unseen,
    unless `skip_gone`.

    Args:
        known_keys: the clusters of the index.
        models: the names a label may have.
        skip_gone: return rows of vanished clusters with a label or a note, too.
        exported: where it knows the version of a row, a `cluster_id` that is filled in has to be
            that of the key, and names must not have moved from row to row. It also says where
            the topic of a cluster that is gone is now.

    Raises:
        LabelsError: holds every problem of the sheet, each with line and column.
    """
    table = read_table(path, KEY_COLUMN, EDITABLE_COLUMNS)
    problems = [*_column_problems(table.columns), *_renamed_label(table, models)]
    if problems:
        raise LabelsError(path, problems)
    keys = _Keys(known_keys)
    entries = [_entry(row, table.columns, keys) for row in table.rows]
    entries = [entry for entry in entries if entry.key or entry.edits_something]
    problems_of_rows = (
        *_problems(entries, keys, models, exported, skip_gone=skip_gone),
        *misplaced(entries, exported),
    )
    found = sorted(problems_of_rows, key=_by_line)
    if found:
        raise LabelsError(path, [str(problem) for problem in found])
    if not entries:
        raise LabelsError(path, ["it has no rows but the header; export a fresh sheet"])
    if not any(entry.key in keys for entry in entries):
        raise LabelsError(path, ["no row belongs to a cluster of this index; export a fresh sheet"])
    return tuple(_edit(entry, models) for entry in entries)


class _Keys:
    """The keys of the index, found in any case and after one slip of the hand."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = {key.casefold(): key for key in keys}
        self._by_half: dict[str, list[str]] = {}
        for folded, key in self._keys.items():
            for half in {folded[:_HALF_KEY], folded[-_HALF_KEY:]}:
                self._by_half.setdefault(half, []).append(key)

    def __contains__(self, key: str) -> bool:
        return key.casefold() in self._keys

    def known(self, key: str) -> str:
        """Return the key as the index writes it; an unknown one as it is."""
        return self._keys.get(key.casefold(), key)

    def is_gone(self, key: str) -> bool:
        """Whether this can only be the key of a cluster that the index does not have."""
        is_key = CLUSTER_KEY.fullmatch(key) is not None
        return is_key and key not in self and self.near(key) is None

    def near(self, key: str) -> str | None:
        """Return the only key that shares a half with a mistyped one."""
        if not _HALF_KEY <= len(key) <= 2 * _HALF_KEY + 2:
            return None
        halves = (key[:_HALF_KEY].casefold(), key[-_HALF_KEY:].casefold())
        found = {one for half in halves for one in self._by_half.get(half, [])}
        return found.pop() if len(found) == 1 else None


def _by_line(problem: Problem) -> int:
    return problem.row.line


def _column_problems(columns: Sequence[str]) -> Iterator[str]:
    for column in (KEY_COLUMN, *EDITABLE_COLUMNS):
        if columns.count(column) > 1:
            yield f"the header has the column {column} {columns.count(column)} times; keep one"
    if not set(EDITABLE_COLUMNS) & set(columns):
        yield f"the header has none of the columns {', '.join(EDITABLE_COLUMNS)}"


def _renamed_label(table: Table, models: Collection[str]) -> Iterator[str]:
    """Find the labels under another heading: they would be lost without a word."""
    if "label" in table.columns:
        return
    for place, column in enumerate(table.columns):
        cells = [restore(row.cells[place]) for row in table.rows if place < len(row.cells)]
        filled = [cell for cell in cells if trimmed(cell)]
        named = [cell for cell in filled if _model(cell, models) is not None]
        if column not in KNOWN_COLUMNS and len(named) > len(filled) / 2:
            yield (
                f"the header has no column label, but the column {shown(column)} holds models; "
                f"rename column {shown(column)} to 'label', or delete it"
            )


def _entry(row: TableRow, columns: Sequence[str], keys: _Keys) -> Entry:
    # Spreadsheets leave out blank cells at the end of a row.
    padded = (*row.cells, *[""] * len(columns))
    cells = dict(zip(columns, padded, strict=False))
    key = _plain_key(cells[KEY_COLUMN])
    edited = {column: restore(cells[column]) for column in EDITABLE_COLUMNS if column in cells}
    cluster_id = _plain_key(cells.get(ID_COLUMN, ""))
    version = cells.get(VERSION_COLUMN)
    version = None if version is None else trimmed(version)
    return Entry(row, keys.known(key), edited, cluster_id, version, len(columns))


def _plain_key(cell: str) -> str:
    return trimmed(re.sub(r'\A="(.*)"\Z', r"\1", trimmed(cell)).strip("'\"`"))


def _problems(
    entries: Sequence[Entry],
    keys: _Keys,
    models: Collection[str],
    exported: ExportedClusters,
    *,
    skip_gone: bool,
) -> Iterator[Problem]:
    yield from _duplicates(entries)
    yield from _too_many_cells([entry for entry in entries if entry.has_too_many_cells])
    for entry in entries:
        if entry.has_too_many_cells:
            continue
        if skip_gone and keys.is_gone(entry.key):
            continue
        yield from _key_problems(entry, keys, exported)
        yield from _label_problems(entry, models)
        yield from _text_problems(entry)


def _too_many_cells(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Tell all such rows at once: a sheet that was saved without quotes has many."""
    if not entries:
        return
    first, *others = entries
    told = f"the row has {len(first.row.cells)} cells, the header {first.n_columns}"
    helps = "quote the cell that holds a separator, or remove what is too much"
    if others:
        lines = listed_lines([entry.row.line for entry in others], _MOST_LINES)
        told += f", and {lines} {'has' if len(others) == 1 else 'have'} too many, too"
        helps = "save the sheet with every text in quotes, or remove what is right of the header"
    yield Problem(first.row, str(first.n_columns + 1), f"{told}; {helps}")


def _duplicates(entries: Iterable[Entry]) -> Iterator[Problem]:
    seen: dict[str, TableRow] = {}
    for entry in entries:
        first = seen.setdefault(entry.key, entry.row)
        if entry.key and first is not entry.row:
            text = f"{shown(entry.key)} is already on {first.where}; keep one of the rows"
            yield Problem(entry.row, KEY_COLUMN, text)


def _key_problems(entry: Entry, keys: _Keys, exported: ExportedClusters) -> Iterator[Problem]:
    if entry.key in keys:
        return
    if not keys.is_gone(entry.key):
        text = _unknown_key(entry.key, keys.near(entry.key))
        yield Problem(entry.row, KEY_COLUMN, text)
    elif entry.decides_something:
        former = exported(entry.index_version or "").get(entry.key)
        yield Problem(entry.row, KEY_COLUMN, _gone_key(entry, former))


def _unknown_key(key: str, near: str | None) -> str:
    if not key:
        return "the row has an edit but no key; copy the key from a fresh export"
    if _NUMBER.fullmatch(key):
        return f"{shown(key)} is a number a spreadsheet made; copy the key from a fresh export"
    if near is not None:
        return f"no cluster has the key {shown(key)}; did you mean {near!r}?"
    if not _KEY_LIKE.fullmatch(key):
        helps = (
            "delete the row if it is a total or a heading, else copy the key from a fresh export"
        )
        return f"{shown(key)} is not a key; {helps}"
    return f"{shown(key)} is not a key; copy the key from a fresh export"


def _gone_key(entry: Entry, former: Exported | None) -> str:
    name = trimmed(entry.cells.get("name", "")) or (former.name if former else "")
    called = f", {shown(name)}," if name else ""
    gone = f"the cluster {shown(entry.key)}{called} is not in this index (any more)"
    helps = "move its label and note to another row"
    if former and former.new_key:
        helps = f"the same topic now has the key {former.new_key!r}: enter it here"
    return f"{gone}; {helps}, delete the row, or leave out all such rows with --skip-gone"


def _label_problems(entry: Entry, models: Collection[str]) -> Iterator[Problem]:
    label = entry.cells.get("label", "")
    if trimmed(label) and _model(label, models) is None:
        yield Problem(entry.row, "label", _unknown_model(trimmed(label), models))


def _model(label: str, models: Collection[str]) -> str | None:
    if not trimmed(label):
        return None
    if label in models:
        return label
    same = [model for model in models if trimmed(model) == trimmed(label)]
    return same[0] if len(same) == 1 else None


def _unknown_model(label: str, models: Collection[str]) -> str:
    plain = {_plain(model): model for model in models}
    near = difflib.get_close_matches(_plain(label), plain, n=1, cutoff=0.6)
    if near:
        return f"there is no model {shown(label)}; did you mean {plain[near[0]]!r}?"
    listed = ", ".join(repr(model) for model in models)
    return f"there is no model {shown(label)}; empty means automatic, else one of {listed}"


def _plain(model: str) -> str:
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", model).casefold())


def _text_problems(entry: Entry) -> Iterator[Problem]:
    for column in ("name", "note"):
        cell = trimmed(entry.cells.get(column, ""))
        if _FORMULA_ERROR.fullmatch(cell):
            text = f"holds the spreadsheet error {cell}; enter the text again, or empty the cell"
            yield Problem(entry.row, column, text)


def _edit(entry: Entry, models: Collection[str]) -> LabelEdit:
    label = entry.cells.get("label")
    return LabelEdit(
        line=entry.row.line,
        cluster_key=entry.key,
        name=entry.cells.get("name"),
        label=None if label is None else _model(label, models) or trimmed(label),
        note=entry.cells.get("note"),
        index_version=entry.index_version,
    )
