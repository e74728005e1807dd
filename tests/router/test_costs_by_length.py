"""A request is expected to cost what one of its length does, known or not."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.router import SemanticRouter
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts

USD_PER_CHAR = np.array([1e-4, 2e-5, 1e-7])
USUAL_CHARS = 40
PRICES = np.array([3e-5, 1e-6, 1e-7])


def by_length(losses: float = 0.0) -> IndexContents:
    """An index whose models cost so much a character more; `losses` of all but the frontier."""
    contents = tiny_contents(4)
    evidence = np.full_like(contents.estimator.evidence, losses)
    evidence[:, contents.manifest.config.frontier_column] = 0.0
    learned: dict[str, Any] = {"evidence": evidence, "usd_per_char": USD_PER_CHAR}
    estimator = dataclasses.replace(contents.estimator, **learned)
    return dataclasses.replace(contents, estimator=estimator)


CONTENTS = by_length()
ROUTER = SemanticRouter(CONTENTS, TinyEncoder())


def chat(text: str, n_chars: int) -> list[dict[str, str]]:
    """The text as the question of a chat of so many characters."""
    rest = "x" * (n_chars - len(text))
    return [{"role": "system", "content": rest}, {"role": "user", "content": text}]


def costs(router: SemanticRouter, request: Any) -> dict[str, float]:
    found = {one.model: one.expected_cost_usd for one in router.route(request).candidates}
    assert None not in found.values()
    return found  # type: ignore[return-value]  # none is None


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_a_longer_request_with_the_same_question_costs_its_characters_more(unknown: bool) -> None:
    text = "quite another thing" if unknown else tiny_texts(1, 1)[0]
    assert (ROUTER.route(text).reason == "ood") == unknown
    short, long = (costs(ROUTER, chat(text, n)) for n in (100, 10_100))
    more = {model: long[model] - short[model] for model in short}
    usual = np.array([[e.mean_cost_usd for e in c.evidence] for c in CONTENTS.clusters])
    expected = np.minimum(USD_PER_CHAR, usual[0] / USUAL_CHARS) * 10_000
    models = CONTENTS.manifest.config.model_names
    assert more == pytest.approx(dict(zip(models, expected.tolist(), strict=True)))


def test_unknown_text_costs_its_length_though_few_and_long_requests_were_shrunk() -> None:
    """A topic of long requests, learned as half as long and as dear: what was measured is more."""
    usual_chars = np.array([1_000.0, 1_000.0, 1_000.0, 9_000.0])
    learned: dict[str, Any] = {"n_chars": usual_chars, "costs_usd": usual_chars[:, None] * PRICES}
    estimator = dataclasses.replace(CONTENTS.estimator, usd_per_char=PRICES, **learned)
    router = SemanticRouter(dataclasses.replace(CONTENTS, estimator=estimator), TinyEncoder())
    for n_chars in (100, 50_000):
        found = costs(router, chat("quite another thing", n_chars))
        expected = dict(zip(CONTENTS.manifest.config.model_names, n_chars * PRICES, strict=True))
        assert found == pytest.approx(expected)


def test_without_any_cluster_the_config_prices_a_request_by_its_length() -> None:
    contents = tiny_contents(0)
    router = SemanticRouter(contents, TinyEncoder())
    for n_chars in (100, 10_000):
        expected = {m.name: m.cost_usd(n_chars) for m in contents.manifest.config.models}
        assert costs(router, chat("where is it?", n_chars)) == expected


def test_more_loss_is_accepted_on_a_longer_request_up_to_three_usual_ones() -> None:
    def accepted(n_chars: int) -> float:
        decision = ROUTER.route(chat(tiny_texts(1, 1)[0], n_chars))
        return max(c.accepted_loss for c in decision.candidates if c.accepted_loss is not None)

    found = [accepted(n) for n in (50, 300, 1_000, 100_000)]
    assert found == sorted(found)
    assert found[1] > 1.5 * found[0]
    tolerance = CONTENTS.manifest.tolerance
    assert tolerance is not None
    assert found[-1] == pytest.approx(3 * tolerance, rel=0.05)
    assert found[-1] < 3 * tolerance


def test_the_same_question_goes_to_a_cheaper_model_where_it_saves_more() -> None:
    tolerance = CONTENTS.manifest.tolerance
    assert tolerance is not None
    router = SemanticRouter(by_length(losses=1.5 * tolerance), TinyEncoder())
    text = tiny_texts(1, 1)[0]
    short, long = (router.route(chat(text, n)) for n in (len(text) + 1, 2_000))
    assert (short.model, short.reason) == ("large", "insufficient_evidence")
    assert long.reason == "matched"


def test_an_explanation_says_how_many_usual_requests_it_costs_as_much_as() -> None:
    text = tiny_texts(1, 1)[0]
    short, long = (ROUTER.explain(chat(text, n)).why[2] for n in (USUAL_CHARS + 20, 100_000))
    assert short.startswith("With large it is expected to cost as much as 1.")
    assert short.endswith(" usual requests.")
    assert long.endswith(" usual requests, and counts as 3 when loss is traded for cost.")


def test_a_request_that_costs_next_to_nothing_is_not_said_to_cost_none() -> None:
    learned: dict[str, Any] = {"n_chars": np.full(4, 10_000.0), "usd_per_char": np.full(3, 1e-3)}
    estimator = dataclasses.replace(CONTENTS.estimator, **learned)
    router = SemanticRouter(dataclasses.replace(CONTENTS, estimator=estimator), TinyEncoder())
    told = " ".join(router.explain(tiny_texts(1, 1)[0]).why)
    assert "to cost as much as 0.005 usual requests" in told
