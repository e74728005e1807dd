"""Compiling an encoder at build time, and measuring what that changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from semroute.encoders.compiled import CompiledEncoder, CompiledSettings
from semroute.encoders.contract import PROBE_TEXTS, EncoderIdentity, Parity
from semroute.encoders.files import MODEL, SETTINGS, TOKENIZER, tokenizer_json
from semroute.encoders.graph import to_onnx
from semroute.encoders.quantise import quantise
from semroute.encoders.sentence_transformer import SentenceTransformerEncoder
from semroute.errors import EncoderError, require
from semroute.vectors import Vectors

if TYPE_CHECKING:
    from onnx import ModelProto

Precision = Literal["int8", "fp32"]

MAX_EXAMPLES = 64
"""Texts that show quantisation how large activations become."""

FLOORS: dict[Precision, float] = {"int8": 0.99, "fp32": 0.9999}
"""The least mean cosine to the original, of embeddings and of hidden states alike."""

_DEFAULT_MAX_TOKENS = 512

_PARITY_DIGITS = 6
"""The original is run by torch; with another number of processors a mean moves by about 1e-10."""


@dataclass(frozen=True)
class Comparison:
    """The same texts embedded by an encoder and by its compiled form; rows as `encode` gives them.

    `dimension` numbers of a row are the embedding.
    """

    texts: tuple[str, ...]
    original: Vectors
    compiled: Vectors
    dimension: int

    def parity(self) -> Parity:
        """Return how close the embeddings are."""
        return self._parity(slice(self.dimension))

    def hidden_parity(self) -> Parity | None:
        """Return how close the hidden states are; None if there are none."""
        has_any = self.original.shape[1] > self.dimension
        return self._parity(slice(self.dimension, None)) if has_any else None

    def _parity(self, part: slice) -> Parity:
        original, compiled = (
            rows[:, part].astype(np.float64) for rows in (self.original, self.compiled)
        )
        cosines = np.sum(original * compiled, axis=1)
        # A vector that is not a number is as far off as can be.
        cosines = np.nan_to_num(cosines, nan=-1.0)
        return Parity(
            mean_cosine=round(float(cosines.mean()), _PARITY_DIGITS),
            smallest_cosine=round(float(cosines.min()), _PARITY_DIGITS),
            n_texts=len(cosines),
        )


@dataclass(frozen=True)
class CompiledModel:
    """An encoder as files.

    `comparison` is with the encoder it was made from, on texts that took no part in the making.
    `departure` says why it is not of the precision asked for; None if it is.
    """

    files: dict[str, bytes]
    identity: EncoderIdentity
    comparison: Comparison
    departure: str | None = None


@dataclass(frozen=True)
class NotCompiled:
    """An encoder that has to be served as it is, and why."""

    reason: str


def compile_encoder(
    encoder: SentenceTransformerEncoder, precision: Precision, sample_texts: Sequence[str]
) -> CompiledModel | NotCompiled:
    """Compile an encoder to ONNX, so that serving it needs neither torch nor a model hub.

    Args:
        encoder: the original.
        precision: `int8` is about three times as fast as `fp32`, which is what it falls back to if
            its mean cosine to the original is below `FLOORS["int8"]`. If neither can be made with
            hidden states, the embedding is compiled alone.
        sample_texts: cleaned texts of the log. Every other one is an example for quantisation (at
            most `MAX_EXAMPLES`), the rest measure the parity; both read `PROBE_TEXTS` besides.

    Raises:
        MissingExtraError: the packages for exporting are not installed.
    """
    require("compiling the encoder", "build", onnx="onnx", onnxscript="onnxscript")
    tokenizer = getattr(encoder.model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        return NotCompiled("its tokenizer has no form that the tokenizers library reads")
    made = _compiled(encoder, precision, sample_texts, encoder.identity.hidden_dimension)
    if isinstance(made, CompiledModel) or not encoder.identity.hidden_dimension:
        return made
    narrow = _compiled(encoder, precision, sample_texts, 0)
    if isinstance(narrow, NotCompiled):
        return made
    left_out = f"it has no hidden states, as with them {made.reason}"
    return replace(narrow, departure="; ".join(filter(None, (left_out, narrow.departure))))


def compared_again(
    encoder: SentenceTransformerEncoder,
    files: Mapping[str, bytes],
    sample_texts: Sequence[str],
) -> CompiledModel | None:
    """Compare a form that was compiled earlier with its original on other texts.

    Returns:
        The compiled encoder with the new comparison; None if it cannot be opened, would be made
        with other settings today, or is not as close as a form has to be.
    """
    try:
        compiled = CompiledEncoder(files)
    except EncoderError:
        return None
    identity, checks = compiled.identity, _checks(sample_texts)
    precision: Precision = "int8" if identity.kind == "onnx-int8" else "fp32"
    if files[SETTINGS] != _as_file(_settings(encoder, precision, identity.hidden_dimension)):
        return None
    original = encoder.encode(checks)[:, : identity.width]
    compared = Comparison(checks, original, compiled.encode(checks), identity.dimension)
    if _below(compared, precision):
        return None
    return CompiledModel(dict(files), identity, compared)


def _checks(sample_texts: Sequence[str]) -> tuple[str, ...]:
    """Return the texts that are compared: those that take no part in quantising."""
    return (*PROBE_TEXTS[1::2], *sample_texts[1::2])


def _compiled(
    encoder: SentenceTransformerEncoder,
    precision: Precision,
    sample_texts: Sequence[str],
    hidden_dimension: int,
) -> CompiledModel | NotCompiled:
    try:
        graph = to_onnx(encoder.model, _max_tokens(encoder), hidden_dimension)
    except Exception as error:  # torch's exporter and the model's own code, both traced
        return NotCompiled(f"torch cannot export it to ONNX ({type(error).__name__})")
    checks = _checks(sample_texts)
    original = encoder.encode(checks)[:, : encoder.identity.dimension + hidden_dimension]
    source = _Source(encoder, hidden_dimension, graph, checks, original)
    reasons: list[str] = []
    for form in ("int8", "fp32") if precision == "int8" else ("fp32",):
        try:
            made = source.int8(sample_texts[::2]) if form == "int8" else source.fp32()
        except Exception as error:  # onnx, quantiser and runtime have errors of their own
            reasons.append(f"its {form} form cannot be made ({type(error).__name__})")
            continue
        below = _below(made.comparison, form)
        if below is None:
            return replace(made, departure="; ".join(reasons) or None)
        reasons.append(below)
    return NotCompiled("; ".join(reasons))


@dataclass(frozen=True)
class _Source:
    """What every form is made from; `original` holds the rows of `checks`."""

    encoder: SentenceTransformerEncoder
    hidden_dimension: int
    graph: "ModelProto"
    checks: Sequence[str]
    original: Vectors

    @cached_property
    def tokenizer(self) -> bytes:
        """The content of `tokenizer.json`."""
        return tokenizer_json(self.encoder.model.tokenizer.backend_tokenizer)

    def fp32(self) -> CompiledModel:
        return self._made(self.graph, "fp32")

    def int8(self, sample_texts: Sequence[str]) -> CompiledModel:
        settings = _settings(self.encoder, "int8", self.hidden_dimension)
        window = settings.window(self.tokenizer)
        texts = (*PROBE_TEXTS[::2], *sample_texts[:MAX_EXAMPLES])
        ids = [window.ids(text) for text in texts]
        examples = [np.array([one], dtype=np.int64) for one in ids if one]
        return self._made(quantise(self.graph, examples), "int8")

    def _made(self, graph: "ModelProto", precision: Precision) -> CompiledModel:
        files = {
            MODEL: graph.SerializeToString(deterministic=True),
            TOKENIZER: self.tokenizer,
            SETTINGS: _as_file(_settings(self.encoder, precision, self.hidden_dimension)),
        }
        compiled = CompiledEncoder(files)
        identity, found = compiled.identity, compiled.encode(self.checks)
        compared = Comparison(tuple(self.checks), self.original, found, identity.dimension)
        return CompiledModel(files, identity, compared)


def _settings(
    encoder: SentenceTransformerEncoder, precision: Precision, hidden_dimension: int
) -> CompiledSettings:
    model, identity = encoder.model, encoder.identity
    return CompiledSettings(
        kind="onnx-int8" if precision == "int8" else "onnx-fp32",
        model=identity.model,
        dimension=identity.dimension,
        hidden_dimension=hidden_dimension,
        max_tokens=_max_tokens(encoder),
        prompt=model.prompts.get(model.default_prompt_name or "") or "",
        cut=encoder.cut,
    )


def _as_file(settings: CompiledSettings) -> bytes:
    return settings.model_dump_json(indent=2).encode()


def _below(comparison: Comparison, precision: Precision) -> str | None:
    """Say what is below the floor; None if nothing is."""
    parts = {"form": comparison.parity(), "form's hidden states": comparison.hidden_parity()}
    for part, parity in parts.items():
        if parity is not None and not parity.mean_cosine >= FLOORS[precision]:
            return (
                f"the mean cosine of its {precision} {part} to the original is "
                f"{parity.mean_cosine:.4f} over {parity.n_texts} texts, below {FLOORS[precision]}"
            )
    return None


def _max_tokens(encoder: SentenceTransformerEncoder) -> int:
    return encoder.identity.max_tokens or _DEFAULT_MAX_TOKENS
