"""Encoders: what turns texts into unit vectors. One file per encoder.

An encoder is any class with the two members of `Encoder`. To add one, write its file here with a
frozen settings class (the `[encoder]` table of `semroute.toml`, told apart by `kind`), add that
class to `EncoderSettings` in `semroute/config.py` and a branch in `open_encoder` below; the
contract tests find it through `EncoderSettings`.

`CompiledEncoder` and `StaticEncoder` are read from files, which `compile_encoder` and `distil` make
at build time; `open_files` tells them apart. A build does not store these files yet: indexes are
served by the encoder they were built with.
"""

from semroute.encoders.compiled import CompiledEncoder
from semroute.encoders.contract import Encoder
from semroute.encoders.files import EMBEDDINGS, Files
from semroute.encoders.sentence_transformer import (
    SentenceTransformerEncoder,
    SentenceTransformerSettings,
)
from semroute.encoders.static import StaticEncoder

__all__ = [
    "CompiledEncoder",
    "Encoder",
    "SentenceTransformerEncoder",
    "SentenceTransformerSettings",
    "StaticEncoder",
    "open_encoder",
    "open_files",
]


def open_encoder(settings: SentenceTransformerSettings, *, local_only: bool = False) -> Encoder:
    """Load the encoder that `settings` describe; with `local_only` never from the network.

    Raises:
        EncoderError: it cannot be loaded.
        MissingExtraError: its library is not installed.
    """
    return SentenceTransformerEncoder(settings, local_only=local_only)


def open_files(files: Files, *, threads: int = 1, n_workers: int = 1) -> Encoder:
    """Open the encoder that an index holds as files.

    Args:
        files: the content of each file by name.
        threads: how many threads share the work on one text; one is best under load.
        n_workers: how many texts are under way at a time where many are embedded.

    Raises:
        EncoderError: a file is missing or cannot be used.
    """
    if EMBEDDINGS in files:
        return StaticEncoder(files)
    return CompiledEncoder(files, threads=threads, n_workers=n_workers)
