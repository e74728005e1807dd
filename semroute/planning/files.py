"""From an index, its query log and the scores so far to a plan, and the plan as a file."""

import csv
import io
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.artifact.encoder import open_index_encoder
from semroute.artifact.loading import load_index
from semroute.artifact.serving import cleaned_text, routing_policy, seen_requests
from semroute.build.embed import embed_texts, unread
from semroute.build.saved_vectors import SavedVectors
from semroute.certificate import Certificate
from semroute.costs import price_ratios, spent_usd
from semroute.durable import replace_file
from semroute.encoders.contract import Encoder
from semroute.encoders.cores import available_cores
from semroute.errors import InputError, PublishError, require
from semroute.evals import EvalTable, no_evals, read_evals, told_unknown_models
from semroute.features import text_features
from semroute.index import CentroidIndex
from semroute.known_losses import LEAST_KNOWN
from semroute.planning.scores import (
    PlannedScore,
    Portion,
    ScoredLog,
    loss_variance,
    may_answer,
    plan_scores,
    portions,
)
from semroute.progress import Progress, ignore
from semroute.queries import read_queries
from semroute.split import in_fit
from semroute.tables import read_rows
from semroute.texts import CleanText, told_apart
from semroute.vectors import usable_parts

logger = logging.getLogger("semroute")

_HEADING = ("query_id", "model", "score", "purpose", "cluster_key")


@dataclass(frozen=True)
class Wanted:
    """One score to buy."""

    query_id: str
    model: str
    purpose: str
    cluster_id: int
    cluster_key: str
    cluster_name: str


@dataclass(frozen=True)
class EvalPlan:
    """Scores to buy, most useful first, and what every hundred of them is expected to buy.

    `n_known` counts the scores there are, `n_missing` those there are not, `n_scores_built` those
    the index was built with; `n_scores_given` counts as a build does, so that the two compare. Of
    `n_queries` that can be embedded its build has not seen `n_new`; None where the index does not
    say what it has seen. `left_out` says which models answer nothing for want of scores, None if
    there are none; `known_after` about what share of the held-out queries each of them may answer
    have the scores needed once the plan is bought, and `least_known` what share that takes.
    """

    index_version: str
    n_scores_built: int
    n_queries: int
    n_new: int | None
    n_known: int
    n_missing: int
    scores: tuple[Wanted, ...]
    portions: tuple[Portion, ...]
    left_out: str | None = None
    n_scores_given: int = 0
    known_after: Mapping[str, float] = field(default_factory=dict)
    least_known: float = LEAST_KNOWN

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    def write(self, path: Path) -> None:
        """Write the scores as a CSV whose first columns are those of an evals file.

        Raises:
            PublishError: the operating system refused the write.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_HEADING)
        writer.writerows((w.query_id, w.model, "", w.purpose, w.cluster_key) for w in self.scores)
        replace_file(path, text.getvalue().encode())


def refuse_filled_plan(path: Path | None) -> None:
    """Refuse to write over anything but a plan without scores: those filled in were paid for.

    Raises:
        PublishError: the file at `path` holds scores, or is no plan.
    """
    if path is None or not path.is_file():
        return
    try:
        if path.read_bytes() in (b"", f"{','.join(_HEADING)}\n".encode()):
            return
        filled = [row.values["score"] for row in read_rows(path, _HEADING)]
    except (InputError, OSError) as error:
        problem = "it is no plan of scores to buy; write the plan to another file"
        raise PublishError(path, problem) from error
    if any(str(score or "").strip() for score in filled):
        raise PublishError(path, "it holds scores; write the plan to another file")


def plan_evals(
    folder: Path,
    queries: Path,
    evals: Path | Sequence[Path] | None,
    budget: int,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> EvalPlan:
    """Plan which scores to buy for the next build of an index.

    Args:
        folder: the index; its clusters and its split are those of the plan.
        queries: the query log it was built from, perhaps with newer queries.
        evals: the scores so far, in one or more files; None for none.
        budget: how many scores may be bought.
        seed: of the order in which held-out queries are taken.
        encoder: used instead of the one the index names.
        progress: shows how the embedding moves.

    Raises:
        InputError: a file cannot be read, or no query has a text that decides its route.
        InvalidIndexError: the index is damaged.
        MissingExtraError: scipy is not installed.
    """
    require("planning evaluations", "build", scipy="scipy")
    contents = load_index(folder, samples=False)
    config, log = contents.manifest.config, read_queries(queries)
    names, n = config.model_names, len(log.query_ids)
    table = read_evals(evals, log.query_ids, names) if evals else no_evals(n, names)
    if told := told_unknown_models(table):
        logger.warning(told)
    encoder = open_index_encoder(contents, given=encoder, n_workers=available_cores())
    cleaned = [cleaned_text(contents, text) for text in log.texts]
    texts = [one.text for one in cleaned]
    cluster_ids, expected_losses = _looked_up(
        cleaned, log.n_chars, folder, contents, encoder, progress
    )
    rows = np.flatnonzero((cluster_ids >= 0) & ~unread(log, config, cleaned, encoder.truncates))
    kept = [texts[row] for row in rows]
    if not len(rows):
        raise InputError(
            f"no query of {queries} can be planned for: none has a text that decides its route"
        )
    # Of all that can be embedded, as a build splits them: its share depends on their number.
    embedded = np.flatnonzero(cluster_ids >= 0)
    is_fit = np.zeros(n, dtype=bool)
    requests = told_apart(texts, log.n_chars)
    is_fit[embedded] = in_fit([requests[row] for row in embedded], contents.manifest.seed)
    scored = _scored_log(
        contents, is_fit[rows], log.n_chars, cluster_ids[rows], expected_losses[rows], table, rows
    )
    quality, certificate = config.quality, contents.manifest.certificate
    bar: dict[str, Any] = {
        "tolerance": quality.max_loss,
        "confidence": quality.confidence,
        "accepted": _accepted(scored, contents),
    }
    planned, wanted = plan_scores(scored, budget, seed=seed, **bar), may_answer(scored, **bar)
    query_ids = [log.query_ids[row] for row in rows]
    return EvalPlan(
        index_version=contents.manifest.index_version,
        n_scores_built=contents.manifest.counts.n_scores,
        n_queries=len(kept),
        n_new=_n_new(kept, [log.n_chars[row] for row in rows], contents),
        n_known=int(np.isfinite(scored.scores).sum()),
        n_missing=int(np.isnan(scored.scores).sum()),
        scores=tuple(_wanted(one, query_ids, scored, contents) for one in planned),
        portions=portions(scored, planned, wanted, quality.confidence, loss_variance(certificate)),
        left_out=certificate.left_out_sentence if certificate else None,
        n_scores_given=table.n_scores,
        known_after=_known_after(scored, planned, wanted, certificate),
        least_known=quality.least_known,
    )


def _known_after(
    scored: ScoredLog,
    planned: Sequence[PlannedScore],
    wanted: NDArray[np.bool_],
    certificate: Certificate | None,
) -> dict[str, float]:
    """Return what share of the held-out queries a model left out may answer can then be judged."""
    known = np.isfinite(scored.scores)
    known[[one.row for one in planned], [one.column for one in planned]] = True
    paired = known & known[:, [scored.frontier_column]]
    found = {}
    for name in certificate.models_left_out if certificate else ():
        column = scored.models.index(name)
        rows = wanted[:, column] & ~scored.fit
        found[name] = float(paired[rows, column].mean()) if rows.any() else 1.0
    return found


def _n_new(texts: Sequence[str], n_chars: Sequence[int], contents: IndexContents) -> int | None:
    if not len(contents.seen):
        return None
    return int((~seen_requests(contents, texts, n_chars).same).sum())


def _scored_log(
    contents: IndexContents,
    is_fit: NDArray[np.bool_],
    n_chars: Sequence[int],
    cluster_ids: NDArray[np.int64],
    expected_losses: NDArray[np.float64],
    table: EvalTable,
    rows: NDArray[np.int64],
) -> ScoredLog:
    """Put together what is known of the queries that have a nearest cluster.

    They are `rows` of `table` and of `n_chars`; `is_fit`, `cluster_ids` and `expected_losses` are
    theirs only.
    """
    config, measured = contents.manifest.config, table.costs_usd[rows]
    chosen = [cluster.override for cluster in contents.clusters]
    prices = config.prices_usd(np.array(n_chars, dtype=np.int64)[rows].tolist())
    return ScoredLog(
        cluster_ids=cluster_ids,
        n_clusters=len(contents.clusters),
        fit=is_fit,
        scores=table.scores[rows],
        costs_usd=spent_usd(measured, prices, price_ratios(measured, prices)),
        expected_losses=expected_losses,
        labelled=np.array([-1 if c is None else config.model_names.index(c) for c in chosen]),
        models=config.model_names,
        frontier=config.frontier,
    )


def _accepted(log: ScoredLog, contents: IndexContents) -> NDArray[np.float64]:
    """Return what the policy in force accepts, by what each query costs; (n, n_models).

    At least its tolerance: what saves little now may save more in the next build.
    """
    policy = routing_policy(contents)
    by_query = np.nan_to_num(policy.accepted_losses(log.costs_usd), nan=0.0)
    return np.maximum(by_query, policy.tolerance or 0.0)


def _wanted(
    planned: PlannedScore, query_ids: Sequence[str], log: ScoredLog, contents: IndexContents
) -> Wanted:
    cluster = contents.clusters[log.cluster_ids[planned.row]]
    return Wanted(
        query_id=query_ids[planned.row],
        model=log.models[planned.column],
        purpose=planned.purpose,
        cluster_id=cluster.cluster_id,
        cluster_key=cluster.cluster_key,
        cluster_name=cluster.name,
    )


def _looked_up(
    texts: Sequence[CleanText],
    n_chars: Sequence[int],
    folder: Path,
    contents: IndexContents,
    encoder: Encoder,
    progress: Progress | None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest cluster of each request, and what each model is expected to lose on it.

    `n_chars` is the length of each. Shapes (n,) and (n, n_models); -1 and NaN for one whose text
    cannot be embedded.
    """
    to_embed = {text.embedded for text in texts if text.text}
    distinct = sorted(to_embed, key=lambda text: (len(text), text))
    known = SavedVectors(folder, encoder, distinct).find(distinct)
    shown = nullcontext(ignore) if progress is None else progress.step("embed", len(distinct))
    with shown as advance:
        vectors = embed_texts(distinct, known, encoder, advance)
    dimension, estimator = encoder.identity.dimension, contents.estimator
    usable = usable_parts(vectors, dimension)
    vectors = np.where(usable[:, None], vectors, np.float32(np.nan))
    near = CentroidIndex(contents.centroids).search(vectors[:, :dimension], estimator.n_neighbours)
    row_of = {text: row for row, text in enumerate(distinct)}
    pairs = zip(texts, n_chars, strict=True)
    requests = list(dict.fromkeys(pair for pair in pairs if pair[0].text))
    rows = [row_of[text.embedded] for text, _ in requests]
    asked, lengths = [text.text for text, _ in requests], [n for _, n in requests]
    found = estimator.estimate(
        near.cluster_ids[rows],
        near.similarities[rows],
        vectors[rows],
        text_features(asked, lengths),
        np.array(lengths, dtype=np.int64),
    )
    place_of = {request: place for place, request in enumerate(requests)}
    places = [place_of.get(pair, len(requests)) for pair in zip(texts, n_chars, strict=True)]
    nearest = np.append(near.cluster_ids[rows, 0], -1)[places]
    unknown = np.full((1, len(estimator.models)), np.nan)
    return nearest, np.concatenate([found.losses, unknown])[places]
