"""The encoder of an index is opened from its files, and must be the one that built it."""

import hashlib
import io
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from semroute.artifact.contents import IndexContents
from semroute.artifact.encoder import check_encoder, open_index_encoder
from semroute.artifact.loading import load_index
from semroute.encoders import StaticEncoder
from semroute.encoders.contract import PROBE_TEXTS, EncoderIdentity
from semroute.errors import EncoderError, InvalidIndexError
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors, unit_rows
from tests.artifact.indexes import publish_at_moment
from tests.tiny import TinyEncoder, WideEncoder
from tests.tiny_index import tiny_contents, tiny_texts

LEAST = 0.999
"""For a kind of encoder that nothing else is said of."""


class ChangedEncoder:
    """Says it is the tiny encoder, and computes something else."""

    def __init__(self, change: float, **identity: object) -> None:
        self._tiny, self._change = TinyEncoder(), change
        self.identity: EncoderIdentity = self._tiny.identity.model_copy(update=identity)

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        rows = self._tiny.encode(texts, advance)
        noise = np.random.default_rng(0).standard_normal(rows.shape)
        noise -= (noise * rows).sum(axis=1, keepdims=True) * rows
        return unit_rows(rows + self._change * unit_rows(noise))


@pytest.mark.parametrize(
    "hidden",
    [
        lambda rows: rows[::-1],
        lambda rows: rows[:, ::-1],
        lambda rows: rows * 0,
        lambda rows: rows[:, :0],
    ],
    ids=["of other texts", "in another order", "of no direction", "missing"],
)
def test_hidden_states_other_than_those_of_the_build_are_refused(
    hidden: Callable[[Vectors], Vectors],
) -> None:
    contents = tiny_contents(encoder=WideEncoder())
    assert contents.probes.shape == (len(PROBE_TEXTS), 40)
    check_encoder(contents, WideEncoder())
    with pytest.raises(InvalidIndexError, match="no longer gives the vectors"):
        check_encoder(contents, WideEncoder(hidden))


def test_an_index_built_without_hidden_states_is_asked_for_embeddings_alone() -> None:
    contents, texts = tiny_contents(), tiny_texts(0, 2)
    opened = open_index_encoder(contents, given=WideEncoder())
    assert opened.identity == TinyEncoder().identity
    assert np.array_equal(opened.encode(texts), TinyEncoder().encode(texts))
    assert opened.truncates("word " * 300)
    assert not opened.truncates("word")


def test_the_encoder_of_the_build_is_accepted(folder: Path) -> None:
    check_encoder(load_index(folder), TinyEncoder())


def test_a_model_that_moved_to_another_folder_is_the_same_model(folder: Path) -> None:
    check_encoder(load_index(folder), ChangedEncoder(0.0, model="/models/tiny"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "other"),
        ("dimension", 33),
        ("hidden_dimension", 8),
        ("max_tokens", 128),
        ("fingerprint", "other"),
    ],
)
def test_another_identity_is_refused_naming_the_difference(
    folder: Path, field: str, value: object
) -> None:
    with pytest.raises(InvalidIndexError, match=rf"another encoder: {field} is .* {value!r} in"):
        check_encoder(load_index(folder), ChangedEncoder(0.0, **{field: value}))


def change_for(similarity: float) -> float:
    """How much of an orthogonal direction brings the cosine down to this."""
    return float(np.tan(np.arccos(similarity)))


def test_vectors_that_barely_differ_are_accepted(folder: Path) -> None:
    check_encoder(load_index(folder), ChangedEncoder(change_for(LEAST + 1e-4)))


@pytest.mark.parametrize("similarity", [LEAST - 1e-4, 0.9, 0.0])
def test_vectors_that_differ_are_refused_with_their_similarity(
    folder: Path, similarity: float
) -> None:
    with pytest.raises(InvalidIndexError, match=rf"mean similarity .* {similarity:.4f}, at least"):
        check_encoder(load_index(folder), ChangedEncoder(change_for(similarity)))


def test_an_encoder_that_gives_nothing_usable_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidIndexError, match="mean similarity of the probe texts nan"):
        check_encoder(load_index(folder), ChangedEncoder(np.nan))


def test_an_encoder_that_fails_says_so_itself(folder: Path) -> None:
    class Failing(ChangedEncoder):
        def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
            raise EncoderError("out of memory")

    with pytest.raises(EncoderError, match="out of memory"):
        check_encoder(load_index(folder), Failing(0.0))


def test_whatever_an_encoder_fails_with_is_an_error_of_semroute(folder: Path) -> None:
    class Failing(ChangedEncoder):
        def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
            raise ValueError(f"cannot run {texts[0]}")

    with pytest.raises(EncoderError, match=r"'tiny' fails on the probe texts \(ValueError\); .*"):
        check_encoder(load_index(folder), Failing(0.0))


def test_an_index_with_no_clusters_has_its_encoder_checked_too() -> None:
    contents = tiny_contents(0)
    check_encoder(contents, TinyEncoder())
    with pytest.raises(InvalidIndexError, match=r"unpublished/probes\.npy"):
        check_encoder(contents, ChangedEncoder(1.0))


def static_files(seed: int) -> dict[str, bytes]:
    """A static encoder of 95 letters and signs."""
    letters = Tokenizer(models.WordLevel({chr(32 + i): i for i in range(96)}, " "))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    embeddings = io.BytesIO()
    np.save(embeddings, np.random.default_rng(seed).standard_normal((96, 32)).astype(np.float16))
    return {
        "tokenizer.json": letters.to_str().encode(),
        "embeddings.npy": embeddings.getvalue(),
        "settings.json": b'{"model": "letters", "max_tokens": 64}',
    }


def contents_with(files: dict[str, bytes]) -> IndexContents:
    encoder = StaticEncoder(static_files(seed=0))
    return replace(tiny_contents(encoder=encoder), encoder_files=files)


def test_an_index_opens_the_encoder_it_holds_after_a_journey_through_files(folder: Path) -> None:
    publish_at_moment(folder / "new", contents_with(static_files(seed=0)))
    opened = open_index_encoder(load_index(folder / "new"))
    expected = StaticEncoder(static_files(seed=0)).encode(PROBE_TEXTS)
    assert opened.encode(PROBE_TEXTS).tobytes() == expected.tobytes()


def test_the_fingerprint_is_what_sha256sum_says_of_the_encoder_folder(folder: Path) -> None:
    version = publish_at_moment(folder / "new", contents_with(static_files(seed=0)))
    names = sorted(path.name for path in (version / "encoder").iterdir())
    command = ["sha256sum", *names]
    summed = subprocess.check_output(command, cwd=version / "encoder")
    encoder = open_index_encoder(load_index(folder / "new"))
    assert hashlib.sha256(summed).hexdigest() == encoder.identity.fingerprint
    assert encoder.identity == load_index(folder / "new").manifest.encoder


def test_the_files_of_another_encoder_are_refused() -> None:
    with pytest.raises(InvalidIndexError, match="built with another encoder: fingerprint is"):
        open_index_encoder(contents_with(static_files(seed=1)))


@pytest.mark.parametrize("name", ["tokenizer.json", "embeddings.npy", "settings.json"])
def test_a_file_that_cannot_be_used_is_blamed_on_the_index(name: str) -> None:
    for broken in ({name: b"no"}, {}):
        files = {n: c for n, c in static_files(seed=0).items() if n != name} | broken
        with pytest.raises(InvalidIndexError, match=r"unpublished/encoder: .*build the index"):
            open_index_encoder(contents_with(files))


def archive() -> bytes:
    content = io.BytesIO()
    np.savez(content, embeddings=np.zeros((96, 32), dtype=np.float16))
    return content.getvalue()


def larger_than_any_memory() -> bytes:
    content = io.BytesIO()
    header = {"descr": "<f2", "fortran_order": False, "shape": (10**9, 10**6)}
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue()


def objects() -> bytes:
    content = io.BytesIO()
    np.save(content, np.array([[1, "a"]] * 96, dtype=object), allow_pickle=True)
    return content.getvalue()


@pytest.mark.parametrize("forged", [archive, larger_than_any_memory, objects])
def test_embeddings_that_are_not_one_plain_array_are_refused(
    forged: Callable[[], bytes],
) -> None:
    files = static_files(seed=0) | {"embeddings.npy": forged()}
    with pytest.raises(
        InvalidIndexError, match=r"unpublished/encoder: .*embeddings\.npy cannot be"
    ):
        open_index_encoder(contents_with(files))
