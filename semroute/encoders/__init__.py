"""Encoders: what turns texts into unit vectors. One file per encoder.

An encoder is any class with the two members of `Encoder`. To add one, write its file here with a
frozen settings class (the `[encoder]` table of `semroute.toml`, told apart by `kind`), add that
class to `EncoderSettings` in `semroute/config.py` and a branch in `open_encoder` below; the
contract tests find it through `EncoderSettings`.
"""

from semroute.encoders.contract import Encoder
from semroute.encoders.sentence_transformer import (
    SentenceTransformerEncoder,
    SentenceTransformerSettings,
)


def open_encoder(settings: SentenceTransformerSettings, *, local_only: bool = False) -> Encoder:
    """Load the encoder that `settings` describe; with `local_only` never from the network.

    Raises:
        EncoderError: it cannot be loaded.
        MissingExtraError: its library is not installed.
    """
    return SentenceTransformerEncoder(settings, local_only=local_only)
