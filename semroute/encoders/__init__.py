"""Encoders: what turns texts into unit vectors. One file per encoder.

An encoder is any class with the members of `Encoder`. To add one, write its file here with a
frozen settings class (the `[encoder]` table of `semroute.toml`, told apart by `kind`), add that
class to `EncoderSettings` in `semroute/config/settings.py` and a branch in `open_encoder` below;
the contract tests find it through `EncoderSettings`.

`make_encoder` makes the encoder of a new index: compiled to ONNX, or distilled to static
embeddings, as files that the index stores, so that serving needs neither torch nor a model hub.
`open_files` opens such files. What cannot be compiled is served as it is, by `open_encoder`.
"""

from semroute.encoders.compiled import CompiledEncoder
from semroute.encoders.contract import Encoder
from semroute.encoders.files import EMBEDDINGS, Files
from semroute.encoders.sentence_transformer import (
    SentenceTransformerEncoder,
    SentenceTransformerSettings,
)
from semroute.encoders.static import StaticEncoder, StaticSettings
from semroute.texts import Cut

__all__ = [
    "CompiledEncoder",
    "Encoder",
    "SentenceTransformerEncoder",
    "SentenceTransformerSettings",
    "StaticEncoder",
    "StaticSettings",
    "open_encoder",
    "open_files",
]


def open_encoder(
    settings: SentenceTransformerSettings | StaticSettings,
    *,
    cut: Cut = "head",
    threads: int | None = 1,
    local_only: bool = False,
) -> Encoder:
    """Load the encoder that `settings` describe.

    A static encoder is distilled from its model, which takes seconds.

    Args:
        settings: the `[encoder]` table.
        cut: which tokens are kept of a text that is too long.
        threads: how many threads share the work of a call; None leaves it to the library.
        local_only: take nothing from the network.

    Raises:
        EncoderError: it cannot be loaded.
        MissingExtraError: its library is not installed.
    """
    if isinstance(settings, StaticSettings):
        from semroute.encoders.distil import distil

        origin = SentenceTransformerSettings(model=settings.model)
        model = SentenceTransformerEncoder(origin, cut=cut, local_only=local_only)
        return StaticEncoder(distil(model, settings.dimension))
    return SentenceTransformerEncoder(settings, cut=cut, threads=threads, local_only=local_only)


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
