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
from semroute.index import CentroidIndex
from semroute.router.explain import Explanation, explain_decision
from semroute.router.rules import cluster_rules, unknown_candidates
from semroute.texts import MAX_BYTES, Query, clean, query_text
from semroute.vectors import Vectors, usable_rows

logger = logging.getLogger("semroute")

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
        self._index = CentroidIndex(contents.centroids)
        self._rules = cluster_rules(contents)
        self._unknown = unknown_candidates(self._config)
        self._windows = {model.name: model.context_window for model in self._config.models}

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
        found = iter(self._look_up([r.text for r in requests if r.fallback is None], 2))
        return [
            self._fallback(request, request.fallback)
            if request.fallback
            else self._decide(request, next(found))
            for request in requests
        ]

    def explain(self, query: Query) -> Explanation:
        """Decide as `route` does, and lay out the clusters, evidence and examples behind it."""
        decision = self.route(query)
        request = self._request(query)
        near = [] if request.fallback else self._look_up([request.text], N_EXPLAINED)[0]
        samples = self._sample_texts()
        return explain_decision(decision, near, self._contents, samples)

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

    def _look_up(self, texts: list[str], k: int) -> list[list[Neighbour]]:
        """Return the k nearest clusters of each text, most similar first; none where it failed.

        If a batch fails its texts are looked up one by one: one text must not spoil the others.
        """
        try:
            return self._nearest(self._embed(texts), k) if texts else []
        except Exception as error:  # whatever fails in here, the request is answered
            # The message of a foreign error may quote the text, so only its type is logged.
            logger.warning("looking up %d texts failed: %s", len(texts), type(error).__name__)
        if len(texts) == 1:
            return [[]]
        return [self._look_up([text], k)[0] for text in texts]

    def _embed(self, texts: list[str]) -> Vectors:
        """Embed texts; rows that cannot be used are NaN."""
        vectors = self._encoder.encode(texts)
        expected = (len(texts), self._contents.manifest.encoder.dimension)
        if vectors.shape != expected:
            raise EncoderError(f"the encoder gave vectors of shape {vectors.shape}, not {expected}")
        return np.where(usable_rows(vectors)[:, None], vectors, np.float32(np.nan))

    def _nearest(self, vectors: Vectors, k: int) -> list[list[Neighbour]]:
        """Return up to k clusters per row, most similar first; none for a row of NaN."""
        found = self._index.search(vectors, k)
        return [
            [
                Neighbour(int(row), self._rules[row].name, float(similarity))
                for row, similarity in zip(ids, similarities, strict=True)
                if row >= 0
            ]
            for ids, similarities in zip(found.cluster_ids, found.similarities, strict=True)
        ]

    def _decide(self, request: _Request, near: list[Neighbour]) -> RouteDecision:
        if not near:
            reason: Reason = "encoder_error" if self._rules else "ood"
            return self._fallback(request, reason)
        nearest = near[0]
        rule = self._rules[nearest.cluster_id]
        if nearest.similarity < self._contents.manifest.ood.threshold:
            return self._answer(request, self.frontier, "ood", self._unknown, near)
        if self._overflows(rule.model, request.n_chars):
            return self._answer(request, self.frontier, "too_long", rule.candidates, near)
        return self._answer(request, rule.model, rule.reason, rule.candidates, near)

    def _overflows(self, model: str, n_chars: int) -> bool:
        """Whether a request may not fit the model's window; two characters a token is cautious."""
        window = self._windows[model]
        return window is not None and n_chars / 2 > window

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
