"""`SemanticRouter`: from a text to a decision."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from semroute.artifact.contents import Calibration, IndexContents
from semroute.artifact.encoder import open_index_encoder
from semroute.artifact.loading import load_index, load_samples
from semroute.artifact.serving import cleaned_text
from semroute.decision import Neighbour, Reason, RouteDecision
from semroute.encoders.contract import Encoder
from semroute.errors import EncoderError
from semroute.router.arguments import check_count, check_encoder_object, check_version
from semroute.router.cache import DecisionCache
from semroute.router.ending import UnderWay
from semroute.router.explain import Explanation, explain_decision
from semroute.router.freed import give_back_freed_memory
from semroute.router.reasons import estimate_reasons
from semroute.router.request import Request, unread_request
from semroute.router.rules import (
    N_EXPLAINED,
    Located,
    Rules,
    Verdict,
    joined,
    unread_candidates,
)
from semroute.seen import no_texts
from semroute.side_thread import beside
from semroute.texts import Query, is_too_long, query_text, request_chars, shows_more_than_text
from semroute.vectors import Vectors
from semroute.vocabulary import no_words

logger = logging.getLogger("semroute")

N_CACHED = 4096
"""Decisions kept for texts that are asked again, about 1 kB each."""

N_AT_ONCE = 256
"""Texts looked up together; more would take memory, and hold up the end of a process."""

N_SHOWN = 2
"""Clusters a decision names: the nearest and the runner-up."""


class SemanticRouter:
    """Chooses a model for each request; make one with `SemanticRouter.load`.

    Safe to share between threads.

    >>> router = SemanticRouter.load("clusters/")         # doctest: +SKIP
    >>> decision = router.route("where is my order?")     # doctest: +SKIP
    >>> decision.model, decision.reason                   # doctest: +SKIP
    ('small-model', 'matched')
    """

    def __init__(
        self,
        contents: IndexContents,
        encoder: Encoder,
        folder: Path | None = None,
        *,
        n_cached: int = 0,
    ) -> None:
        self._rules = Rules(contents)
        self._contents = _served(contents)
        self._encoder = encoder
        self._folder = folder
        self._config = contents.manifest.config
        self._whole_only = self._config.texts.truncated == "frontier"
        self._width = contents.manifest.encoder.width
        self._index_version = contents.manifest.index_version
        self._names = tuple(cluster.name for cluster in contents.clusters)
        self._cache = DecisionCache(n_cached)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        encoder: Encoder | None = None,
        version: str | None = None,
        sha256: str | None = None,
        threads: int = 1,
        n_workers: int = 1,
        n_cached: int = N_CACHED,
    ) -> "SemanticRouter":
        """Check and load an index; nothing is fetched from the network.

        Args:
            folder: the folder given to `build-index --out`.
            encoder: used instead of opening the one the index names; must be the same model.
            version: a published version other than the live one.
            sha256: the digest of `manifest.json` that a deployment pins, as `verify` prints it.
            threads: how many threads share the work on one text. One is best under load.
            n_workers: how many texts `route_batch` has under way at a time.
            n_cached: decisions kept for texts that are asked again, 0 for none. No text is kept.

        Raises:
            InvalidIndexError: the index is missing, damaged, from a newer semroute, or was built
                with another encoder.
            EncoderError: the encoder cannot be loaded.
            MissingExtraError: the encoder's packages are not installed.
            TypeError, ValueError: an argument is of another type, or a number too small.
        """
        check_count("threads", threads, 1)
        check_count("n_workers", n_workers, 1)
        check_count("n_cached", n_cached, 0)
        check_version(version)
        check_encoder_object(encoder)
        # Needed further down; on a second core it takes no time beside the files' digests.
        with beside(partial(import_module, "faiss")):
            contents = load_index(Path(folder), version=version, sha256=sha256, samples=False)
        with UnderWay():
            encoder = open_index_encoder(
                contents, given=encoder, threads=threads, n_workers=n_workers
            )
            router = cls(contents, encoder, Path(folder), n_cached=n_cached)
        # Most of it the router does not keep: the encoder's files, and what only certifying needs.
        del contents
        give_back_freed_memory()
        return router

    @property
    def index_version(self) -> str:
        """The version of the index that answers."""
        return self._index_version

    @property
    def frontier(self) -> str:
        """The model that answers whatever is unknown."""
        return self._config.frontier

    def route(self, query: Query) -> RouteDecision:
        """Choose a model for one text or OpenAI messages list.

        Never raises for a `str`: blank text, text above `MAX_BYTES`, a failing encoder and unknown
        text all go to the frontier model, with the reason.

        Raises:
            TypeError: `query` is neither a string nor a list of messages.
        """
        request = self._request(query)
        return self._known(request) or self._found([request])[0]

    async def aroute(self, query: Query) -> RouteDecision:
        """Choose as `route` does, on a worker thread; the event loop goes on meanwhile.

        Where no thread can be started it does not.
        """
        import asyncio

        try:
            return await asyncio.to_thread(self.route, query)
        except RuntimeError:
            return self.route(query)

    def route_batch(self, queries: Sequence[Query]) -> list[RouteDecision]:
        """Choose a model for each query; the same decisions as one by one.

        A text that comes more than once is embedded once.

        Raises:
            TypeError: `queries` is a string, or one of them is neither text nor messages.
        """
        if isinstance(queries, str):
            raise TypeError("route_batch takes a sequence of queries; use route for one text")
        requests = [self._request(query) for query in queries]
        starts = range(0, len(requests), N_AT_ONCE)
        portions = (requests[start : start + N_AT_ONCE] for start in starts)
        return [decision for portion in portions for decision in self._routed(portion)]

    def explain(self, query: Query) -> Explanation:
        """Decide as `route` does, and lay out the clusters, evidence and examples behind it.

        Raises:
            TypeError: `query` is neither a string nor a list of messages.
            InvalidIndexError: the example queries of the version are gone, as after `prune`.
        """
        request = self._request(query)
        if request.fallback or not self._names:
            decision = self._routed([request])[0]
            return explain_decision(decision, request.cleaned.text, (), self._contents, {}, ())
        with UnderWay():
            located = self._locate([(request.cleaned.text, request.cleaned.embedded)])
            decision = self._decided(request, located, 0)
        near = self._neighbours(located, 0, N_EXPLAINED)
        parts = estimate_reasons(self._contents, located, request.n_chars) if near else ()
        examples = self._examples()
        n_elsewhere = request.n_chars - len(query_text(query))
        return explain_decision(
            *(decision, request.cleaned.text, near, self._contents, examples, parts),
            n_elsewhere=n_elsewhere,
            template=request.cleaned.template,
        )

    def _examples(self) -> Mapping[int, tuple[str, ...]]:
        manifest = self._contents.manifest
        kept = load_samples(self._folder, manifest) if self._folder else self._contents.samples
        return {sample.cluster_id: sample.texts for sample in kept}

    def _request(self, query: Query) -> Request:
        text = query_text(query)
        n_chars = request_chars(query)
        if not isinstance(query, str) and shows_more_than_text(query):
            return unread_request("ood", n_chars)
        if is_too_long(text):
            return unread_request("too_long", n_chars)
        cleaned = cleaned_text(self._contents, text)
        if not cleaned.text:
            return unread_request("empty", n_chars, cleaned.truncated)
        if self._whole_only:
            cut = cleaned.truncated or self._truncates(cleaned.embedded)
            if cut is not False:
                return unread_request("too_long" if cut else "encoder_error", n_chars, bool(cut))
        return Request(cleaned, n_chars, key=self._cache.key_of(cleaned, n_chars))

    def _routed(self, requests: Sequence[Request]) -> list[RouteDecision]:
        known = [self._known(request) for request in requests]
        new = [request for request, found in zip(requests, known, strict=True) if found is None]
        found = iter(self._found(new) if new else ())
        return [decision or next(found) for decision in known]

    def _known(self, request: Request) -> RouteDecision | None:
        """Return what needs no looking up: a fallback, or what was decided before."""
        if request.fallback:
            return self._fallback(request, request.fallback)
        return self._cache.get(request.key) if request.key else None

    def _found(self, requests: Sequence[Request]) -> list[RouteDecision]:
        with UnderWay():
            return self._looked_up(requests)

    def _looked_up(self, requests: Sequence[Request]) -> list[RouteDecision]:
        """Decide requests that have a text, each distinct one embedded once."""
        if not self._names:
            return [self._fallback(request, "ood") for request in requests]
        rows: dict[tuple[str, str], int] = {}
        for request in requests:
            rows.setdefault((request.cleaned.text, request.cleaned.embedded), len(rows))
        located = self._locate(list(rows))
        decisions = []
        for request in requests:
            decision = self._decided(
                request, located, rows[request.cleaned.text, request.cleaned.embedded]
            )
            if request.key and decision.reason != "encoder_error":
                self._cache.put(request.key, decision)
            decisions.append(decision)
        return decisions

    def _locate(self, texts: list[tuple[str, str]]) -> Located:
        """Find the nearest clusters of each text, most similar first; id -1 where it failed.

        Texts come with what is embedded of them. If a batch fails its texts are looked up one by
        one: one text must not spoil the others.
        """
        try:
            vectors = self._embed([embedded for _, embedded in texts])
            return self._rules.locate([text for text, _ in texts], vectors)
        except Exception as error:  # a user's encoder may raise anything; `route` never does
            # The message of a foreign error may quote the text, so only its type is logged.
            logger.warning("looking up %d texts failed: %s", len(texts), type(error).__name__)
        if len(texts) == 1:
            return self._rules.nowhere()
        return joined([self._locate([text]) for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = self._encoder.encode(texts)
        expected = (len(texts), self._width)
        if vectors.shape != expected:
            raise EncoderError(f"the encoder gave vectors of shape {vectors.shape}, not {expected}")
        return vectors

    def _truncates(self, text: str) -> bool | None:
        """Whether the encoder looks at part of a text only; None where it fails to say."""
        try:
            return bool(self._encoder.truncates(text))
        except Exception as error:  # a user's encoder may raise anything; `route` never does
            logger.warning("counting the tokens of a text failed: %s", type(error).__name__)
            return None

    def _neighbours(self, located: Located, row: int, n_most: int) -> list[Neighbour]:
        """Return the clusters found for a row, most similar first; none for an unusable vector."""
        cluster_ids = located.cluster_ids[row, :n_most].tolist()
        similarities = located.similarities[row].tolist()
        return [
            Neighbour(cluster, self._names[cluster], similarities[i])
            for i, cluster in enumerate(cluster_ids)
            if cluster >= 0
        ]

    def _decided(self, request: Request, located: Located, row: int) -> RouteDecision:
        """Decide the request whose text is in a row of `located`."""
        try:
            verdict = self._rules.judge(located, row, request.n_chars)
        except Exception as error:  # MemoryError or a bug; `route` never raises for a str
            logger.warning("deciding a request failed: %s", type(error).__name__)
            return self._fallback(request, "encoder_error")
        return self._judged(request, verdict, self._neighbours(located, row, N_SHOWN))

    def _judged(self, request: Request, verdict: Verdict, near: list[Neighbour]) -> RouteDecision:
        if not near:
            return self._fallback(request, "encoder_error")
        nearest, *others = near
        return RouteDecision(
            model=verdict.model,
            reason=verdict.reason,
            index_version=self._index_version,
            candidates=verdict.candidates,
            cluster_id=nearest.cluster_id,
            cluster_name=nearest.cluster_name,
            similarity=nearest.similarity,
            runner_up=others[0] if others else None,
            # Where such texts go to the frontier this one was counted on its way in.
            truncated=request.cleaned.truncated
            or (not self._whole_only and bool(self._truncates(request.cleaned.embedded))),
        )

    def _fallback(self, request: Request, reason: Reason) -> RouteDecision:
        return RouteDecision(
            model=self.frontier,
            reason=reason,
            index_version=self.index_version,
            candidates=unread_candidates(self._config, request.n_chars)
            if reason in ("empty", "too_long")
            else self._rules.unknown(request.n_chars).candidates,
            truncated=request.cleaned.truncated,
        )


def _served(contents: IndexContents) -> IndexContents:
    """Leave out what no request needs: held-out queries, hashes of the log, the encoder's files."""
    empty: dict[str, Any] = {field.name: np.empty(0) for field in fields(Calibration)}
    calibration = Calibration(**empty | {"models": contents.calibration.models})
    kept = replace(contents, calibration=calibration, seen=no_texts(), encoder_files={})
    return replace(kept, words=no_words())
