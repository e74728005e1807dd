"""From a query log to vectors: clean, drop what cannot be embedded, embed each text once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from semroute.build.saved_vectors import SavedVectors, in_runs
from semroute.build.watch import Watch
from semroute.config import Config
from semroute.costs import price_ratios, spent_usd
from semroute.encoders.contract import Encoder
from semroute.errors import InputError
from semroute.evals import EvalTable
from semroute.progress import Advance
from semroute.queries import QueryLog
from semroute.texts import CleanText, is_too_long, told_apart
from semroute.vectors import Vectors, usable_parts


@dataclass(frozen=True)
class EmbeddedLog:
    """The queries that can be used, row by row.

    `texts` are cleaned and perhaps cut, `templates` the extracts of the templates around them, or
    empty, `n_chars` (n,) the length of the whole requests, `asked_at`
    (n,) their time in seconds since 1970, NaN where unknown. The
    frontier answers those of `unread` (n,) wherever their text lies. `vectors`
    is float32 (n, dimension), `hidden` (n, hidden_dimension); `scores` (NaN where unknown) and
    `costs_usd` (measured, else priced) are float64 (n, n_models), `price_ratios` (n_models,) how
    the measured costs compare with the prices of the config. Not among them are `n_textless`
    requests of an image, sound or a file alone and `n_unusable` without any that cannot be
    embedded. `n_truncated` counts the queries of which the encoder reads a part only, `n_templated`
    those that hold a prompt template, `n_reused` the distinct texts whose vectors an earlier build
    had saved.
    """

    query_ids: tuple[str, ...]
    texts: tuple[str, ...]
    templates: tuple[str, ...]
    n_chars: NDArray[np.int64]
    asked_at: NDArray[np.float64]
    unread: NDArray[np.bool_]
    vectors: Vectors
    hidden: Vectors
    scores: NDArray[np.float64]
    costs_usd: NDArray[np.float64]
    price_ratios: NDArray[np.float64]
    n_textless: int
    n_unusable: int
    n_truncated: int
    n_templated: int
    n_reused: int

    @cached_property
    def told_apart(self) -> list[str]:
        """What is equal, after `fold`, for copies of one request."""
        return told_apart(self.texts, self.n_chars.tolist())

    def some(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the queries."""
        return replace(
            self,
            query_ids=tuple(self.query_ids[row] for row in rows.tolist()),
            texts=tuple(self.texts[row] for row in rows.tolist()),
            templates=tuple(self.templates[row] for row in rows.tolist()),
            n_chars=self.n_chars[rows],
            asked_at=self.asked_at[rows],
            unread=self.unread[rows],
            vectors=self.vectors[rows],
            hidden=self.hidden[rows],
            scores=self.scores[rows],
            costs_usd=self.costs_usd[rows],
        )


def embed_log(
    log: QueryLog,
    cleaned: Sequence[CleanText],
    evals: EvalTable,
    config: Config,
    encoder: Encoder,
    watch: Watch,
    folder: Path | None = None,
) -> EmbeddedLog:
    """Embed a query log; equal texts are embedded once.

    Args:
        log: the queries.
        cleaned: their texts.
        evals: what is known of them.
        config: the owner's.
        encoder: turns texts into vectors.
        watch: times the step and shows its progress.
        folder: of the index, whose lock the caller holds. Vectors are saved there as they come, and
            taken from there if an earlier build saved them.

    Raises:
        InputError: nothing is left, or more is unusable (blank, or without a finite vector) than
            the config's `texts.max_unusable_share`.
    """
    texts, to_embed = [one.text for one in cleaned], [one.embedded for one in cleaned]
    embedded, places, cut, n_reused = _embed_distinct(to_embed, encoder, watch, folder)
    dimension = encoder.identity.dimension
    rows = np.flatnonzero(usable_parts(embedded, dimension)[places]).astype(np.int64)
    n_textless = sum(
        shows_more and not text for shows_more, text in zip(log.shows_more, texts, strict=True)
    )
    _refuse_unusable(len(texts) - n_textless, len(rows), config.texts.max_unusable_share)
    kept = [texts[row] for row in rows]
    n_chars = np.array(log.n_chars, dtype=np.int64)[rows]
    is_unread = unread(log, config, cleaned, cut.__contains__)[rows]
    measured, prices = evals.costs_usd[rows], config.prices_usd(n_chars.tolist())
    is_read = [row for row in rows.tolist() if not is_too_long(log.texts[row])]
    ratios = price_ratios(measured[~is_unread], prices[~is_unread])
    return EmbeddedLog(
        query_ids=tuple(log.query_ids[row] for row in rows),
        texts=tuple(kept),
        templates=tuple(cleaned[row].template or "" for row in rows.tolist()),
        n_chars=n_chars,
        asked_at=np.array(log.asked_at, dtype=np.float64)[rows],
        unread=is_unread,
        vectors=embedded[places[rows], :dimension],
        hidden=embedded[places[rows], dimension:],
        scores=evals.scores[rows],
        costs_usd=spent_usd(measured, prices, ratios),
        price_ratios=ratios,
        n_textless=n_textless,
        n_unusable=len(texts) - n_textless - len(rows),
        n_truncated=sum(cleaned[row].truncated or to_embed[row] in cut for row in is_read),
        n_templated=sum(cleaned[row].template is not None for row in rows.tolist()),
        n_reused=n_reused,
    )


class _Embedded(NamedTuple):
    """Rows of distinct texts, the last of NaN for blank ones, and the place of each query's row.

    The encoder reads those in `cut` in part; `n_reused` were embedded by an earlier build.
    """

    rows: Vectors
    places: NDArray[np.int64]
    cut: frozenset[str]
    n_reused: int


def _embed_distinct(
    texts: Sequence[str], encoder: Encoder, watch: Watch, folder: Path | None
) -> _Embedded:
    distinct = sorted({text for text in texts if text}, key=lambda text: (len(text), text))
    saved = SavedVectors(folder, encoder, distinct) if folder else None
    known = saved.find(distinct) if saved else [None] * len(distinct)
    if n_reused := sum(row is not None for row in known):
        watch.tell(f"{n_reused:,} of {len(distinct):,} texts are embedded already")
    with watch.step("embed", len(distinct)) as advance:
        vectors = embed_texts(distinct, known, encoder, advance, saved)
        if saved:
            saved.forget_others(distinct, vectors)
        cut = frozenset(filter(encoder.truncates, distinct))
    place = {text: row for row, text in enumerate(distinct)}
    rows = np.vstack([vectors, np.full((1, vectors.shape[1]), np.nan, dtype=np.float32)])
    places = np.array([place.get(text, -1) for text in texts])
    return _Embedded(rows, places, cut, n_reused)


def unread(
    log: QueryLog,
    config: Config,
    cleaned: Sequence[CleanText],
    truncates: Callable[[str], bool],
) -> NDArray[np.bool_]:
    """Say of which requests more than what would be looked at counts; shape (n,).

    They hold an image, sound or a file, or more than `MAX_BYTES` of text, or too much text and the
    config sends such to the frontier. `cleaned` are the texts of the log, `truncates` says which of
    them the encoder reads in part.
    """
    found = np.array(log.shows_more, dtype=bool)
    found |= [is_too_long(text) for text in log.texts]
    if config.texts.truncated == "frontier":
        found |= [one.truncated or truncates(one.embedded) for one in cleaned]
    return found


def embed_texts(
    texts: Sequence[str],
    known: Sequence[NDArray[np.float32] | None],
    encoder: Encoder,
    advance: Advance,
    saved: SavedVectors | None = None,
) -> Vectors:
    """Embed the texts whose vector is not `known`, and keep what is new in `saved`.

    Returns:
        float32, shape (len(texts), width of the encoder).
    """
    rows = np.full((len(texts), encoder.identity.width), np.nan, dtype=np.float32)
    new = [place for place, row in enumerate(known) if row is None]
    for place, row in enumerate(known):
        if row is not None:
            rows[place] = row
    advance(len(texts) - len(new))
    for places in in_runs(new):
        run = [texts[place] for place in places]
        rows[places] = vectors = encoder.encode(run, advance)
        if saved:
            saved.save(run, vectors)
    return rows


def _refuse_unusable(n_queries: int, n_usable: int, largest_share: float) -> None:
    n_unusable = n_queries - n_usable
    if n_usable == 0:
        raise InputError("none of the queries has a text that can be embedded")
    if n_unusable > largest_share * n_queries:
        raise InputError(
            f"{n_unusable} of {n_queries} queries are blank or cannot be embedded, more than the "
            f"{largest_share:.0%} allowed; remove them, or raise max_unusable_share in the [texts] "
            "table of the config"
        )
