"""From a version of an index to the analysts' sheet."""

from collections.abc import Sequence
from pathlib import Path

from semroute.artifact.contents import Cluster, IndexContents, ModelEvidence
from semroute.artifact.loading import load_index
from semroute.durable import replace_file
from semroute.errors import PublishError
from semroute.labels import N_EXAMPLES, SheetModel, SheetRow, sheet_bytes
from semroute.relabel.answering import Answers, answers, shares_told
from semroute.texts import printable

SHEET = "labels.csv"
"""The sheet's name in the index folder, beside the versions."""

MAX_EXAMPLE_CHARS = 300

_WORKBOOKS = frozenset({".xlsx", ".xls", ".xlsm", ".ods"})


def export_labels(
    folder: Path,
    output: Path | None = None,
    *,
    version: str | None = None,
    force: bool = False,
    delimiter: str = ",",
) -> Path:
    """Write the sheet of a version, readable by its owner only, and return where it is.

    Args:
        folder: the index.
        output: the file to write; by default `<folder>/labels.csv`, and `<folder>/labels-V.csv`
            where a version V is asked for, so that the live version's sheet stays.
        version: a version other than the live one.
        force: replace a file that differs, although it may hold edits nobody has applied.
        delimiter: `;` for a spreadsheet set to a language with a decimal comma.

    Raises:
        InvalidIndexError: the index is damaged, or the version is not there.
        PublishError: the file exists and differs, cannot be written, or is named as a workbook.
    """
    target = output or folder / (f"labels-{version}.csv" if version else SHEET)
    if target.suffix.lower() in _WORKBOOKS:
        reason = f"the sheet is CSV, which a spreadsheet does not open as {target.suffix}"
        raise PublishError(target, f"{reason}; name it {target.with_suffix('.csv').name}")
    content = sheet_bytes(sheet_rows(load_index(folder, version=version)), delimiter)
    if not force:
        _refuse_if_it_differs(target, content)
    try:
        replace_file(target, content)
    except PublishError as error:
        if output is not None:
            raise
        raise PublishError(target, f"{error.reason}; name another file with -o") from error
    return target


def _refuse_if_it_differs(target: Path, content: bytes) -> None:
    try:
        same = target.read_bytes() == content
    except FileNotFoundError:
        return
    except OSError as error:
        raise PublishError(target, error.strerror or str(error)) from error
    if not same:
        reason = "it exists and may hold edits that were not applied"
        raise PublishError(target, f"{reason}; apply it, name another file, or use --force")


def sheet_rows(contents: IndexContents) -> tuple[SheetRow, ...]:
    """Return one row per cluster, largest first; example queries are cut to one printable line."""
    examples = {sample.cluster_id: sample.texts for sample in contents.samples}
    by_size = sorted(contents.clusters, key=lambda cluster: -cluster.size)
    version = contents.manifest.index_version
    answered = answers(contents)
    return tuple(
        _sheet_row(one, examples.get(one.cluster_id, ()), answered.get(one.cluster_id, {}), version)
        for one in by_size
    )


def _sheet_row(
    cluster: Cluster, examples: Sequence[str], answered: Answers, index_version: str
) -> SheetRow:
    return SheetRow(
        cluster_key=cluster.cluster_key,
        name=cluster.name,
        label=cluster.override or "",
        note=cluster.note,
        cluster_id=cluster.cluster_id,
        auto_label=cluster.auto_label,
        answered_by=shares_told(answered),
        auto_reason=cluster.auto_reason,
        size=cluster.size,
        share=cluster.share,
        keywords=cluster.keywords,
        examples=tuple(printable(text, MAX_EXAMPLE_CHARS) for text in examples[:N_EXAMPLES]),
        n_evals=max(known.n_scored for known in cluster.evidence),
        index_version=index_version,
        models=tuple(_sheet_model(known) for known in cluster.evidence),
    )


def _sheet_model(known: ModelEvidence) -> SheetModel:
    return SheetModel(
        model=known.model,
        mean_score=known.mean_score,
        expected_loss=known.expected_loss,
        loss_upper_bound=known.loss_upper_bound,
        mean_cost_usd=known.mean_cost_usd,
    )
