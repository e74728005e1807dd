"""Routers over compiled encoders, which take seconds to make."""

from collections.abc import Sequence

import pytest

from semroute.encoders import CompiledEncoder, SentenceTransformerEncoder
from semroute.encoders.export import CompiledModel, Precision, compile_encoder
from semroute.router import SemanticRouter
from tests.encoders import small_models
from tests.tiny_index import tiny_contents, tiny_texts

WORDS = [
    "how",
    "many",
    "parcels",
    "did",
    "the",
    "customer",
    "send",
    "back",
    "before",
    "the",
    "end",
    "of",
    "last",
    "month",
]

MIXED_TEXTS = [
    *(text for cluster in range(8) for text in tiny_texts(cluster, 2)),
    *(" ".join(WORDS[: 1 + n % len(WORDS)] * (1 + n % 5) ** 3) for n in range(40)),
    "",
    "¿Dónde está mi pedido? 🙂",
    "word " * 3000,
    "a" * 1_000_001,
]
"""Short, medium, long, cut, too long, blank, and of other alphabets."""


def compiled_router(
    original: SentenceTransformerEncoder, precision: Precision, sample: Sequence[str]
) -> SemanticRouter:
    """Route with a compiled encoder, without a cache, so that every call embeds its text."""
    made = compile_encoder(original, precision, sample)
    assert isinstance(made, CompiledModel)
    encoder = CompiledEncoder(made.files, n_workers=2)
    return SemanticRouter(tiny_contents(8, encoder=encoder), encoder)


@pytest.fixture(scope="session")
def small_router(tmp_path_factory: pytest.TempPathFactory) -> SemanticRouter:
    """A router over a small model of random weights."""
    original = small_models.opened(small_models.bert(tmp_path_factory.mktemp("bert")))
    return compiled_router(original, "fp32", MIXED_TEXTS[:16])
