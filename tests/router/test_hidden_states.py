"""Requests to an encoder with hidden states: what fails falls back up, whichever part of a row."""

from collections.abc import Sequence

import numpy as np
import pytest

from semroute.progress import Advance, ignore
from semroute.router import SemanticRouter
from semroute.vectors import Vectors
from tests.tiny import WideEncoder
from tests.tiny_index import tiny_contents, tiny_texts

CONTENTS = tiny_contents(encoder=WideEncoder())
GOOD = [tiny_texts(0, 1)[0], tiny_texts(1, 1)[0]]
BATCH = [GOOD[0], "bad", GOOD[1]]


class Spoiled(WideEncoder):
    """Gives hidden states times `factor` for one text."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self._factor = factor

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        rows = super().encode(texts, advance)
        for row in np.flatnonzero([text == "bad" for text in texts]):
            rows[row, self.identity.dimension :] *= np.float32(self._factor)
        return rows


class Raising(WideEncoder):
    """Fails for one text."""

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        if "bad" in texts:
            raise ValueError("cannot")
        return super().encode(texts, advance)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("factor", [1e4, -1e4, 1.1, 0.0, np.inf, -np.inf, np.nan])
def test_unusable_hidden_states_mean_the_frontier_and_nothing_is_remembered(factor: float) -> None:
    router = SemanticRouter(CONTENTS, Spoiled(factor), n_cached=10)
    for decision in (router.route("bad"), router.route_batch(BATCH)[1], router.route("bad")):
        assert (decision.model, decision.reason) == ("large", "encoder_error")
        assert decision.cluster_id is None
    assert [d.cluster_id for d in router.route_batch(BATCH)] == [0, None, 1]


def test_one_text_the_encoder_raises_on_spoils_no_other() -> None:
    decisions = SemanticRouter(CONTENTS, Raising()).route_batch(BATCH)
    assert [d.cluster_id for d in decisions] == [0, None, 1]
    assert (decisions[1].model, decisions[1].reason) == ("large", "encoder_error")
    alone = SemanticRouter(CONTENTS, WideEncoder()).route_batch(GOOD)
    assert [decisions[0], decisions[2]] == alone
