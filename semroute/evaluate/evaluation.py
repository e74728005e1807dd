"""Judging a router: read the frozen set, route it, compare."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from semroute.artifact.contents import Calibration, IndexContents
from semroute.artifact.encoder import open_index_encoder
from semroute.artifact.loading import load_index
from semroute.artifact.serving import cleaned_text, routing_policy
from semroute.decision import RouteDecision
from semroute.encoders.contract import Encoder
from semroute.encoders.cores import available_cores
from semroute.evaluate.baselines import (
    cluster_oracle,
    learned,
    learners,
    length_and_keywords,
    query_oracle,
    random_mix,
)
from semroute.evaluate.figures import N_RESAMPLES, curve_figures
from semroute.evaluate.frozen import FrozenSet, Numbers, read_frozen_set
from semroute.evaluate.paired import (
    Draws,
    PairedBootstrap,
    chosen_shares,
    interval,
    known_interval,
    resample,
    score_interval,
)
from semroute.evaluate.promise import against_promise, notes_on, promise_of
from semroute.evaluate.results import (
    MOST_UNKNOWN,
    Evaluation,
    Kind,
    OperatingPoint,
    StrategyResult,
    UnknownQuery,
)
from semroute.evaluate.slices import note_on_length, skipped_columns, slices
from semroute.evaluate.tolerance import Columns, expectations, tolerances
from semroute.evaluate.verdict import sends_nothing_elsewhere, verdict
from semroute.progress import Advance, Progress, ignore
from semroute.router import SemanticRouter
from semroute.vectors import Vectors, unit_rows

ROUTER = "semroute"
RANDOM_MIX = "random mix at the same cost"
CLUSTER_ORACLE = "best labels in hindsight"
QUERY_ORACLE = "best model per query in hindsight"


def evaluate(
    folder: Path,
    queries: Path,
    evals: Path | Sequence[Path],
    *,
    version: str | None = None,
    seed: int = 0,
    skip_seen: bool = False,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge an index on queries its build has not seen.

    Without scikit-learn it is not compared with a classifier.

    Args:
        folder: the index.
        queries: of the frozen set; columns semroute does not know become slices.
        evals: scores per query and model, in one or more files.
        version: a published version other than the live one.
        seed: of the bootstrap.
        skip_seen: leave out queries the build has seen instead of refusing the set.
        encoder: used instead of the one the index names.
        progress: shows how the embedding moves.

    Raises:
        InputError: a file cannot be read, or the build has seen some of the queries.
        InvalidIndexError: the index is damaged, or does not say what its build has seen.
    """
    contents = load_index(folder, version=version, samples=False)
    frozen = read_frozen_set(queries, evals, contents, skip_seen=skip_seen)
    encoder = open_index_encoder(contents, given=encoder, n_workers=available_cores())
    kept = _KeptVectors(encoder)
    decisions = _route(SemanticRouter(contents, kept, folder), frozen, progress)
    return judge_decisions(contents, frozen, decisions, kept.of(frozen, contents), seed)


class _KeptVectors:
    """Keeps the vectors of what is routed: baselines see the same ones, at no cost."""

    def __init__(self, encoder: Encoder) -> None:
        self.identity = encoder.identity
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        vectors = self._encoder.encode(texts, advance)
        # Copied: a view would keep the hidden states of the whole batch.
        embeddings = vectors[:, : self.identity.dimension].copy()
        self._vectors.update(zip(texts, embeddings, strict=True))
        return vectors

    def truncates(self, text: str) -> bool:
        return self._encoder.truncates(text)

    def of(self, frozen: FrozenSet, contents: IndexContents) -> Vectors:
        """Return the vectors of a set that was routed; NaN where there is none."""
        none = np.full(self.identity.dimension, np.nan, dtype=np.float32)
        texts = [cleaned_text(contents, text).embedded for text in frozen.texts]
        return unit_rows(np.stack([self._vectors.get(text, none) for text in texts]))


def _route(
    router: SemanticRouter, frozen: FrozenSet, progress: Progress | None
) -> list[RouteDecision]:
    """Route in portions, so that progress shows; the decisions do not depend on them."""
    if progress is None:
        return router.route_batch(frozen.requests)
    decisions: list[RouteDecision] = []
    with progress.step("route", len(frozen.texts)) as advance:
        for start in range(0, len(frozen.texts), 64):
            portion = router.route_batch(frozen.requests[start : start + 64])
            decisions += portion
            advance(len(portion))
    return decisions


def judge_decisions(
    contents: IndexContents,
    frozen: FrozenSet,
    decisions: Sequence[RouteDecision],
    vectors: Vectors,
    seed: int = 0,
) -> Evaluation:
    """Compare decisions on a frozen set with everything else that could have chosen.

    Args:
        contents: the index that decided; kNN and the classifier learn from its held-out queries.
        frozen: the set, one decision per row.
        decisions: of the router, in order.
        vectors: float32 (n, dimension) of the texts; NaN where there is none.
        seed: of the bootstrap.
    """
    judge = resample(frozen, seed)
    columns = np.array([frozen.models.index(d.model) for d in decisions], dtype=np.int64)
    shares = chosen_shares(columns, len(frozen.models))
    expected = expectations(routing_policy(contents), decisions, frozen)
    cheapest = frozen.cheapest_column
    rivals = _rivals(judge, shares, decisions, vectors, contents.calibration, cheapest)
    routed = judge.draws(shares)
    strategies = tuple(_result(name, kind, judge, mix, routed) for name, kind, mix in rivals)
    steps = tolerances(expected)
    few = judge.first(N_RESAMPLES)
    points = [few.draws(chosen_shares(expected.choose(step), len(frozen.models))) for step in steps]
    counted = Counter(decision.reason for decision in decisions)
    certificate = contents.manifest.certificate
    promise = promise_of(certificate)
    parts = slices(judge, shares, decisions)
    return Evaluation(
        index_version=contents.manifest.index_version,
        frontier=frozen.frontier,
        cheapest=frozen.models[cheapest],
        n_queries=len(frozen.texts),
        certificate=promise,
        against_promise=against_promise(
            promise,
            strategies[0].loss,
            len(frozen.texts),
            is_tried=not sends_nothing_elsewhere(strategies[0]),
        ),
        left_out=frozen.left_out,
        notes=(
            *note_on_length(parts, promise.max_loss, frozen.frontier),
            *notes_on(len(frozen.texts), len(frozen.left_out), frozen.n_same, certificate),
        ),
        measured_costs=_measured_costs(frozen, columns),
        n_missing=dict(
            zip(frozen.models, np.isnan(frozen.scores).sum(axis=0).tolist(), strict=True)
        ),
        n_learning=len(contents.calibration.vectors),
        n_resamples=judge.n_resamples,
        seed=seed,
        verdict=verdict(
            strategies,
            frozen.frontier,
            len(frozen.texts),
            is_frontier_alone=promise.is_frontier_alone,
            told_saving=promise.saving,
        ),
        strategies=strategies,
        absent_strategies=learners()[1],
        figures=curve_figures(judge, expected, points, cheapest),
        points=tuple(_point(t, draws) for t, draws in zip(steps, points, strict=True)),
        model_shares=dict(zip(frozen.models, shares.mean(axis=0).tolist(), strict=True)),
        reasons={reason: n / len(decisions) for reason, n in counted.most_common()},
        slices=parts,
        skipped_columns=skipped_columns(frozen.columns),
        unknown=_unknown(frozen, decisions),
    )


def _measured_costs(frozen: FrozenSet, columns: Columns) -> float:
    rows = np.arange(len(columns))
    by_router = frozen.is_measured[rows, columns].mean()
    return float((by_router + frozen.is_measured[:, frozen.frontier_column].mean()) / 2)


def _unknown(frozen: FrozenSet, decisions: Sequence[RouteDecision]) -> tuple[UnknownQuery, ...]:
    found = [
        UnknownQuery(query_id, decision.similarity, decision.cluster_name)
        for query_id, decision in zip(frozen.query_ids, decisions, strict=True)
        if decision.reason == "ood"
    ]
    return tuple(sorted(found, key=lambda one: one.similarity or -1.0)[:MOST_UNKNOWN])


def _rivals(
    judge: PairedBootstrap,
    shares: Numbers,
    decisions: Sequence[RouteDecision],
    vectors: Vectors,
    known: Calibration,
    cheapest: int,
) -> list[tuple[str, Kind, Numbers]]:
    """List every strategy; rules and learners spend what the router does, where they can."""
    frozen, n_models = judge.frozen, len(judge.frozen.models)
    frontier, n = frozen.frontier_column, len(frozen.texts)
    spent = float(judge.draws(shares).cost_usd[0])
    by_cost = np.argsort(frozen.costs_usd.mean(axis=0))
    alone: list[tuple[str, Kind, Numbers]] = [
        (f"always {frozen.models[m]}", "single", chosen_shares(np.full(n, m), n_models))
        for m in by_cost[::-1]
    ]
    clusters = [decision.cluster_id for decision in decisions]
    taught: list[tuple[str, Kind, Numbers]] = [
        (name, "learned", learned(estimate(vectors, known, frontier), frozen, spent))
        for name, estimate in learners()[0].items()
    ]
    return [
        (ROUTER, "router", shares),
        *alone,
        (RANDOM_MIX, "rule", random_mix(judge, spent)),
        ("length and keywords", "rule", length_and_keywords(frozen, cheapest, spent)),
        *taught,
        (CLUSTER_ORACLE, "hindsight", cluster_oracle(clusters, frozen, spent)),
        (QUERY_ORACLE, "hindsight", chosen_shares(query_oracle(frozen), n_models)),
    ]


def _result(
    name: str, kind: Kind, judge: PairedBootstrap, shares: Numbers, routed: Draws
) -> StrategyResult:
    draws = judge.draws(shares)
    return StrategyResult(
        name=name,
        kind=kind,
        score=score_interval(draws.score),
        loss=interval(draws.loss),
        cost_usd=known_interval(draws.cost_usd),
        saving=known_interval(draws.saving),
        saved_usd=known_interval(draws.saving * judge.frontier_cost_usd),
        frontier_share=float(draws.frontier_share[0]),
        router_gain=interval(routed.score - draws.score),
        n_unscored=judge.n_unscored(shares),
    )


def _point(tolerance: float, draws: Draws) -> OperatingPoint:
    score = float(draws.score[0])
    return OperatingPoint(
        tolerance=float(tolerance) if np.isfinite(tolerance) else None,
        score=score if np.isfinite(score) else None,
        loss=float(draws.loss[0]) if np.isfinite(score) else None,
        cost_usd=float(draws.cost_usd[0]),
        saving=float(draws.saving[0]),
        frontier_share=float(draws.frontier_share[0]),
    )
