"""What every encoder promises, over every encoder the config knows, with real weights."""

from typing import Any

import numpy as np
import pytest

from semroute.config import EncoderSettings
from semroute.encoders import open_encoder
from semroute.encoders.contract import PROBE_TEXTS, Encoder
from semroute.texts import clean
from semroute.vectors import usable_rows
from tests.contracts.implementations import members

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


@pytest.fixture(scope="module", params=members(EncoderSettings), ids=lambda kind: kind.__name__)
def settings(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.fixture(scope="module")
def encoder(settings: Any) -> Encoder:
    return open_encoder(settings, local_only=True)


def test_vectors_are_unit_rows_of_the_dimension_it_names(encoder: Encoder) -> None:
    vectors = encoder.encode(PROBE_TEXTS)
    assert vectors.shape == (len(PROBE_TEXTS), encoder.identity.dimension)
    assert vectors.dtype == np.float32
    assert usable_rows(vectors).all()


def test_no_texts_give_no_rows(encoder: Encoder) -> None:
    vectors = encoder.encode([])
    assert vectors.shape == (0, encoder.identity.dimension)
    assert vectors.dtype == np.float32


def test_a_text_gives_the_same_vector_alone_and_in_any_batch_and_order(encoder: Encoder) -> None:
    texts = [*PROBE_TEXTS, "word " * 400]
    together = encoder.encode(texts)
    backwards = encoder.encode(texts[::-1])[::-1]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(backwards, alone, atol=1e-5)


def test_different_texts_give_different_vectors(encoder: Encoder) -> None:
    vectors = encoder.encode(PROBE_TEXTS)
    similarities = vectors @ vectors.T - np.eye(len(vectors))
    assert similarities.max() < 0.99


def test_likeness_in_meaning_shows_in_the_similarity(encoder: Encoder) -> None:
    asked, same, other = encoder.encode(
        ["where is my parcel", "my package has not arrived", "integrate x squared"]
    )
    assert asked @ same > asked @ other + 0.2


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: ascii(text)[:20])
def test_odd_texts_raise_nothing_and_harm_no_other(encoder: Encoder, text: str) -> None:
    plain = encoder.encode(["where is my order"])[0]
    vectors = encoder.encode([text, "where is my order", text])
    assert vectors.shape == (3, encoder.identity.dimension)
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
