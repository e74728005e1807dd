"""A rebuild of a grown log keeps the encoder, and embeds only what is new."""

import shutil
from pathlib import Path

import pytest

from semroute.artifact.loading import load_index
from semroute.build import BuildSummary, build_index
from semroute.build.saved_vectors import FOLDER
from tests.build.small import SmallFiles, rows_of, write_rows, write_small_files
from tests.encoders import small_models

N_NEW = 5


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    files = write_small_files(tmp_path, n_queries=200)
    model = small_models.bert(tmp_path / "bert")
    encoder = f'[encoder]\nmodel = "{model}"\n'
    files.config.write_text(f"{files.config.read_text()}{encoder}")
    return files


def _build(files: SmallFiles, out: Path) -> BuildSummary:
    return build_index(files.queries, files.evals, files.config, out)


def test_a_grown_log_is_embedded_by_the_encoder_of_the_version_before(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    first = _build(files, out)
    rows = rows_of(files)
    others = [
        {"query_id": f"n{number}", "text": f"other words, number {number}"}
        for number in range(N_NEW)
    ]
    write_rows(files, rows + others)
    second = _build(files, out)
    assert first.n_reused == 0
    assert second.n_reused == len(rows)
    assert second.encoder == first.encoder
    assert second.moves is not None
    assert (
        load_index(out).encoder_files == load_index(out, version=first.index_version).encoder_files
    )
    fresh = _build(files, tmp_path / "fresh")
    assert fresh.n_reused == 0
    assert fresh.encoder.fingerprint != first.encoder.fingerprint, "it has seen other texts"


def test_another_precision_makes_another_encoder(files: SmallFiles, tmp_path: Path) -> None:
    out = tmp_path / "i"
    first = _build(files, out)
    files.config.write_text(f'{files.config.read_text()}precision = "fp32"\n')
    second = _build(files, out)
    assert (first.encoder.kind, second.encoder.kind) == ("onnx-int8", "onnx-fp32")
    assert second.n_reused == 0
    shutil.rmtree(out / FOLDER)
    assert _build(files, out).encoder == second.encoder
