"""An encoder without its hidden states, for an index that was built without them."""

from collections.abc import Sequence

import numpy as np

from semroute.encoders.contract import Encoder, EncoderIdentity
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors


class EmbeddingOnly:
    """What another encoder gives, cut to the embedding.

    Args:
        encoder: any, with or without hidden states.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def identity(self) -> EncoderIdentity:
        """That of the other encoder, without hidden states."""
        return self._encoder.identity.model_copy(update={"hidden_dimension": 0})

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        """Embed texts; see `Encoder.encode`."""
        rows = self._encoder.encode(texts, advance)
        return np.ascontiguousarray(rows[:, : self._encoder.identity.dimension])

    def truncates(self, text: str) -> bool:
        """Whether only part of `text` fits; see `Encoder.truncates`."""
        return self._encoder.truncates(text)
