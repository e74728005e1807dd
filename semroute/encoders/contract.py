"""What every encoder promises."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from semroute.progress import Advance, ignore
from semroute.vectors import Vectors


class EncoderIdentity(BaseModel):
    """What must be the same at build and at run time for similarities to mean the same.

    `hidden_dimension` is how many numbers on the text's hidden states follow its embedding; 0 for
    an encoder that has none. `fingerprint` is the SHA-256 over weights and tokenizer, whatever
    folder they were read from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    model: str
    dimension: int
    hidden_dimension: int = 0
    max_tokens: int
    fingerprint: str

    @property
    def width(self) -> int:
        """How many numbers an encoder gives for a text, its embedding first."""
        return self.dimension + self.hidden_dimension


class Parity(BaseModel):
    """How close a compiled encoder's vectors are to the original's, as cosines over `n_texts`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean_cosine: float
    smallest_cosine: float
    n_texts: int


class EncoderOrigin(BaseModel):
    """Where the encoder of an index comes from.

    `original` is the model the config names; `parity` is how close the compiled vectors are to its
    own. `departure` says why the encoder is not of the precision or dimension asked for, has no
    hidden states, or is not compiled at all. `changed_share` is the share of `parity.n_texts` that
    the original would have routed otherwise; None once the analysts' labels were changed after the
    build.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    original: EncoderIdentity
    parity: Parity | None = None
    departure: str | None = None
    changed_share: float | None = None


class Encoder(Protocol):
    """Turns cleaned texts into unit vectors; the same text always gives the same vector."""

    @property
    def identity(self) -> EncoderIdentity:
        """What the index records, and compares when it is loaded."""
        ...

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        """Embed texts.

        Args:
            texts: cleaned by `semroute.texts.clean`; none of them blank.
            advance: called with the number of texts finished, as they finish.

        Returns:
            float32, shape (len(texts), dimension + hidden_dimension), in the order of `texts`. The
            first `dimension` numbers are the embedding, of length one; what is looked up is that
            alone. The others help to estimate, and are of length one too. A row of which the model
            gave either in no usable form is NaN from end to end; it never raises for the content
            of a text.
        """
        ...

    def truncates(self, text: str) -> bool:
        """Whether only part of a cleaned text fits what the encoder can look at."""
        ...


PROBE_TEXTS: tuple[str, ...] = (
    "Where is my order? It should have arrived last Tuesday.",
    "Write a Python function that merges two sorted lists.",
    "Summarise the following article in three bullet points.",
    "What is the derivative of x squared times sine of x?",
    "Translate 'good morning' into French, German and Japanese.",
    "Cancel my subscription and refund the last payment.",
    "Explain the difference between TCP and UDP to a beginner.",
    "Draft a polite reply declining the meeting on Friday.",
    "Extract the invoice number, date and total from this text.",
    "hi",
    "SELECT name FROM users WHERE created_at > '2024-01-01';",
    "Is a non-compete clause enforceable in California?",
    "¿Cuál es la capital de Australia?",
    "请把这段话翻译成英文。",
    "A train leaves at 3 pm at 60 km/h; when does it cover 150 km?",
    "🙂👍",
)
"""Embedded at build time and again at load: another encoder of the same size gives itself away."""
