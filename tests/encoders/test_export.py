import importlib.util
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from semroute.encoders import CompiledEncoder, SentenceTransformerEncoder, export, quantise
from semroute.encoders.contract import PROBE_TEXTS
from semroute.encoders.export import (
    Comparison,
    CompiledModel,
    NotCompiled,
    compared_again,
    compile_encoder,
)
from semroute.encoders.graph import to_onnx
from semroute.encoders.simplify import inner_values
from semroute.errors import MissingExtraError
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors, unit_rows
from tests.encoders import small_models
from tests.encoders.conftest import SAMPLE

LENGTHS = ["hi", "where is my order", *SAMPLE[:2], " ".join(SAMPLE[2:8])]


def attentions(files: Mapping[str, bytes]) -> list[onnx.NodeProto]:
    graph = onnx.load_from_string(files["model.onnx"]).graph
    return [node for node in graph.node if node.op_type == "Attention"]


def test_int8_stays_close_to_the_original(
    int8_model: CompiledModel, real_encoder: SentenceTransformerEncoder
) -> None:
    assert int8_model.departure is None
    parity = int8_model.comparison.parity()
    assert parity.n_texts == len(SAMPLE) // 2 + len(PROBE_TEXTS) // 2
    assert parity.mean_cosine > 0.995
    rows, original = CompiledEncoder(int8_model.files).encode(LENGTHS), real_encoder.encode(LENGTHS)
    dimension = int8_model.identity.dimension
    assert rows.shape == original.shape == (len(LENGTHS), 2 * dimension)
    for part in (slice(dimension), slice(dimension, None)):
        assert np.sum(rows[:, part] * original[:, part], axis=1).min() > 0.98


def test_the_identity_tells_the_compiled_form_from_the_original(
    int8_model: CompiledModel, real_encoder: SentenceTransformerEncoder
) -> None:
    identity, original = int8_model.identity, real_encoder.identity
    assert identity.kind == "onnx-int8"
    assert (identity.model, identity.dimension) == (original.model, original.dimension)
    assert identity.max_tokens == original.max_tokens
    assert identity.fingerprint != original.fingerprint


def test_smoothing_brings_int8_closer_than_quantising_alone(
    int8_model: CompiledModel, real_encoder: SentenceTransformerEncoder, tmp_path: Path
) -> None:
    graph = to_onnx(real_encoder.model, 256, 384)
    quantize_dynamic(
        graph,
        tmp_path / "plain.onnx",
        op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": 1},
    )
    files = {**int8_model.files, "model.onnx": (tmp_path / "plain.onnx").read_bytes()}
    texts = [*SAMPLE[1:8:2], *PROBE_TEXTS[1::2]]
    original = real_encoder.encode(texts)

    def departure(files: Mapping[str, bytes]) -> float:
        products = CompiledEncoder(files).encode(texts) * original
        return float(1 - products[:, :384].sum(axis=1).mean())

    assert departure(int8_model.files) < 0.7 * departure(files)


def test_fp32_gives_the_vectors_of_the_original(
    bert: SentenceTransformerEncoder, fp32_files: Mapping[str, bytes]
) -> None:
    original = bert.encode(LENGTHS)
    embeddings = original[:, : bert.identity.dimension]
    assert (embeddings @ embeddings.T - np.eye(len(LENGTHS))).max() < 0.98
    np.testing.assert_allclose(CompiledEncoder(fp32_files).encode(LENGTHS), original, atol=1e-5)


def test_masks_that_hide_nothing_are_dropped_and_others_kept(
    fp32_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    assert [len(node.input) for node in attentions(fp32_files)] == [3, 3]
    local = small_models.opened(small_models.modern_bert(tmp_path))
    compiled = compile_encoder(local, "fp32", SAMPLE)
    assert isinstance(compiled, CompiledModel)
    assert [len(node.input) for node in attentions(compiled.files)] == [3, 4]
    vectors = CompiledEncoder(compiled.files).encode(LENGTHS)
    np.testing.assert_allclose(vectors, local.encode(LENGTHS), atol=1e-5)


def test_attention_splits_the_heads_itself(fp32_files: Mapping[str, bytes]) -> None:
    graph = onnx.load_from_string(fp32_files["model.onnx"]).graph
    assert not [node for node in graph.node if node.op_type == "Transpose"]
    heads = [{a.name: a.i for a in node.attribute} for node in attentions(fp32_files)]
    assert [node["q_num_heads"] for node in heads] == [4, 4]


def test_smoothing_changes_no_vector_before_quantising(bert: SentenceTransformerEncoder) -> None:
    graph = to_onnx(bert.model, 64, bert.identity.hidden_dimension)
    ids = [np.array([[2, *range(5, 5 + n), 3]], dtype=np.int64) for n in (1, 7, 60)]
    output = [graph.graph.output[0].name]
    before = [values[output[0]] for values in inner_values(graph, output, ids)]
    weights = {w.name: numpy_helper.to_array(w).copy() for w in graph.graph.initializer}
    quantise._smooth(graph, ids)
    after = [values[output[0]] for values in inner_values(graph, output, ids)]
    changed = [
        weight
        for weight in graph.graph.initializer
        if weight.name in weights
        and not np.array_equal(weights[weight.name], numpy_helper.to_array(weight))
    ]
    assert len(changed) == 12
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_same_weights_give_the_same_bytes_wherever_they_are(
    bert_folder: Path, fp32_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    elsewhere = shutil.copytree(bert_folder, tmp_path / "elsewhere")
    again = compile_encoder(small_models.opened(elsewhere), "fp32", SAMPLE)
    assert isinstance(again, CompiledModel)
    same = ("model.onnx", "tokenizer.json")
    assert [again.files[name] for name in same] == [fp32_files[name] for name in same]


def test_the_files_tell_nothing_of_where_they_were_made(int8_model: CompiledModel) -> None:
    for content in int8_model.files.values():
        assert b"site-packages" not in content
        assert str(Path.home()).encode() + b"/" not in content


def test_nothing_is_printed(
    bert: SentenceTransformerEncoder, capfd: pytest.CaptureFixture[str]
) -> None:
    compile_encoder(bert, "int8", SAMPLE)
    assert capfd.readouterr() == ("", "")


def test_int8_below_its_floor_becomes_fp32_and_says_so(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export.FLOORS, "int8", 1.1)
    compiled = compile_encoder(bert, "int8", SAMPLE)
    assert isinstance(compiled, CompiledModel)
    assert compiled.identity.kind == "onnx-fp32"
    assert compiled.departure is not None
    assert "int8" in compiled.departure
    assert "below 1.1" in compiled.departure


def test_int8_that_cannot_be_made_becomes_fp32_and_says_so(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(export, "quantise", fails)
    compiled = compile_encoder(bert, "int8", SAMPLE)
    assert isinstance(compiled, CompiledModel)
    assert compiled.departure == "its int8 form cannot be made (RuntimeError)"


def test_a_compiled_form_far_from_the_original_is_not_used(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export.FLOORS, "fp32", 1.1)
    compiled = compile_encoder(bert, "fp32", SAMPLE)
    assert isinstance(compiled, NotCompiled)
    assert "fp32" in compiled.reason


def test_a_form_compiled_earlier_is_compared_on_other_texts_and_stays_what_it_was(
    bert: SentenceTransformerEncoder, fp32_files: Mapping[str, bytes]
) -> None:
    texts = ["other texts", "than those of before", "of another log", "and a fourth"]
    again = compared_again(bert, fp32_files, texts)
    assert again is not None
    assert again.files == fp32_files
    assert again.identity == CompiledEncoder(fp32_files).identity
    assert again.departure is None
    assert again.comparison.texts == (*PROBE_TEXTS[1::2], texts[1], texts[3])
    np.testing.assert_allclose(again.comparison.original, bert.encode(again.comparison.texts))
    assert again.comparison.parity().mean_cosine > 0.9999


def test_a_form_compiled_earlier_is_not_taken_if_it_is_far_off_or_damaged(
    bert: SentenceTransformerEncoder,
    bert_folder: Path,
    fp32_files: Mapping[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert compared_again(bert, {**fp32_files, "model.onnx": b"no"}, SAMPLE) is None
    prompted = small_models.opened(bert_folder)
    prompted.model.prompts = {"query": "search: "}
    prompted.model.default_prompt_name = "query"
    assert compared_again(prompted, fp32_files, SAMPLE) is None
    monkeypatch.setitem(export.FLOORS, "fp32", 1.1)
    assert compared_again(bert, fp32_files, SAMPLE) is None


def test_hidden_states_far_from_the_original_are_left_out_and_it_says_so(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The graph is run as it is, but for the order of the hidden numbers."""
    run = CompiledEncoder.encode

    def mixed(self: CompiledEncoder, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        rows, dimension = run(self, texts, advance), self.identity.dimension
        rows[:, dimension:] = rows[:, dimension:][:, ::-1]
        return rows

    monkeypatch.setattr(CompiledEncoder, "encode", mixed)
    compiled = compile_encoder(bert, "fp32", SAMPLE)
    monkeypatch.undo()
    assert isinstance(compiled, CompiledModel)
    assert compiled.departure is not None
    assert compiled.departure.startswith("it has no hidden states, as with them the mean cosine")
    assert "fp32 form's hidden states to the original" in compiled.departure
    assert_narrow(compiled, bert)


def test_a_model_that_can_be_exported_without_hidden_states_only_is(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(model: Any, max_tokens: int, hidden_dimension: int) -> onnx.ModelProto:
        if hidden_dimension:
            raise RuntimeError("no")
        return to_onnx(model, max_tokens, 0)

    monkeypatch.setattr(export, "to_onnx", picky)
    compiled = compile_encoder(bert, "fp32", SAMPLE)
    assert isinstance(compiled, CompiledModel)
    assert compiled.departure == (
        "it has no hidden states, as with them torch cannot export it to ONNX (RuntimeError)"
    )
    assert_narrow(compiled, bert)


def assert_narrow(compiled: CompiledModel, encoder: SentenceTransformerEncoder) -> None:
    """What was compiled gives, and was compared by, the embedding alone."""
    dimension = encoder.identity.dimension
    assert encoder.identity.hidden_dimension
    assert compiled.identity.hidden_dimension == 0
    assert compiled.comparison.original.shape == compiled.comparison.compiled.shape
    assert compiled.comparison.hidden_parity() is None
    rows = CompiledEncoder(compiled.files).encode(LENGTHS)
    np.testing.assert_allclose(rows, encoder.encode(LENGTHS)[:, :dimension], atol=1e-5)


def test_parity_is_the_same_on_another_number_of_processors() -> None:
    rows = unit_rows(np.random.default_rng(0).standard_normal((100, 384)))
    # Threads sum in another order, which moves the last bit.
    moved = np.nextafter(rows, np.float32(1), where=rows > 0, out=rows.copy())
    texts = tuple(map(str, range(100)))
    one, other = (
        Comparison(texts, original, rows, rows.shape[1]).parity() for original in (rows, moved)
    )
    assert one == other
    assert one.smallest_cosine == pytest.approx(1, abs=1e-6)


def test_a_model_that_torch_cannot_export_is_not_compiled(tmp_path: Path) -> None:
    encoder = small_models.opened(small_models.bert(tmp_path))

    class DependsOnTheNumbers(torch.nn.Module):
        def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            if features["sentence_embedding"].sum() > 0:
                features["sentence_embedding"] = -features["sentence_embedding"]
            return features

    encoder.model.append(DependsOnTheNumbers())
    compiled = compile_encoder(encoder, "int8", SAMPLE)
    assert isinstance(compiled, NotCompiled)
    assert compiled.reason.startswith("torch cannot export it to ONNX (")


def test_a_tokenizer_without_a_file_is_not_compiled(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(bert.model.tokenizer), "backend_tokenizer", None)
    compiled = compile_encoder(bert, "fp32", SAMPLE)
    assert compiled == NotCompiled("its tokenizer has no form that the tokenizers library reads")


def test_the_prompt_of_a_model_is_part_of_its_compiled_form(tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "cancel the meeting: "}, "default_prompt_name": "query"}
    encoder = small_models.opened(small_models.bert(tmp_path, **prompts))
    compiled = compile_encoder(encoder, "fp32", SAMPLE)
    assert isinstance(compiled, CompiledModel)
    vectors = CompiledEncoder(compiled.files).encode(LENGTHS)
    np.testing.assert_allclose(vectors, encoder.encode(LENGTHS), atol=1e-5)


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_names_the_install_command(
    package: str, bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec

    def find_spec(name: str) -> Any:
        return None if name == package else found(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    with pytest.raises(MissingExtraError, match=rf"'{package}'.*semroute\[build\]"):
        compile_encoder(bert, "fp32", SAMPLE)
