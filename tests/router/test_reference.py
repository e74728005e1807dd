"""`route` and `route_batch` against the rules of docs/design.md, worked out in plain loops."""

import math

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.decision import RouteDecision
from semroute.features import FEATURES, text_features
from semroute.policy import FEWEST_PAIRS
from semroute.router import SemanticRouter
from tests.build.small import build_small, write_small_files
from tests.tiny import TinyEncoder
from tests.tiny_index import with_cluster

TEXTS = [
    *(f"topic{n % 4}{a} topic{n % 4}{b} detail{n}?" for n in range(40) for a, b in ("ab", "ce")),
    *(f"topic{n % 4}a topic{(n + 1) % 4}b 3 + {n} = not" for n in range(40)),
    *(f"elsewhere {n}" for n in range(20)),
]


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> IndexContents:
    folder = tmp_path_factory.mktemp("small")
    build_small(write_small_files(folder), folder / "index")
    return load_index(folder / "index")


def near(contents: IndexContents, vector: np.ndarray) -> list[tuple[float, int]]:
    """Similarity and number of every cluster, most similar first."""
    found = [(float(vector @ centroid), i) for i, centroid in enumerate(contents.centroids)]
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))


def expected_losses(contents: IndexContents, text: str, vector: np.ndarray) -> list[float]:
    e = contents.estimator
    nearest = near(contents, vector)[: e.n_neighbours]
    raw = [math.exp(e.temperature * (similarity - nearest[0][0])) for similarity, _ in nearest]
    z = [
        max(-3.0, min(3.0, float((value - centre) / spread)))
        for value, centre, spread in zip(text_features([text])[0], e.centre, e.spread, strict=True)
    ]
    pairs = [z[i] * z[j] for i in range(len(FEATURES)) for j in range(i, len(FEATURES))]
    score = sum(
        weight / sum(raw) * float(e.score_topic[cluster])
        for weight, (_, cluster) in zip(raw, nearest, strict=True)
    )
    score += sum(float(v * w) for v, w in zip(vector, e.score_wording, strict=True))
    score += sum(v * float(w) for v, w in zip(z, e.score_text, strict=True))
    score += sum(v * float(w) for v, w in zip(pairs, e.score_products, strict=True))
    losses = []
    for column in range(len(e.models)):
        blend = head = 0.0
        for weight, (_, cluster) in zip(raw, nearest, strict=True):
            blend += weight / sum(raw) * float(e.evidence[cluster, column])
            head += weight / sum(raw) * float(e.topic[cluster, column])
        head += sum(float(v * w) for v, w in zip(vector, e.wording[:, column], strict=True))
        head += sum(v * float(w) for v, w in zip(z, e.text[:, column], strict=True))
        head += sum(v * float(w) for v, w in zip(pairs, e.products[:, column], strict=True))
        head += float(e.intercept[column])
        terms = e.blend_share * blend + (1 - e.blend_share) * head
        c0, c1, c2, c3, c4, least, most = e.curve[:, column].tolist()
        ease = max(least, min(most, score - terms / 2))
        loss = c0 + c1 * terms + c2 * ease + c3 * ease**2 + c4 * terms * ease
        losses.append(max(-1.0, min(1.0, loss)))
    return losses


def decided(contents: IndexContents, text: str, losses: list[float]) -> tuple[str, str]:
    """Model and reason of a text that has a nearest cluster, by prices that never differ."""
    manifest = contents.manifest
    vector = TinyEncoder().encode([text])[0]
    similarity, nearest = near(contents, vector)[0]
    frontier = manifest.config.frontier
    if similarity < manifest.ood.threshold:
        return frontier, "ood"
    paired = {known.model: known.n_paired for known in contents.clusters[nearest].evidence}
    assert manifest.certificate is not None
    dear = manifest.config.price(frontier).cost_usd(len(text))
    best, most = frontier, 0.0
    for model, loss in zip(manifest.config.models, losses, strict=True):
        saved = 1 - model.cost_usd(len(text)) / dear
        gain = manifest.certificate.tolerance * saved - loss
        if saved > 0 and paired[model.name] >= FEWEST_PAIRS and gain >= most:
            best, most = model.name, gain
    return best, "insufficient_evidence" if best == frontier else "matched"


def assert_as_expected(decision: RouteDecision, contents: IndexContents, text: str) -> None:
    vector = TinyEncoder().encode([text])[0]
    (similarity, first), (_, second) = near(contents, vector)[:2]
    losses = expected_losses(contents, text, vector)
    assert (decision.model, decision.reason) == decided(contents, text, losses)
    assert decision.cluster_id == first
    assert decision.cluster_name == contents.clusters[first].name
    assert decision.similarity == pytest.approx(similarity, abs=1e-6)
    assert decision.runner_up is not None
    assert decision.runner_up.cluster_id == second
    if decision.reason != "ood":
        found = {c.model: c.expected_loss for c in decision.candidates}
        by_model = dict(zip(contents.estimator.models, losses, strict=True))
        assert found == pytest.approx(by_model, abs=1e-6)


def test_one_text_is_decided_by_the_rules(contents: IndexContents) -> None:
    router = SemanticRouter(contents, TinyEncoder())
    for text in TEXTS:
        assert_as_expected(router.route(text), contents, text)


def test_a_batch_is_decided_as_its_texts_are_to_the_last_bit(contents: IndexContents) -> None:
    plain = SemanticRouter(contents, TinyEncoder())
    cached = SemanticRouter(contents, TinyEncoder(), n_cached=1_000)
    expected = [plain.route(text) for text in TEXTS]
    assert plain.route_batch(TEXTS) == expected
    assert cached.route_batch(TEXTS) == expected
    assert [cached.route(text) for text in TEXTS] == expected


def test_the_texts_take_every_way(contents: IndexContents) -> None:
    decisions = SemanticRouter(contents, TinyEncoder()).route_batch(TEXTS)
    assert {d.reason for d in decisions} == {"matched", "ood", "insufficient_evidence"}
    assert {d.model for d in decisions} == {"large", "small"}


@pytest.mark.parametrize("n_paired", [FEWEST_PAIRS - 1, FEWEST_PAIRS])
def test_a_model_measured_too_little_on_a_cluster_is_not_chosen_there(
    contents: IndexContents, n_paired: int
) -> None:
    router = SemanticRouter(contents, TinyEncoder())
    text = next(text for text in TEXTS if router.route(text).model == "small")
    nearest = router.route(text).cluster_id
    assert nearest is not None
    evidence = tuple(
        one.model_copy(update={"n_paired": n_paired}) for one in contents.clusters[nearest].evidence
    )
    changed = SemanticRouter(with_cluster(contents, nearest, evidence=evidence), TinyEncoder())
    chosen = (changed.route(text).model, changed.route(text).reason)
    is_enough = n_paired == FEWEST_PAIRS
    assert chosen == (("small", "matched") if is_enough else ("large", "insufficient_evidence"))


def test_an_explanation_tells_the_decision_of_route(contents: IndexContents) -> None:
    router = SemanticRouter(contents, TinyEncoder())
    for text in TEXTS[::7]:
        explanation = router.explain(text)
        assert explanation.decision == router.route(text)
        shown = [(c.cluster_id, c.similarity) for c in explanation.clusters]
        assert shown[0] == (explanation.decision.cluster_id, explanation.decision.similarity)
