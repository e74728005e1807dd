import io
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model2vec import StaticModel
from model2vec.distill import distill_from_model

from semroute.encoders import (
    SentenceTransformerEncoder,
    StaticEncoder,
)
from semroute.encoders.contract import PROBE_TEXTS
from semroute.encoders.distil import distil
from semroute.encoders.making import make_encoder
from semroute.encoders.static import StaticSettings
from semroute.errors import EncoderError, MissingExtraError
from tests.encoders.conftest import SAMPLE

DIMENSION = 16


@pytest.fixture(scope="module")
def files(bert: SentenceTransformerEncoder) -> Mapping[str, bytes]:
    return distil(bert, DIMENSION)


@pytest.fixture(scope="module")
def oracle(
    bert: SentenceTransformerEncoder, tmp_path_factory: pytest.TempPathFactory
) -> StaticModel:
    """What the library itself makes and serves of the same model."""
    made = distill_from_model(
        bert.model[0].auto_model,
        bert.model.tokenizer,
        device="cpu",
        pca_dims=DIMENSION,
        quantize_to="float16",
    )
    folder = tmp_path_factory.mktemp("model2vec")
    made.save_pretrained(folder)
    return StaticModel.from_pretrained(folder)


def npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=allow_pickle)
    return content.getvalue()


def test_vectors_are_those_of_the_library(files: Mapping[str, bytes], oracle: StaticModel) -> None:
    texts = [*(t for t in PROBE_TEXTS if t.isascii()), *SAMPLE, "word " * 1_000]
    expected = oracle.encode(texts).astype(np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(StaticEncoder(files).encode(texts), expected, atol=2e-3)


def test_distilling_twice_gives_the_same_bytes(
    files: Mapping[str, bytes], bert: SentenceTransformerEncoder
) -> None:
    assert distil(bert, DIMENSION) == files


def test_distilling_leaves_the_model_as_it_was(
    bert: SentenceTransformerEncoder, bert_folder: Path
) -> None:
    before = bert.encode(SAMPLE[:4])
    name = bert.model[0].auto_model.name_or_path
    distil(bert, DIMENSION)
    assert np.array_equal(bert.encode(SAMPLE[:4]), before)
    assert bert.model[0].auto_model.name_or_path == name


def test_distilling_prints_nothing_and_asks_no_hub(
    bert: SentenceTransformerEncoder,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(*_: Any, **__: Any) -> None:
        pytest.fail("the model hub was asked")

    monkeypatch.setattr("model2vec.distill.distillation.model_info", asked)
    distil(bert, DIMENSION)
    assert capfd.readouterr() == ("", "")


def test_a_vector_is_never_longer_than_the_models_own(bert: SentenceTransformerEncoder) -> None:
    assert StaticEncoder(distil(bert, 10_000)).identity.dimension == bert.identity.dimension


def test_unknown_tokens_count_only_where_there_is_nothing_else(
    files: Mapping[str, bytes],
) -> None:
    encoder = StaticEncoder(files)
    alone, unknown, mixed, again = encoder.encode(["order", "жю", "order жю", "юж южж"])
    assert np.array_equal(alone, mixed)
    assert np.linalg.norm(unknown) == pytest.approx(1)
    np.testing.assert_allclose(unknown, again, atol=1e-6)


def test_a_text_without_tokens_has_no_vector_and_harms_no_other(
    files: Mapping[str, bytes],
) -> None:
    vectors = StaticEncoder(files).encode(["order", "\u200b", "order"])
    assert np.isnan(vectors[1]).all()
    assert np.array_equal(vectors[0], vectors[2])


def test_a_token_whose_numbers_are_not_finite_spoils_only_its_texts(
    files: Mapping[str, bytes],
) -> None:
    embeddings = np.load(io.BytesIO(files["embeddings.npy"]))
    vocabulary = json.loads(files["tokenizer.json"])["model"]["vocab"]
    embeddings[vocabulary["order"]] = np.nan
    encoder = StaticEncoder({**files, "embeddings.npy": npy(embeddings)})
    spoilt, fine = encoder.encode(["order", "invoice"])
    assert np.isnan(spoilt).all()
    assert np.linalg.norm(fine) == pytest.approx(1)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", r"embeddings\.npy cannot be read"),
        (b"\x93NUMPY but not really", r"embeddings\.npy cannot be read"),
        (npy(np.zeros((3, 16), dtype=np.float16)), r"float16 of shape \(3, 16\), not one row"),
        (npy(np.zeros(16, dtype=np.float16)), r"float16 of shape \(16,\), not one row"),
        (npy(np.zeros((383, 16), dtype=np.int8)), r"int8 of shape"),
        (npy(np.array([{}]), allow_pickle=True), r"embeddings\.npy cannot be read"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(
    content: bytes, match: str, files: Mapping[str, bytes]
) -> None:
    with pytest.raises(EncoderError, match=match):
        StaticEncoder({**files, "embeddings.npy": content})


def test_no_pickle_is_ever_loaded(files: Mapping[str, bytes]) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return pytest.fail, ("a pickle was loaded",)

    for content in (pickle.dumps(Trap()), npy(np.array([Trap()]), allow_pickle=True)):
        with pytest.raises(EncoderError, match=r"embeddings\.npy cannot be read"):
            StaticEncoder({**files, "embeddings.npy": content})


def test_serving_loads_no_model_library(files: Mapping[str, bytes], tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    script = """
import sys
from pathlib import Path
from semroute.encoders import open_files
encoder = open_files({path.name: path.read_bytes() for path in Path(sys.argv[1]).iterdir()})
encoder.encode(["where is my order"])
print({"torch", "transformers", "model2vec", "onnxruntime", "scipy"} & set(sys.modules))
"""
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_missing_library_names_the_install_command(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model2vec.distill", None)
    with pytest.raises(MissingExtraError, match=r"'model2vec'.*semroute\[static\]"):
        distil(bert, DIMENSION)


def test_a_model_that_cannot_be_distilled_is_named(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise ValueError("no such pooling")

    monkeypatch.setattr("model2vec.distill.distill_from_model", fails)
    with pytest.raises(EncoderError, match="cannot be distilled to static embeddings"):
        distil(bert, DIMENSION)


@pytest.mark.parametrize(("dimension", "told"), [(DIMENSION, None), (4096, "numbers.*not 4096")])
def test_a_dimension_the_model_does_not_have_is_told(
    dimension: int, told: str | None, bert_folder: Path
) -> None:
    settings = StaticSettings(model=str(bert_folder), dimension=dimension)
    made = make_encoder(settings, SAMPLE, 0, 1)
    assert made.origin
    if told is None:
        assert made.origin.departure is None
    else:
        assert re.search(told, made.origin.departure or "")
        assert str(made.encoder.identity.dimension) in (made.origin.departure or "")
