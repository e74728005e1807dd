"""The sheet analysts read and edit: what is in it, and writing it."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from semroute.labels.cells import neutralise, numeral, storable

KEY_COLUMN = "cluster_key"
EDITABLE_COLUMNS = ("name", "label", "note")
ID_COLUMN = "cluster_id"
VERSION_COLUMN = "index_version"
N_EXAMPLES = 3

CLUSTER_KEY = re.compile(r"c[0-9a-f]{15}")
"""A cluster's key: `c` and 15 hexadecimal digits. Without the letter a spreadsheet would read keys
such as 12345678e9012345 as numbers and write them back changed."""

_READ_ONLY_COLUMNS = (
    ID_COLUMN,
    "auto_label",
    "answered_by",
    "auto_reason",
    "size",
    "share",
    "keywords",
    *(f"example_{number}" for number in range(1, N_EXAMPLES + 1)),
    "n_evals",
    VERSION_COLUMN,
)
KNOWN_COLUMNS = frozenset({KEY_COLUMN, *EDITABLE_COLUMNS, *_READ_ONLY_COLUMNS})
"""Those that every sheet has; the columns of models come after them."""

_MODEL_COLUMNS = ("score", "loss", "loss_bound", "cost_usd")


@dataclass(frozen=True)
class SheetModel:
    """What is known of one model on one cluster; None where nothing is.

    `expected_loss` is the mean score lost against the frontier model (positive: worse),
    `loss_upper_bound` its one-sided upper confidence bound; both as the policy used them.
    """

    model: str
    mean_score: float | None
    expected_loss: float | None
    loss_upper_bound: float | None
    mean_cost_usd: float | None


@dataclass(frozen=True)
class SheetRow:
    """One cluster. `label` is the analyst's override, empty for the automatic label.

    `cluster_id` is the number that decisions and the report give a cluster, until the next build;
    `index_version` is the version exported.
    `answered_by` says which models answer its held-out queries, labels in force; empty without any.
    `share` is of the log's queries, 0 to 1; `n_evals` counts evaluated queries; at most
    `N_EXAMPLES` examples are written.
    """

    cluster_key: str
    name: str
    label: str
    note: str
    cluster_id: int
    auto_label: str
    answered_by: str
    auto_reason: str
    size: int
    share: float
    keywords: tuple[str, ...]
    examples: tuple[str, ...]
    n_evals: int
    index_version: str
    models: tuple[SheetModel, ...]


def sheet_bytes(rows: Sequence[SheetRow], delimiter: str = ",") -> bytes:
    """Return the sheet as CSV: UTF-8 with BOM, CRLF, cells quoted, every text neutralised.

    The very first cell is not quoted: a program that takes the BOM for text would take quotes
    behind it for text, too.

    The key comes first, then the columns to edit, then what to judge by; four columns per model
    close the row. Numbers are plain numerals, so a negative loss stays a number. A lone surrogate
    cannot be written and becomes U+FFFD.

    Args:
        rows: in the order they are to have.
        delimiter: `;` for a spreadsheet set to a language with a decimal comma, which numbers get
            then too.
    """
    mark = "," if delimiter == ";" else "."
    models = tuple(dict.fromkeys(model.model for row in rows for model in row.models))
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_header(models))
    writer.writerows(_cells(row, models, mark) for row in rows)
    return written.getvalue().replace(f'"{KEY_COLUMN}"', KEY_COLUMN, 1).encode("utf-8-sig")


def _header(models: Sequence[str]) -> list[str]:
    of_models = [f"{model} {column}" for model in models for column in _MODEL_COLUMNS]
    return [*map(_text, (KEY_COLUMN, *EDITABLE_COLUMNS, *_READ_ONLY_COLUMNS, *of_models))]


def _cells(row: SheetRow, models: Sequence[str], mark: str) -> list[str]:
    examples = (*row.examples, *[""] * N_EXAMPLES)[:N_EXAMPLES]
    known = {model.model: model for model in row.models}
    judged_by = [
        str(row.cluster_id),
        _text(row.auto_label),
        _text(row.answered_by),
        _text(row.auto_reason),
        str(row.size),
        numeral(row.share, 4, mark),
        _text(", ".join(row.keywords)),
        *map(_text, examples),
        str(row.n_evals),
        _text(row.index_version),
    ]
    edited = map(_text, (row.cluster_key, row.name, row.label, row.note))
    measured = [cell for model in models for cell in _model_cells(known.get(model), mark)]
    return [*edited, *judged_by, *measured]


def _model_cells(model: SheetModel | None, mark: str) -> list[str]:
    if model is None:
        return [""] * len(_MODEL_COLUMNS)
    return [
        numeral(model.mean_score, 4, mark),
        numeral(model.expected_loss, 4, mark),
        numeral(model.loss_upper_bound, 4, mark),
        numeral(model.mean_cost_usd, 6, mark),
    ]


def _text(text: str) -> str:
    return neutralise(storable(text))
