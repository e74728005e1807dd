"""Whatever is wrong with an input file, the answer is one line that says where and what to do."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.config import read_config
from semroute.errors import ConfigError, InputError
from semroute.evals import read_evals
from semroute.queries import read_queries
from tests.broken_files import (
    BROKEN_FILES,
    CANARY,
    GOOD_CONFIG,
    GOOD_EVALS,
    GOOD_QUERIES,
    BrokenFile,
    InputFiles,
    parquet,
)

MODELS = ("large", "small")


def read_role(role: str, path: Path) -> object:
    if role == "queries":
        return read_queries(path, keep_columns=True)
    return read_evals(path, ("a", "b"), MODELS) if role == "evals" else read_config(path)


def path_of(files: InputFiles, role: str) -> Path:
    return {"queries": files.queries, "evals": files.evals, "config": files.config}[role]


def test_there_are_many_kinds_of_broken_files_and_each_has_its_own_name():
    names = [case.id for case in BROKEN_FILES]
    assert len(set(names)) == len(names) >= 50


@pytest.mark.parametrize("case", BROKEN_FILES, ids=lambda case: case.id)
def test_a_broken_file_is_refused_in_one_line_saying_where_and_what_to_do(
    case: BrokenFile, tmp_path: Path
):
    files = case.write(tmp_path)
    path = path_of(files, case.role)
    with pytest.raises(InputError, match=case.match) as caught:
        read_role(case.role, path)
    error, message = caught.value, str(caught.value)
    assert error.exit_code == 3
    assert isinstance(error, ConfigError) == (case.role == "config")
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    assert message.startswith(str(path))
    assert error.line == case.line
    assert case.line is None or f", line {case.line}" in message
    assert CANARY not in message


def test_the_good_files_beside_the_broken_ones_can_be_read(tmp_path: Path):
    case = next(case for case in BROKEN_FILES if case.id == "config-missing")
    files = case.write(tmp_path)
    log = read_queries(files.queries)
    assert log.query_ids == ("a", "b")
    assert read_evals(files.evals, log.query_ids, MODELS).n_scores == 2
    (tmp_path / "good.toml").write_text(GOOD_CONFIG)
    assert read_config(tmp_path / "good.toml").model_names == MODELS


def refused_or_read(role: str, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        read_role(role, path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutants")


GOOD_JSONL = "\n".join(
    json.dumps(row)
    for row in (
        {"query_id": "a", "text": "caf\xe9 \ud83d\ude00", "n": [1, {"x": None}]},
        {"query_id": 7, "messages": [{"role": "user", "content": "hi"}], "timestamp": "2025-01-31"},
    )
)
GOOD_PARQUET = parquet({"query_id": ["a", "b"], "text": ["one", "two"], "n": [1.5, None]})()

MUTABLE = {
    "queries.csv": ("queries", GOOD_QUERIES.encode()),
    "queries.jsonl": ("queries", GOOD_JSONL.encode()),
    "queries.parquet": ("queries", GOOD_PARQUET),
    "evals.csv": ("evals", GOOD_EVALS.encode()),
    "semroute.toml": ("config", GOOD_CONFIG.encode()),
}


@pytest.mark.parametrize("name", MUTABLE)
@settings(max_examples=250, deadline=None, database=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    name: str, folder: Path, data: st.DataObject
):
    role, good = MUTABLE[name]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    put_in = data.draw(st.binary(max_size=8))
    refused_or_read(role, folder / name, good[:start] + put_in + good[end:])


@pytest.mark.parametrize("name", MUTABLE)
@settings(max_examples=200, deadline=None, database=None)
@given(content=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_and_nothing_else(name: str, folder: Path, content: bytes):
    refused_or_read(MUTABLE[name][0], folder / name, content)
