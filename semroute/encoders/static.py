"""Static embeddings: one vector per token, looked up and averaged; no forward pass.

Distilled from a sentence-transformers model by model2vec (Tulkens and van Dongen 2024): every token
goes through the model alone, principal components keep the `dimension` directions that tell tokens
apart, and frequent tokens weigh less. Some thirty times as fast as the model itself, and blind to
word order.
"""

import io
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from semroute.encoders.contract import EncoderIdentity
from semroute.encoders.files import (
    EMBEDDINGS,
    TOKENIZER,
    Files,
    content_of,
    fingerprint,
    read_settings,
)
from semroute.encoders.sentence_transformer import DEFAULT_MODEL
from semroute.encoders.window import Window
from semroute.errors import EncoderError
from semroute.progress import Advance, ignore
from semroute.texts import Cut
from semroute.vectors import SMALLEST_NORM, Vectors

_TEXTS_PER_STEP = 64


class StaticSettings(BaseModel):
    """The `[encoder]` table for static embeddings: the model they are distilled from.

    `dimension` is the length of a vector; the model's own if that is smaller.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["static"] = "static"
    model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    dimension: Annotated[int, Field(ge=2, le=4096)] = 256


class StaticFileSettings(BaseModel):
    """`settings.json` of a static encoder.

    `unknown_id` is the token for unknown characters; `cut` says which tokens are kept of a text
    that is too long.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["static"] = "static"
    model: str
    max_tokens: Annotated[int, Field(ge=1)]
    unknown_id: int | None = None
    cut: Cut = "head"


class StaticEncoder:
    """Embeds texts by averaging the vectors of their tokens; needs no model library.

    Safe to share between threads, and to use in a child made by `fork`.

    Args:
        files: `embeddings.npy` (float16, one row per token), `tokenizer.json` and `settings.json`,
            as `distil` makes them.

    Raises:
        EncoderError: a file is missing or cannot be used.
    """

    def __init__(self, files: Files) -> None:
        settings = read_settings(files, StaticFileSettings)
        self._unknown_id = settings.unknown_id
        tokenizer = content_of(files, TOKENIZER)
        self._window = Window(tokenizer, settings.max_tokens, settings.cut, special=False)
        self._embeddings = _read_embeddings(files, self._window.n_known_tokens)
        self._identity = EncoderIdentity(
            kind=settings.kind,
            model=settings.model,
            dimension=self._embeddings.shape[1],
            max_tokens=settings.max_tokens,
            fingerprint=fingerprint(files),
        )

    @property
    def identity(self) -> EncoderIdentity:
        """What the index records, and compares when it is loaded."""
        return self._identity

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        """Embed texts; see `Encoder.encode`. A text's vector never depends on the other texts."""
        rows = np.empty((len(texts), self._identity.dimension), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_PER_STEP):
            step = texts[start : start + _TEXTS_PER_STEP]
            for row, text in enumerate(step, start):
                rows[row] = self._vector(text)
            advance(len(step))
        return rows

    def truncates(self, text: str) -> bool:
        """Whether only part of `text` fits; see `Encoder.truncates`."""
        return self._window.exceeds(text)

    def _vector(self, text: str) -> NDArray[np.float32]:
        ids = self._window.ids(text)
        known = [token for token in ids if token != self._unknown_id]
        # Text of unknown tokens alone still needs a direction, as it has with the original.
        total = self._embeddings[known or ids].sum(axis=0)
        norm = np.sqrt(total @ total)
        # Not a number fails every comparison.
        vector: NDArray[np.float32] = total / (norm if norm >= SMALLEST_NORM else np.nan)
        return vector


def _read_embeddings(files: Files, n_tokens: int) -> NDArray[np.float32]:
    content = io.BytesIO(content_of(files, EMBEDDINGS))
    try:
        stored = np.lib.format.read_array(content, allow_pickle=False)
    except Exception as error:  # also TokenError, OverflowError, MemoryError on odd bytes
        raise EncoderError(
            f"the encoder's {EMBEDDINGS} cannot be read; build the index again"
        ) from error
    if stored.ndim != 2 or len(stored) != n_tokens or not np.issubdtype(stored.dtype, np.floating):
        raise EncoderError(
            f"the encoder's {EMBEDDINGS} holds {stored.dtype} of shape {stored.shape}, not one row "
            f"of numbers for each of {n_tokens} tokens; build the index again"
        )
    return np.ascontiguousarray(stored, dtype=np.float32)
