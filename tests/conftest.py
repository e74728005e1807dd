"""Fixtures that are dear to make."""

import pytest

from semroute.encoders import SentenceTransformerEncoder, SentenceTransformerSettings


@pytest.fixture(scope="session")
def real_encoder() -> SentenceTransformerEncoder:
    """The default encoder with its packaged weights; importing its library takes seconds."""
    return SentenceTransformerEncoder(SentenceTransformerSettings(), local_only=True)
