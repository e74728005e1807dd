"""Requests that may not fit the context window of the model they would get."""

import dataclasses

from semroute.artifact.contents import IndexContents
from semroute.router import SemanticRouter
from tests.tiny import TinyEncoder, tiny_config
from tests.tiny_index import tiny_contents, tiny_texts, with_cluster

TEXTS = [text for cluster_id in range(6) for text in tiny_texts(cluster_id, 1)]


def _contents(*windows: int | None) -> IndexContents:
    """An index whose models large, medium and small have these context windows in tokens."""
    prices = (("large", 0.02), ("medium", 0.004), ("small", 0.0005))
    models = [
        {"name": name, "usd_per_request": usd} | ({"context_window": window} if window else {})
        for (name, usd), window in zip(prices, windows, strict=True)
    ]
    return tiny_contents(6, config=tiny_config(models=models))


def _router(contents: IndexContents) -> SemanticRouter:
    return SemanticRouter(contents, TinyEncoder())


def _with_history(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": "x" * 300}, {"role": "user", "content": text}]


def _text_of(router: SemanticRouter, model: str) -> str:
    """A text that gets this model as long as nothing else comes with it."""
    return next(text for text in TEXTS if router.route(text).model == model)


def test_a_request_that_may_not_fit_any_cheaper_model_goes_to_the_frontier() -> None:
    router = _router(_contents(None, 100, 100))
    for model in ("medium", "small"):
        request = _with_history(_text_of(router, model))
        decision = router.route(request)
        assert (decision.model, decision.reason) == ("large", "too_long")
        told = f"The request may not fit the context window of {model}, and no other model that it"
        assert told in " ".join(router.explain(request).why)


def test_a_request_that_may_not_fit_the_best_model_goes_to_the_next_best() -> None:
    router = _router(_contents(None, None, 100))
    small = [text for text in TEXTS if router.route(text).model == "small"]
    assert len(small) > 1
    for decision in (router.route(_with_history(text)) for text in small):
        assert (decision.model, decision.reason) == ("medium", "matched")
    told = "small came first, but the request may not fit its context window."
    assert told in " ".join(router.explain(_with_history(small[0])).why)
    assert told not in " ".join(router.explain(small[0]).why)


def test_a_request_that_may_not_fit_the_analysts_model_goes_to_the_frontier() -> None:
    contents = _contents(None, None, 100)
    text = _text_of(_router(contents), "small")
    cluster_id = _router(contents).route(text).cluster_id
    assert cluster_id is not None
    router = _router(with_cluster(contents, cluster_id, override="small"))
    decision = router.route(_with_history(text))
    assert (decision.model, decision.reason) == ("large", "too_long")
    why = " ".join(router.explain(_with_history(text)).why)
    assert "may not fit the context window of small, which an analyst chose here" in why


def test_where_the_frontier_is_defended_and_does_not_fit_it_answers_all_the_same() -> None:
    router = _router(_contents(100, None, None))
    request = _with_history(_text_of(router, "large"))
    decision = router.route(request)
    assert (decision.model, decision.reason) == ("large", "too_long")
    told = "may not fit the context window of large, but no other model is good enough here"
    assert told in " ".join(router.explain(request).why)


def test_an_index_built_before_serves_as_it_did() -> None:
    contents = _contents(None, None, 100)
    old = contents.manifest.model_copy(update={"too_long_goes_to": "frontier"})
    router = _router(dataclasses.replace(contents, manifest=old))
    request = _with_history(_text_of(router, "small"))
    decision = router.route(request)
    assert (decision.model, decision.reason) == ("large", "too_long")
    told = "may not fit the context window of small, so large answers."
    assert told in " ".join(router.explain(request).why)
