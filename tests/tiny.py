"""Small stand-ins shared by tests: an encoder without a model, and a config of three models."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from semroute.config import Config
from semroute.encoders.contract import EncoderIdentity
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors, unit_rows


class TinyEncoder:
    """Hashes words into a few dimensions: texts that share words are similar."""

    def __init__(self, dimension: int = 32, fingerprint: str = "tiny") -> None:
        self.identity = EncoderIdentity(
            kind="tiny",
            model="tiny",
            dimension=dimension,
            max_tokens=256,
            fingerprint=fingerprint,
        )

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        rows = np.zeros((len(texts), self.identity.dimension))
        for number, text in enumerate(texts):
            for word in [self.identity.fingerprint, *text.lower().split()]:
                seed = zlib.crc32(word.encode("utf-8", "replace"))
                rows[number] += np.random.default_rng(seed).standard_normal(rows.shape[1])
            advance(1)
        return unit_rows(rows)

    def truncates(self, text: str) -> bool:
        return len(text.split()) > self.identity.max_tokens


class WideEncoder(TinyEncoder):
    """A tiny encoder with hidden states of another tiny encoder behind its embedding."""

    def __init__(self, hidden: Callable[[Vectors], Vectors] = lambda rows: rows) -> None:
        super().__init__()
        self._hidden, self._other = hidden, TinyEncoder(8, "hidden")
        self.identity = self.identity.model_copy(update={"hidden_dimension": 8})

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        hidden = self._hidden(self._other.encode(texts))
        return np.concatenate([super().encode(texts, advance), hidden], axis=1)


def tiny_config(**changes: object) -> Config:
    """A config with a frontier model and two cheaper ones."""
    values = {
        "frontier": "large",
        "models": [
            {"name": "large", "usd_per_request": 0.02},
            {"name": "medium", "usd_per_request": 0.004},
            {"name": "small", "usd_per_request": 0.0005},
        ],
    }
    return Config.model_validate({**values, **changes})
