"""What `SemanticRouter` decides, over a small index in memory."""

import dataclasses
import json
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from semroute.decision import RouteDecision
from semroute.estimator import LossEstimator
from semroute.progress import Advance, ignore
from semroute.router import SemanticRouter
from semroute.router.rules import Located, Rules, Verdict
from semroute.texts import MAX_BYTES
from semroute.vectors import Vectors
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts, with_cluster

CONTENTS = tiny_contents(6)
ROUTER = SemanticRouter(CONTENTS, TinyEncoder())
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.mark.parametrize("cluster_id", range(6))
def test_a_text_of_a_cluster_gets_that_clusters_label(cluster_id: int) -> None:
    decision = ROUTER.route(tiny_texts(cluster_id, 1)[0])
    cluster = CONTENTS.clusters[cluster_id]
    assert decision.cluster_id == cluster_id
    assert decision.cluster_name == cluster.name
    assert decision.model == cluster.auto_label
    assert decision.reason == cluster.auto_reason
    assert decision.index_version == CONTENTS.manifest.index_version
    assert not decision.is_fallback


def test_the_nearest_cluster_is_the_one_brute_force_finds() -> None:
    texts = [text for cluster in range(6) for text in tiny_texts(cluster, 3)]
    similarities = TinyEncoder().encode(texts) @ CONTENTS.centroids.T
    for text, row in zip(texts, similarities, strict=True):
        decision = ROUTER.route(text)
        order = np.argsort(-row)
        assert decision.cluster_id == order[0]
        assert decision.similarity == pytest.approx(row[order[0]], abs=1e-6)
        assert decision.runner_up is not None
        assert decision.runner_up.cluster_id == order[1]


def test_an_override_wins_and_says_so() -> None:
    router = SemanticRouter(with_cluster(CONTENTS, 2, override="medium"), TinyEncoder())
    decision = router.route(tiny_texts(2, 1)[0])
    assert (decision.model, decision.reason) == ("medium", "override")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u3000"])
def test_blank_text_goes_to_the_frontier(text: str) -> None:
    decision = ROUTER.route(text)
    assert (decision.model, decision.reason, decision.cluster_id) == ("large", "empty", None)


def test_text_above_the_byte_limit_is_not_looked_at() -> None:
    for text in ("a" * (MAX_BYTES + 1), "é" * (MAX_BYTES // 2 + 1)):
        assert ROUTER.route(text).reason == "too_long"
    assert ROUTER.route("a" * MAX_BYTES).reason != "too_long"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert ROUTER.route("word " * 5000).truncated
    assert not ROUTER.route("word " * 50).truncated


def test_messages_are_routed_by_the_last_user_message() -> None:
    text = tiny_texts(3, 1)[0]
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "something else"},
        {"role": "user", "content": [{"type": "text", "text": text}]},
    ]
    assert ROUTER.route(messages).cluster_id == ROUTER.route(text).cluster_id


@pytest.mark.parametrize("query", [None, 3, b"bytes", [1, 2], {"role": "user"}])
def test_anything_but_text_or_messages_is_a_type_error(query: object) -> None:
    with pytest.raises(TypeError, match="a query "):
        ROUTER.route(query)  # type: ignore[arg-type]  # the wrong type is the test


def test_one_text_is_not_a_batch() -> None:
    with pytest.raises(TypeError, match="use route for one text"):
        ROUTER.route_batch("a text")


class FailingEncoder(TinyEncoder):
    """Fails, or gives rows that cannot be used."""

    def __init__(self, failure: str) -> None:
        super().__init__()
        self.failure = failure

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        if self.failure == "raises":
            raise RuntimeError(f"cannot encode {texts}")
        rows = super().encode(texts)
        rows[...] = {"nan": np.nan, "inf": np.inf, "zero": 0.0}[self.failure]
        return rows


@pytest.mark.parametrize("failure", ["raises", "nan", "inf", "zero"])
def test_a_failing_encoder_means_the_frontier(failure: str) -> None:
    decision = SemanticRouter(CONTENTS, FailingEncoder(failure)).route("hello")
    assert (decision.model, decision.reason) == ("large", "encoder_error")


def test_one_unusable_row_of_a_batch_spoils_no_other() -> None:
    class Picky(TinyEncoder):
        def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
            rows = super().encode(texts)
            rows[[text == "bad" for text in texts]] = np.nan
            return rows

    texts = [tiny_texts(0, 1)[0], "bad", "", tiny_texts(1, 1)[0]]
    decisions = SemanticRouter(CONTENTS, Picky()).route_batch(texts)
    assert [d.reason == "encoder_error" for d in decisions] == [False, True, False, False]
    assert [decisions[0].cluster_id, decisions[3].cluster_id] == [0, 1]
    assert decisions[2].reason == "empty"


def test_one_text_the_encoder_raises_on_spoils_no_other() -> None:
    class Raising(TinyEncoder):
        def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
            if "bad" in texts:
                raise ValueError("cannot")
            return super().encode(texts)

    texts = [tiny_texts(0, 1)[0], "bad", tiny_texts(1, 1)[0]]
    decisions = SemanticRouter(CONTENTS, Raising()).route_batch(texts)
    assert [d.cluster_id for d in decisions] == [0, None, 1]
    assert decisions[1].reason == "encoder_error"


def test_whatever_fails_after_the_encoder_means_the_frontier_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object) -> None:
        raise MemoryError

    router = SemanticRouter(CONTENTS, TinyEncoder())
    monkeypatch.setattr(Rules, "judge", fail)
    decision = router.route(tiny_texts(0, 1)[0])
    assert (decision.model, decision.reason) == ("large", "encoder_error")


def test_what_fails_for_one_text_of_a_batch_harms_no_other_and_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [tiny_texts(cluster, 1)[0] for cluster in (0, 1, 2)]
    router = SemanticRouter(CONTENTS, TinyEncoder(), n_cached=10)
    judge = Rules.judge

    def fail_for_one(self: Rules, located: Located, row: int, n_chars: int) -> Verdict:
        if row == 1:
            raise MemoryError
        return judge(self, located, row, n_chars)

    with monkeypatch.context() as patched:
        patched.setattr(Rules, "judge", fail_for_one)
        failed = router.route_batch(texts)
    assert [d.cluster_id for d in failed] == [0, None, 2]
    assert failed[1].reason == "encoder_error"
    assert router.route_batch(texts) == [ROUTER.route(text) for text in texts]


def test_a_router_works_out_its_tables_when_it_is_made() -> None:
    contents = tiny_contents(3)
    SemanticRouter(contents, TinyEncoder())
    tables = {n for n, v in vars(LossEstimator).items() if isinstance(v, cached_property)}
    assert tables
    assert tables <= vars(contents.estimator).keys()


def test_vectors_of_a_wrong_shape_mean_the_frontier() -> None:
    class Short(TinyEncoder):
        def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
            return super().encode(texts)[:-1]

    assert SemanticRouter(CONTENTS, Short()).route("hello").reason == "encoder_error"
    wide = SemanticRouter(CONTENTS, TinyEncoder(dimension=16))
    assert wide.route("hello").reason == "encoder_error"


def test_an_index_without_clusters_sends_everything_to_the_frontier() -> None:
    decision = SemanticRouter(tiny_contents(0), TinyEncoder()).route("hello")
    assert (decision.model, decision.reason) == ("large", "ood")


def test_candidates_come_cheapest_first_and_the_frontier_loses_nothing() -> None:
    candidates = ROUTER.route(tiny_texts(0, 1)[0]).candidates
    assert {c.model for c in candidates} == {"large", "medium", "small"}
    costs = [c.expected_cost_usd for c in candidates]
    assert costs == sorted(costs)
    assert next(c for c in candidates if c.model == "large").expected_loss == 0.0


def test_candidates_of_unknown_text_claim_nothing_but_prices() -> None:
    losses = {c.model: c.expected_loss for c in ROUTER.route("").candidates}
    assert losses == {"large": 0.0, "medium": None, "small": None}


def test_a_decision_becomes_json_and_back() -> None:
    decision = ROUTER.route(tiny_texts(0, 1)[0])
    document = json.loads(json.dumps(decision.to_dict()))
    assert document["model"] == decision.model
    assert document["runner_up"]["similarity"] == decision.runner_up.similarity
    assert document["is_fallback"] is False


def test_a_decision_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="model"):
        ROUTER.route("hello").model = "small"  # type: ignore[misc]  # the assignment is the test


def _same(first: RouteDecision, second: RouteDecision) -> bool:
    """Equal but for the last digits of similarities, which batching may move."""
    plain = {"similarity": None, "runner_up": None}
    near = abs((first.similarity or 0) - (second.similarity or 0)) < 1e-5
    return near and dataclasses.replace(first, **plain) == dataclasses.replace(second, **plain)


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_TEXT, max_size=8))
def test_a_batch_decides_as_one_by_one(texts: list[str]) -> None:
    batch = ROUTER.route_batch(texts)
    assert all(_same(a, ROUTER.route(text)) for a, text in zip(batch, texts, strict=True))


@settings(max_examples=2500, deadline=None)
@given(ANY_TEXT)
@example("\ud800")
@example("\x00")
@example("\u202eabc")
@example("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40)
def test_no_text_makes_it_raise(text: str) -> None:
    decision = ROUTER.route(text)
    assert decision.model in {"large", "medium", "small"}
    assert decision.similarity is None or np.isfinite(decision.similarity)
    json.dumps(decision.to_dict(), allow_nan=False)


def test_no_log_line_at_any_level_holds_query_text(caplog: pytest.LogCaptureFixture) -> None:
    router = SemanticRouter(CONTENTS, FailingEncoder("raises"))
    with caplog.at_level(logging.DEBUG):
        for n in range(200):
            ROUTER.route(f"canary-{n} sk-secret")
            router.route(f"canary-{n} sk-secret")
    assert len(caplog.records) >= 200
    assert "canary" not in caplog.text


def test_loading_checks_the_encoder(tmp_path: object) -> None:
    from pathlib import Path

    from semroute.artifact.lock import locked
    from semroute.artifact.publishing import publish
    from semroute.errors import InvalidIndexError

    folder = Path(str(tmp_path)) / "clusters"
    with locked(folder):
        published = publish(folder, CONTENTS)
    router = SemanticRouter.load(folder, encoder=TinyEncoder())
    assert router.index_version == published.manifest.index_version
    assert router.frontier == "large"
    with pytest.raises(InvalidIndexError, match="encoder"):
        SemanticRouter.load(folder, encoder=TinyEncoder(fingerprint="another"))


@pytest.mark.parametrize("name", ["threads", "n_workers", "n_cached"])
@pytest.mark.parametrize("value", ["2", 1.5, None, True, -1, "least"])
def test_what_is_no_count_is_refused_before_the_index_is_read(
    name: str, value: object, tmp_path: Path
) -> None:
    least = 0 if name == "n_cached" else 1
    wrong = least - 1 if value == "least" else value
    kind = ValueError if isinstance(wrong, int) and not isinstance(wrong, bool) else TypeError
    told = f"^{name} is {wrong!r}; give a whole number of at least {least}$"
    with pytest.raises(kind, match=told):
        SemanticRouter.load(tmp_path, **{name: wrong})  # type: ignore[arg-type]  # so is wrong


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"version": 3}, "version is 3; give the name of a version"),
        ({"encoder": "all-MiniLM-L6-v2"}, "encoder is of type str; give an object with"),
    ],
)
def test_a_version_is_a_name_and_an_encoder_is_an_object(
    wrong: dict[str, object], told: str, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match=told):
        SemanticRouter.load(tmp_path, **wrong)  # type: ignore[arg-type]  # so is wrong
