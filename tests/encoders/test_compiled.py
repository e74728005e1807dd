import json
import platform
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from semroute.encoders import CompiledEncoder, compiled, open_files
from semroute.encoders.contract import PROBE_TEXTS
from semroute.encoders.export import CompiledModel
from semroute.errors import EncoderError

TEXTS = [*PROBE_TEXTS, "word " * 400]

# The rest of a script that has opened the encoder in the folder given to it as `encoder`.
OPEN = """
import os, sys, threading, time
from pathlib import Path
import numpy as np
from semroute.encoders import open_files

def read():
    return {path.name: path.read_bytes() for path in Path(sys.argv[1]).iterdir()}
"""


def run(
    script: str, *arguments: object, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", OPEN + script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )


@pytest.fixture(scope="module")
def encoder(int8_model: CompiledModel) -> CompiledEncoder:
    return CompiledEncoder(int8_model.files)


@pytest.fixture(scope="module")
def alone(encoder: CompiledEncoder) -> np.ndarray:
    return np.concatenate([encoder.encode([text]) for text in TEXTS])


def test_a_vector_does_not_depend_on_the_other_texts_to_the_last_bit(
    encoder: CompiledEncoder, alone: np.ndarray
) -> None:
    assert np.array_equal(encoder.encode(TEXTS), alone)
    assert np.array_equal(encoder.encode(TEXTS[::-1])[::-1], alone)


@pytest.mark.parametrize("n_workers", [2, 5])
def test_workers_share_the_texts_and_give_the_same_vectors(
    int8_model: CompiledModel, alone: np.ndarray, n_workers: int
) -> None:
    steps: list[int] = []
    shared = CompiledEncoder(int8_model.files, n_workers=n_workers)
    assert np.array_equal(shared.encode(TEXTS * 5, steps.append), np.tile(alone, (5, 1)))
    assert sum(steps) == 5 * len(TEXTS)
    assert len(steps) > 1


def test_two_threads_on_one_text_give_the_same_vectors(
    int8_model: CompiledModel, alone: np.ndarray
) -> None:
    vectors = CompiledEncoder(int8_model.files, threads=2).encode(TEXTS)
    np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_many_threads_get_the_answers_of_one(encoder: CompiledEncoder, alone: np.ndarray) -> None:
    def ask(seed: int) -> bool:
        order = np.random.default_rng(seed).permutation(len(TEXTS))
        return all(np.array_equal(encoder.encode([TEXTS[i]])[0], alone[i]) for i in order)

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(32)))


def test_what_is_beyond_the_token_limit_changes_nothing(encoder: CompiledEncoder) -> None:
    limit = encoder.identity.max_tokens
    at_limit, beyond = encoder.encode(["word " * (limit - 2), "word " * 2_000])
    assert np.array_equal(at_limit, beyond)
    shorter = encoder.encode(["word " * (limit - 3)])[0]
    assert not np.array_equal(at_limit, shorter)


def test_the_kernels_for_older_processors_give_the_same_vectors(
    int8_model: CompiledModel, alone: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "saturates", lambda: True)
    vectors = CompiledEncoder(int8_model.files).encode(TEXTS)
    np.testing.assert_allclose(vectors, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("machine", "flags", "expected"),
    [
        ("x86_64", "fpu avx2 avx512f", True),
        ("x86_64", "fpu avx512f avx512_vnni", False),
        ("AMD64", "fpu avx_vnni", False),
        ("x86_64", None, True),
        ("aarch64", None, False),
    ],
)
def test_processors_without_vnni_are_told_apart(
    machine: str, flags: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_text(path: Path, **_: str) -> str:
        if flags is None:
            raise FileNotFoundError(path)
        return f"processor\t: 0\nflags\t\t: {flags}\n"

    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(Path, "read_text", read_text)
    assert compiled.saturates() is expected


def test_serving_loads_no_model_library_and_prints_nothing(
    int8_folder: Path, alone: np.ndarray, plain_environment: dict[str, str], tmp_path: Path
) -> None:
    np.save(tmp_path / "alone.npy", alone[:2])
    script = f"""
vectors = open_files(read()).encode({TEXTS[:2]!r})
heavy = {{"torch", "transformers", "sentence_transformers", "onnx", "scipy", "sklearn", "pandas"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert np.array_equal(vectors, np.load(sys.argv[2]))
"""
    done = run(script, int8_folder, tmp_path / "alone.npy", environment=plain_environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_forked_child_answers_even_while_its_parent_is_at_work(
    threads: int, int8_folder: Path, plain_environment: dict[str, str]
) -> None:
    script = f"""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads: the point of this
encoder = open_files(read(), threads={threads})
expected = encoder.encode(["where is my order"])
busy = True
def work():
    while busy:
        encoder.encode(["a longer text, " * 20])
workers = [threading.Thread(target=work) for _ in range(3)]
for round in range(8):
    if round == 4:
        [worker.start() for worker in workers]
    child = os.fork()
    if child == 0:
        same = np.allclose(encoder.encode(["where is my order"]), expected, atol=1e-6)
        os._exit(0 if same else 1)
    deadline = time.monotonic() + 20
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, 9)
            print("hangs")
        time.sleep(0.01)
    print(os.waitstatus_to_exitcode(done[1]))
busy = False
"""
    done = run(script, int8_folder, environment=plain_environment)
    assert done.stdout.split() == ["0"] * 8, done.stderr


def test_a_forked_child_shares_the_model_of_an_idle_parent(
    int8_folder: Path, plain_environment: dict[str, str]
) -> None:
    script = """
encoder = open_files(read())
encoder.encode(["where is my order"])
opened = encoder._opened
child = os.fork()
if child == 0:
    encoder.encode(["where is my order"])
    os._exit(0 if encoder._opened is opened else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = run(script, int8_folder, environment=plain_environment)
    assert done.stdout.split() == ["0"], done.stderr


def changed(files: Mapping[str, bytes], **contents: bytes | None) -> dict[str, bytes]:
    given = {name.replace("_", "."): content for name, content in contents.items()}
    merged = {**files, **given}
    return {name: content for name, content in merged.items() if content is not None}


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "settings.json"])
def test_a_missing_file_is_named(name: str, fp32_files: Mapping[str, bytes]) -> None:
    with pytest.raises(EncoderError, match=rf"{name} is missing; build the index again"):
        open_files({other: content for other, content in fp32_files.items() if other != name})


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff not a file", b'{"version": "1.0"}'])
def test_a_file_that_is_something_else_is_named(
    name: str, content: bytes, fp32_files: Mapping[str, bytes]
) -> None:
    with pytest.raises(EncoderError, match=rf"{name} cannot be"):
        open_files({**fp32_files, name: content})


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"kind": "onnx-int4"}, "kind"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"pooling": "mean"}, "pooling"),
    ],
)
def test_settings_that_this_version_does_not_know_are_refused(
    change: dict[str, object], wrong: str, fp32_files: Mapping[str, bytes]
) -> None:
    settings = json.dumps({**json.loads(fp32_files["settings.json"]), **change}).encode()
    with pytest.raises(EncoderError, match=rf"settings.json cannot be used \(wrong: {wrong}\)"):
        open_files({**fp32_files, "settings.json": settings})


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "settings.json"])
def test_every_file_counts_for_the_fingerprint(name: str, fp32_files: Mapping[str, bytes]) -> None:
    settings = json.loads(fp32_files["settings.json"])
    content = {
        # A field that ONNX keeps and ignores; white space; another name of the model.
        "model.onnx": fp32_files["model.onnx"] + b"\x32\x01x",
        "tokenizer.json": fp32_files["tokenizer.json"] + b"\n",
        "settings.json": json.dumps({**settings, "model": "another"}).encode(),
    }[name]
    before, after = open_files(fp32_files), open_files({**fp32_files, name: content})
    assert before.identity.fingerprint != after.identity.fingerprint


def test_a_text_without_tokens_has_no_vector_and_harms_no_other(
    fp32_files: Mapping[str, bytes],
) -> None:
    tokenizer = json.loads(fp32_files["tokenizer.json"])
    bare = json.dumps({**tokenizer, "post_processor": None}).encode()
    encoder = open_files({**fp32_files, "tokenizer.json": bare})
    vectors = encoder.encode(["where is my order", "\u200b", "where is my order"])
    assert np.isnan(vectors[1]).all()
    assert np.array_equal(vectors[0], vectors[2])
    assert np.isnan(encoder.encode(["\u200b"])).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1.2])
def test_a_vector_that_is_not_of_length_one_comes_back_as_nan(
    value: float, fp32_files: Mapping[str, bytes]
) -> None:
    constant = helper.make_tensor("constant", TensorProto.FLOAT, [1, 32], [value, *[0.0] * 31])
    graph = helper.make_graph(
        [
            helper.make_node("Shape", ["input_ids"], ["shape"]),
            helper.make_node("Identity", ["constant"], ["unit_vector"]),
        ],
        "broken",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, None])],
        [helper.make_tensor_value_info("unit_vector", TensorProto.FLOAT, [1, 32])],
        [constant],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    encoder = open_files({**fp32_files, "model.onnx": model.SerializeToString()})
    assert np.isnan(encoder.encode(["where is my order"])).all()
    assert np.isnan(encoder.encode(["where", "is", "it"])).all()


def test_opening_leaves_no_thread_behind(fp32_files: Mapping[str, bytes]) -> None:
    before = threading.active_count()
    open_files(fp32_files)
    assert threading.active_count() == before


@pytest.fixture(scope="module")
def fp32_vector(fp32_files: Mapping[str, bytes]) -> np.ndarray:
    return open_files(fp32_files).encode(["where is my order"])


@pytest.mark.usefixtures("no_threads")
def test_it_opens_where_no_thread_can_be_started(
    fp32_files: Mapping[str, bytes], fp32_vector: np.ndarray
) -> None:
    assert np.array_equal(open_files(fp32_files).encode(["where is my order"]), fp32_vector)


def test_a_worker_that_fails_fails_the_call(fp32_files: Mapping[str, bytes]) -> None:
    encoder = CompiledEncoder(fp32_files, n_workers=2)
    texts: Any = ["a text", None]
    with pytest.raises(TypeError):
        encoder.encode(texts)
    assert threading.active_count() < 20
