"""Encoders that take seconds to make."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from semroute.encoders import SentenceTransformerEncoder
from semroute.encoders.export import CompiledModel, compile_encoder
from tests.encoders import small_models

SAMPLE = [
    "Which of the following best explains why the price of wheat fell?\nA. Demand\nB. Supply",
    "Natalia sold clips to 48 of her friends in April, and half as many in May. How many is that?",
    "Write a function that returns the nth Fibonacci number.",
    "how do i reset my password",
    "The committee voted on the amendment after a debate of three hours; who opposed it?",
    "Find all c in Z_3 such that Z_3[x]/(x^2 + c) is a field.",
    "please cancel my order, it was placed by mistake",
    "Summarise this in a sentence: the cell is the basic unit of life, and each has a wall.",
] * 4


@pytest.fixture(scope="session")
def int8_model(real_encoder: SentenceTransformerEncoder) -> CompiledModel:
    """The default encoder, compiled."""
    compiled = compile_encoder(real_encoder, "int8", SAMPLE)
    assert isinstance(compiled, CompiledModel)
    return compiled


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of random weights."""
    return small_models.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def bert(bert_folder: Path) -> SentenceTransformerEncoder:
    """The small model, opened."""
    return small_models.opened(bert_folder)


@pytest.fixture(scope="session")
def fp32_files(bert: SentenceTransformerEncoder) -> Mapping[str, bytes]:
    """The small model, compiled."""
    compiled = compile_encoder(bert, "fp32", SAMPLE)
    assert isinstance(compiled, CompiledModel)
    return compiled.files


@pytest.fixture(scope="session")
def int8_folder(int8_model: CompiledModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the compiled default encoder, for other processes."""
    folder = tmp_path_factory.mktemp("int8")
    for name, content in int8_model.files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def plain_environment() -> dict[str, str]:
    """Variables for other processes, without those that libraries set here when imported."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
