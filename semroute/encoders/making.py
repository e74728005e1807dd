"""The encoder of a new index: made at build time from the model that the config names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from semroute.encoders.compiled import CompiledEncoder
from semroute.encoders.contract import Encoder, EncoderOrigin
from semroute.encoders.distil import distil
from semroute.encoders.export import (
    Comparison,
    CompiledModel,
    NotCompiled,
    compared_again,
    compile_encoder,
)
from semroute.encoders.sentence_transformer import (
    SentenceTransformerEncoder,
    SentenceTransformerSettings,
)
from semroute.encoders.static import StaticEncoder, StaticSettings
from semroute.texts import Cut

N_SAMPLED = 256
"""Texts of a log that show how an encoder changes when it is compiled."""


@dataclass(frozen=True)
class MadeEncoder:
    """An encoder that embeds a log and serves the index.

    `files` is what the index stores of it; nothing where it has to be served by its own library.
    `comparison` holds what it was compared with, if it was compiled.
    """

    encoder: Encoder
    files: Mapping[str, bytes] = field(default_factory=dict)
    origin: EncoderOrigin | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True)
class FormerEncoder:
    """The files of an encoder that an earlier build made, and what of."""

    files: Mapping[str, bytes]
    origin: EncoderOrigin


def make_encoder(
    settings: SentenceTransformerSettings | StaticSettings,
    texts: Sequence[str],
    seed: int,
    n_workers: int,
    cut: Cut = "head",
    former: FormerEncoder | None = None,
) -> MadeEncoder:
    """Make the encoder that `settings` describe, as files wherever that can be done.

    Args:
        settings: the `[encoder]` table.
        texts: cleaned texts of the log, none blank; some `N_SAMPLED` of them are looked at.
        seed: of the sample.
        n_workers: how many texts are embedded at a time.
        cut: which tokens are kept of a text that is too long.
        former: made by an earlier build with the same settings, by the same versions of semroute
            and of the libraries. It is taken again where it was compiled from the same model and is
            as close to it on these texts as a new one has to be: vectors stay what they were.

    Raises:
        EncoderError: the model cannot be loaded, or not be distilled.
        MissingExtraError: a package that this needs is not installed.
    """
    if isinstance(settings, StaticSettings):
        return _distilled(settings, cut)
    original = SentenceTransformerEncoder(settings, cut=cut, threads=None)
    made = _compiled(original, settings, former, _sample(texts, seed))
    origin = EncoderOrigin(original=original.identity)
    if isinstance(made, NotCompiled):
        departed = origin.model_copy(update={"departure": made.reason})
        return MadeEncoder(original, origin=departed)
    return MadeEncoder(
        CompiledEncoder(made.files, n_workers=n_workers),
        made.files,
        origin.model_copy(update={"parity": made.comparison.parity(), "departure": made.departure}),
        made.comparison,
    )


def _compiled(
    original: SentenceTransformerEncoder,
    settings: SentenceTransformerSettings,
    former: FormerEncoder | None,
    texts: Sequence[str],
) -> CompiledModel | NotCompiled:
    if former and former.origin.original.fingerprint == original.identity.fingerprint:
        made = compared_again(original, former.files, texts)
        if made is not None:
            return made
    return compile_encoder(original, settings.precision, texts)


def _distilled(settings: StaticSettings, cut: Cut) -> MadeEncoder:
    model = SentenceTransformerSettings(model=settings.model)
    original = SentenceTransformerEncoder(model, cut=cut, threads=None)
    files = distil(original, settings.dimension)
    encoder = StaticEncoder(files)
    found = encoder.identity.dimension
    departure = None
    if found < settings.dimension:
        departure = f"its vectors have {found} numbers, as the model's, not {settings.dimension}"
    return MadeEncoder(
        encoder, files, EncoderOrigin(original=original.identity, departure=departure)
    )


def _sample(texts: Sequence[str], seed: int) -> list[str]:
    """Draw texts; which ones depends on the set of texts, not on their order."""
    distinct = sorted(set(texts))
    n_drawn = min(N_SAMPLED, len(distinct))
    rows = np.random.default_rng(seed).choice(len(distinct), n_drawn, replace=False)
    return [distinct[row] for row in rows]
