"""`SemanticRouter`: from a text to a decision."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import check_encoder, load_index
from semroute.decision import Candidate, Neighbour, Reason, RouteDecision
from semroute.encoders import open_encoder
from semroute.encoders.contract import Encoder
from semroute.errors import EncoderError
from semroute.router.explain import Explanation, explain_decision
from semroute.router.reasons import estimate_reasons
from semroute.router.rules import Located, Rules, Verdict, joined, unknown_candidates
from semroute.texts import MAX_BYTES, Query, clean, query_text
from semroute.vectors import Vectors, usable_rows

logger = logging.getLogger("semroute")

N_SHOWN = 2
"""Clusters a decision names: the nearest and the runner-up."""

N_EXPLAINED = 5
"""Clusters an explanation lists."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One query on its way: what is embedded, or the reason why nothing is."""

    text: str
    truncated: bool
    n_chars: int
    fallback: Reason | None


class SemanticRouter:
    """Chooses a model for each request; make one with `SemanticRouter.load`.

    >>> router = SemanticRouter.load("clusters/")         # doctest: +SKIP
    >>> decision = router.route("where is my order?")     # doctest: +SKIP
    >>> decision.model, decision.reason                   # doctest: +SKIP
    ('small-model', 'matched')
    """

    def __init__(
        self, contents: IndexContents, encoder: Encoder, folder: Path | None = None
    ) -> None:
        self._contents = contents
        self._encoder = encoder
        self._folder = folder
        self._config = contents.manifest.config
        self._rules = Rules(contents)
        self._unknown = unknown_candidates(self._config)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        encoder: Encoder | None = None,
        version: str | None = None,
        sha256: str | None = None,
    ) -> "SemanticRouter":
        """Check and load an index; nothing is fetched from the network.

        Args:
            folder: the folder given to `build-index --out`.
            encoder: used instead of opening the one the index names; must be the same model.
            version: a published version other than the live one.
            sha256: the digest of `manifest.json` that a deployment pins, as `verify` prints it.

        Raises:
            InvalidIndexError: the index is missing, damaged, from a newer semroute, or was built
                with another encoder.
            EncoderError: the encoder cannot be loaded.
            MissingExtraError: the encoder's packages are not installed.
        """
        contents = load_index(Path(folder), version=version, sha256=sha256, samples=False)
        settings = contents.manifest.config.encoder
        encoder = encoder or open_encoder(settings, local_only=True)
        check_encoder(contents, encoder)
        return cls(contents, encoder, Path(folder))

    @property
    def index_version(self) -> str:
        """The version of the index that answers."""
        return self._contents.manifest.index_version

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
        return self.route_batch([query])[0]

    def route_batch(self, queries: Sequence[Query]) -> list[RouteDecision]:
        """Choose a model for each query; the same decisions as one by one.

        Raises:
            TypeError: `queries` is a string, or one of them is neither text nor messages.
        """
        if isinstance(queries, str):
            raise TypeError("route_batch takes a sequence of queries; use route for one text")
        requests = [self._request(query) for query in queries]
        embedded = [request for request in requests if request.fallback is None]
        decided = iter(self._decide(embedded, N_SHOWN))
        return [
            self._fallback(request, request.fallback) if request.fallback else next(decided)
            for request in requests
        ]

    def explain(self, query: Query) -> Explanation:
        """Decide as `route` does, and lay out the clusters, evidence and examples behind it."""
        decision = self.route(query)
        request = self._request(query)
        located = None if request.fallback else self._locate([request.text], N_EXPLAINED)
        near = [] if located is None else self._neighbours(located, 0)[:N_EXPLAINED]
        parts = estimate_reasons(self._contents, located) if near and located else ()
        return explain_decision(decision, near, self._contents, self._sample_texts(), parts)

    def _sample_texts(self) -> Mapping[int, tuple[str, ...]]:
        if self._folder is None:
            return {sample.cluster_id: sample.texts for sample in self._contents.samples}
        contents = load_index(self._folder, version=self.index_version)
        return {sample.cluster_id: sample.texts for sample in contents.samples}

    def _request(self, query: Query) -> _Request:
        text = query_text(query)
        n_chars = len(text) if isinstance(query, str) else _conversation_chars(query)
        if _too_long(text):
            return _Request("", False, n_chars, "too_long")
        cleaned = clean(text, self._config.texts.max_chars)
        return _Request(cleaned.text, cleaned.truncated, n_chars, None if cleaned.text else "empty")

    def _locate(self, texts: list[str], n_neighbours: int) -> Located:
        """Find the nearest clusters of each text, most similar first; id -1 where it failed.

        If a batch fails its texts are looked up one by one: one text must not spoil the others.
        """
        try:
            return self._rules.locate(texts, self._embed(texts), n_neighbours)
        except Exception as error:  # whatever fails in here, the request is answered
            # The message of a foreign error may quote the text, so only its type is logged.
            logger.warning("looking up %d texts failed: %s", len(texts), type(error).__name__)
        if len(texts) == 1:
            return self._rules.nowhere(n_neighbours)
        return joined([self._locate([text], n_neighbours) for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        """Embed texts; rows that cannot be used are NaN."""
        vectors = self._encoder.encode(texts)
        expected = (len(texts), self._contents.manifest.encoder.dimension)
        if vectors.shape != expected:
            raise EncoderError(f"the encoder gave vectors of shape {vectors.shape}, not {expected}")
        return np.where(usable_rows(vectors)[:, None], vectors, np.float32(np.nan))

    def _neighbours(self, located: Located, row: int) -> list[Neighbour]:
        """Return the clusters found for a row, most similar first; none for a row of NaN."""
        found = zip(located.cluster_ids[row], located.similarities[row], strict=True)
        clusters = self._contents.clusters
        return [
            Neighbour(int(cluster), clusters[cluster].name, float(similarity))
            for cluster, similarity in found
            if cluster >= 0
        ]

    def _decide(self, requests: Sequence[_Request], n_neighbours: int) -> list[RouteDecision]:
        """Decide requests that are to be embedded."""
        if not requests:
            return []
        located = self._locate([request.text for request in requests], n_neighbours)
        usable = located.usable_rows().tolist()
        n_chars = [requests[row].n_chars for row in usable]
        judged = self._rules.judge(located.some(usable), n_chars)
        verdicts = dict(zip(usable, judged, strict=True))
        reason: Reason = "encoder_error" if self._contents.clusters else "ood"
        return [
            self._judged(request, verdicts[row], self._neighbours(located, row))
            if row in verdicts
            else self._fallback(request, reason)
            for row, request in enumerate(requests)
        ]

    def _judged(self, request: _Request, verdict: Verdict, near: list[Neighbour]) -> RouteDecision:
        candidates = self._unknown if verdict.reason == "ood" else verdict.candidates
        return self._answer(request, verdict.model, verdict.reason, candidates, near)

    def _fallback(self, request: _Request, reason: Reason) -> RouteDecision:
        return self._answer(request, self.frontier, reason, self._unknown, [])

    def _answer(
        self,
        request: _Request,
        model: str,
        reason: Reason,
        candidates: tuple[Candidate, ...],
        near: list[Neighbour],
    ) -> RouteDecision:
        nearest = near[0] if near else None
        return RouteDecision(
            model=model,
            reason=reason,
            index_version=self.index_version,
            candidates=candidates,
            cluster_id=nearest.cluster_id if nearest else None,
            cluster_name=nearest.cluster_name if nearest else None,
            similarity=nearest.similarity if nearest else None,
            runner_up=near[1] if len(near) > 1 else None,
            truncated=request.truncated,
        )


def _too_long(text: str) -> bool:
    """Whether a text is above `MAX_BYTES` in UTF-8; short ones are not encoded to find out."""
    if len(text) <= MAX_BYTES // 4:
        return False
    return len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES


def _conversation_chars(messages: Sequence[Mapping[str, object]]) -> int:
    """Count the characters of all turns: the model that answers reads the whole conversation."""
    return sum(len(query_text([{**turn, "role": "user"}])) for turn in messages)
