"""What every encoder promises, over every encoder the config knows, with real weights."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semroute.config import EncoderSettings
from semroute.encoders import StaticSettings, open_encoder, open_files
from semroute.encoders.contract import PROBE_TEXTS, Encoder
from semroute.encoders.making import make_encoder
from semroute.texts import Cut, clean
from semroute.vectors import usable_rows
from tests.contracts.implementations import members
from tests.encoders.small_models import minilm_of_few_words

ODD_TEXTS = [
    clean(text).text
    for text in (
        "\ud800 lone surrogate",
        "\x00\x01\x02",
        "\u202eright to left",
        "e\u0301\u0301\u0301" * 50,
        "🧑‍🚀👨‍👩‍👧‍👦🏳️‍🌈",
        "\ufeff",
        "\u200b",
        "ﷺ" * 100,
        "[CLS] [SEP] [MASK] [PAD] <s> </s>",
        "a" * 5_000,
        "漢字" * 2_000,
        "word " * 3_000,
        ".",
    )
]

LIKE = ["where is my parcel", "my package has not arrived", "integrate x squared"]

ALL_TEXTS = [*PROBE_TEXTS, *ODD_TEXTS, *LIKE, "word order"]


@pytest.fixture(scope="module")
def few_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model, cut down to the tokens of the texts here."""
    return minilm_of_few_words(tmp_path_factory.mktemp("few_words") / "model", ALL_TEXTS)


@pytest.fixture(scope="module", params=members(EncoderSettings), ids=lambda kind: kind.__name__)
def settings(request: pytest.FixtureRequest, few_words: Path) -> Any:
    if request.param is StaticSettings:
        # Distilling all 30,000 tokens of the default model takes a quarter of a minute or more.
        return StaticSettings(model=str(few_words))
    return request.param()


@pytest.fixture(scope="module")
def encoder(settings: Any) -> Encoder:
    return open_encoder(settings, local_only=True)


def test_embedding_and_hidden_states_are_unit_rows_of_the_dimensions_it_names(
    encoder: Encoder,
) -> None:
    rows, identity = encoder.encode(PROBE_TEXTS), encoder.identity
    assert rows.shape == (len(PROBE_TEXTS), identity.dimension + identity.hidden_dimension)
    assert rows.dtype == np.float32
    assert usable_rows(rows[:, : identity.dimension]).all()
    assert not identity.hidden_dimension or usable_rows(rows[:, identity.dimension :]).all()


def test_no_texts_give_no_rows(encoder: Encoder) -> None:
    vectors = encoder.encode([])
    assert vectors.shape == (0, encoder.identity.width)
    assert vectors.dtype == np.float32


def test_a_text_gives_the_same_vector_alone_and_in_any_batch_and_order(encoder: Encoder) -> None:
    texts = [*PROBE_TEXTS, "word " * 400]
    together = encoder.encode(texts)
    backwards = encoder.encode(texts[::-1])[::-1]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(backwards, alone, atol=1e-5)


def test_different_texts_give_different_vectors(encoder: Encoder) -> None:
    vectors = encoder.encode(PROBE_TEXTS)[:, : encoder.identity.dimension]
    similarities = vectors @ vectors.T - np.eye(len(vectors))
    assert similarities.max() < 0.99


def test_likeness_in_meaning_shows_in_the_similarity(encoder: Encoder) -> None:
    asked, same, other = encoder.encode(LIKE)[:, : encoder.identity.dimension]
    assert asked @ same > asked @ other + 0.2


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: ascii(text)[:20])
def test_odd_texts_raise_nothing_and_harm_no_other(encoder: Encoder, text: str) -> None:
    plain = encoder.encode(["where is my order"])[0]
    vectors = encoder.encode([text, "where is my order", text])
    assert vectors.shape == (3, encoder.identity.width)
    np.testing.assert_allclose(vectors[1], plain, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-5)


def test_progress_adds_up_to_the_number_of_texts(encoder: Encoder) -> None:
    steps: list[int] = []
    encoder.encode(["a text"] * 150, steps.append)
    assert sum(steps) == 150
    assert len(steps) > 1


def test_another_instance_has_the_same_identity_and_the_same_vectors(
    encoder: Encoder, settings: Any
) -> None:
    before = encoder.identity
    encoder.encode(PROBE_TEXTS)
    other = open_encoder(settings, local_only=True)
    assert other.identity == before == encoder.identity
    assert len(other.identity.fingerprint) == 64
    assert other.identity.kind == settings.kind
    np.testing.assert_allclose(other.encode(PROBE_TEXTS), encoder.encode(PROBE_TEXTS), atol=1e-6)


Ways = Mapping[Cut, Encoder]


CUTS: tuple[Cut, ...] = ("head", "head_tail")


@pytest.fixture(scope="module")
def stored(settings: Any, few_words: Path) -> Mapping[str, bytes]:
    """What an index stores of the encoder, made to keep both ends of a long text."""
    small = settings.model_copy(update={"model": str(few_words)})
    return make_encoder(small, PROBE_TEXTS, 0, 1, "head_tail").files


@pytest.fixture(scope="module", params=["by its library", "from files"])
def cut_both_ways(
    request: pytest.FixtureRequest, settings: Any, stored: Mapping[str, bytes]
) -> Ways:
    """The encoder for each way to cut, as its library runs it and as an index serves it."""
    if request.param == "by its library" and settings.kind != "static":
        return {cut: open_encoder(settings, cut=cut, local_only=True) for cut in CUTS}
    recorded = json.loads(stored["settings.json"])
    assert recorded.pop("cut") == "head_tail"
    # An index of before there was a choice says nothing.
    before = {**stored, "settings.json": json.dumps(recorded).encode()}
    return {"head": open_files(before), "head_tail": open_files(stored)}


def alike_but_for(*ends: str) -> list[str]:
    return [f"where is my order {'word ' * 1_200}{end}" for end in ends]


def test_only_with_both_ends_kept_does_the_end_of_a_long_text_count(cut_both_ways: Ways) -> None:
    texts = alike_but_for("integrate x squared", "my package has not arrived")
    head, head_tail = cut_both_ways["head"].encode(texts), cut_both_ways["head_tail"].encode(texts)
    np.testing.assert_allclose(head[0], head[1], atol=1e-5)
    assert np.abs(head_tail[0] - head_tail[1]).max() > 1e-4


def test_texts_that_fit_are_the_same_to_both_ways_of_cutting(cut_both_ways: Ways) -> None:
    head, head_tail = (cut_both_ways[cut].encode(PROBE_TEXTS) for cut in ("head", "head_tail"))
    np.testing.assert_allclose(head, head_tail, atol=1e-6)


def test_the_way_of_cutting_is_part_of_the_fingerprint(cut_both_ways: Ways) -> None:
    head, head_tail = (cut_both_ways[cut].identity for cut in ("head", "head_tail"))
    assert head.fingerprint != head_tail.fingerprint


def test_an_encoder_says_where_it_stops_reading(cut_both_ways: Ways) -> None:
    # The oracle is the vector: what is read changes it, what is not read does not.
    encoder = cut_both_ways["head"]
    lengths = range(encoder.identity.max_tokens - 8, encoder.identity.max_tokens + 8)
    texts = ["word " * length for length in lengths]
    vectors = encoder.encode([f"{text}order" for text in texts])
    others = encoder.encode([f"{text}squared" for text in texts])
    is_read = np.abs(vectors - others).max(axis=1) > 1e-5
    cut = [encoder.truncates(f"{text}order") for text in texts]
    assert cut == [not read for read in is_read]
    assert sorted(set(cut)) == [False, True]
    assert not any(map(encoder.truncates, PROBE_TEXTS))


@pytest.mark.parametrize("text", ["word " * 2_000_000, "漢字" * 1_700_000], ids=["words", "漢字"])
def test_ten_megabytes_take_as_long_as_a_long_text(cut_both_ways: Ways, text: str) -> None:
    for cut, encoder in cut_both_ways.items():
        long, huge = clean(text[:8_000], cut=cut).text, clean(text, cut=cut).text
        encoder.encode([long])
        # In turns, and the best of five of each, which a busy machine disturbs least.
        rounds = [[seconds(encoder, one) for one in (huge, long)] for _ in range(5)]
        took, usual = map(min, zip(*rounds, strict=True))
        assert took < 3 * usual + 0.05
        assert encoder.truncates(huge)


def seconds(encoder: Encoder, text: str) -> float:
    start = time.perf_counter()
    encoder.encode([text])
    encoder.truncates(text)
    return time.perf_counter() - start
