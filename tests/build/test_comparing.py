"""The share of texts that an encoder's original would send elsewhere; the oracle is the router."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.build.comparing import with_changed_share
from semroute.encoders.contract import EncoderOrigin
from semroute.encoders.export import Comparison
from semroute.progress import Advance, ignore
from semroute.router import SemanticRouter
from semroute.vectors import Vectors
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts

TEXTS = tuple(tiny_texts(number % 6, 2)[number // 6] for number in range(12))


class LookedUp(TinyEncoder):
    """Gives the texts of the comparison the vectors it is told."""

    def __init__(self, vectors: Vectors) -> None:
        super().__init__()
        self._vectors = dict(zip(TEXTS, vectors, strict=True))

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])


def contents_with_origin() -> IndexContents:
    contents = tiny_contents(6)
    origin = EncoderOrigin(original=contents.manifest.encoder)
    return replace(
        contents, manifest=contents.manifest.model_copy(update={"encoder_origin": origin})
    )


@pytest.mark.parametrize("n_moved", [0, 1, 3, 12])
def test_changed_share_counts_the_texts_that_would_get_another_model(n_moved: int) -> None:
    contents = contents_with_origin()
    compiled = TinyEncoder().encode(TEXTS)
    original = compiled.copy()
    original[:n_moved] = np.roll(compiled, -1, axis=0)[:n_moved]
    original[n_moved - 1 :: 12] = np.nan
    before, after = (
        SemanticRouter(contents, LookedUp(vectors)).route_batch(TEXTS)
        for vectors in (original, compiled)
    )
    expected = np.mean([one.model != other.model for one, other in zip(before, after, strict=True)])
    compared = with_changed_share(
        contents, Comparison(TEXTS, original, compiled, compiled.shape[1])
    )
    assert compared.manifest.encoder_origin is not None
    assert compared.manifest.encoder_origin.changed_share == expected
    assert (expected > 0) == (n_moved > 0)


def test_an_encoder_that_was_not_compiled_has_no_changed_share() -> None:
    contents = contents_with_origin()
    assert with_changed_share(contents, None) is contents
