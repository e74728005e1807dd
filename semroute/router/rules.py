"""What a request is decided from: where it lies, what is expected of each model there."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isnan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.artifact.serving import (
    AS_KNOWN,
    fitted_requests,
    routing_policy,
    usual_request,
    vocabulary,
)
from semroute.config import Config
from semroute.decision import Candidate, Reason
from semroute.features import features_of
from semroute.index import CentroidIndex
from semroute.vectors import Vectors, has_usable_parts

N_EXPLAINED = 5
"""Clusters found for every text, at least, if there are so many; an explanation lists them."""


class Verdict(NamedTuple):
    """The model for one text, why, and the candidates, cheapest first."""

    model: str
    reason: Reason
    candidates: tuple[Candidate, ...]


class Located(NamedTuple):
    """Texts and their nearest clusters, nearest first; ids are -1 where a row was unusable.

    `vectors` are rows as the encoder gives them: the embedding first, then any hidden states.
    """

    texts: Sequence[str]
    vectors: Vectors
    cluster_ids: NDArray[np.int64]
    similarities: NDArray[np.float32]


def joined(parts: Sequence[Located]) -> Located:
    """Put located texts below each other."""
    return Located(
        [text for part in parts for text in part.texts],
        np.concatenate([part.vectors for part in parts]),
        np.concatenate([part.cluster_ids for part in parts]),
        np.concatenate([part.similarities for part in parts]),
    )


class Rules:
    """One search of the centroids, one estimate, one policy; of an index that has clusters."""

    def __init__(self, contents: IndexContents) -> None:
        self._index = CentroidIndex(contents.centroids)
        self._width = contents.manifest.encoder.width
        self._policy = routing_policy(contents)
        self._vocabulary = vocabulary(contents)
        self._estimator = contents.estimator
        config = contents.manifest.config
        self._models = config.model_names
        self._fitted = fitted_requests(contents)
        self._config, self._usual_request = config, usual_request(contents)
        at_least = max(N_EXPLAINED, self._estimator.n_neighbours)
        self._n_neighbours = min(at_least, self._index.n_clusters)
        tables = (self._policy, self._estimator, self._vocabulary, contents.templates)
        for tables_of in tables:
            _make_tables(tables_of)

    def locate(self, texts: Sequence[str], vectors: Vectors) -> Located:
        """Find the nearest clusters of each text."""
        dimension = self._index.dimension
        points = np.ascontiguousarray(vectors[:, :dimension])
        usable = [has_usable_parts(row, dimension) for row in vectors]
        if all(usable):
            found = self._index.nearest(points, self._n_neighbours)
        else:
            points = np.where(np.array(usable)[:, None], points, np.float32(np.nan))
            found = self._index.search(points, self._n_neighbours)
        return Located(texts, vectors, found.cluster_ids, found.similarities)

    def nowhere(self) -> Located:
        """Return what `locate` says of one text whose row is unusable."""
        return self.locate([""], np.full((1, self._width), np.nan, dtype=np.float32))

    def unknown(self, n_chars: int) -> Verdict:
        """Return the verdict on what nothing is known of but how long it is."""
        if not self._index.n_clusters:
            return Verdict(self._config.frontier, "ood", unread_candidates(self._config, n_chars))
        costs_usd = self._estimator.costs_of_length(self._usual_request, n_chars)
        candidates = _lossless(self._config, dict(zip(self._models, costs_usd, strict=True)))
        return Verdict(self._config.frontier, "ood", candidates)

    def judge(self, located: Located, row: int, n_chars: int) -> Verdict:
        """Choose a model for one text; void for one without a nearest cluster.

        Nothing is estimated for a text the policy does not know: the frontier answers it anyway.
        What the build was fitted on is known, wherever it lies: as the held-out queries that set
        the threshold hold no copy of it, a text that is asked often would count for nothing there.
        """
        similarity, text = located.similarities.item(row, 0), located.texts[row]
        if not self._policy.knows(similarity) or self._vocabulary.is_new(text):
            is_fitted = self._fitted.knows(text, n_chars)
            if located.cluster_ids.item(row, 0) < 0 or not is_fitted:
                return self.unknown(n_chars)
            similarity = AS_KNOWN
        cluster_ids = located.cluster_ids[row]
        losses, costs_usd = self._estimator.estimate_one(
            cluster_ids,
            located.similarities[row],
            located.vectors[row],
            features_of(located.texts[row], n_chars),
            n_chars,
        )
        nearest = cluster_ids.item(0)
        column, reason = self._policy.choose_one(nearest, similarity, losses, costs_usd, n_chars)
        accepted = self._policy.accepted_one(nearest, costs_usd)
        return Verdict(self._models[column], reason, self._candidates(losses, costs_usd, accepted))

    def _candidates(
        self, losses: list[float], costs: list[float], accepted: list[float | None]
    ) -> tuple[Candidate, ...]:
        models = self._models
        cheapest_first = sorted(range(len(models)), key=costs.__getitem__)
        return tuple(
            [
                Candidate(models[i], None if isnan(losses[i]) else losses[i], costs[i], accepted[i])
                for i in cheapest_first
            ]
        )


def _make_tables(owner: object) -> None:
    """Work out every cached property now.

    Before Python 3.12 one lock guards a property of all instances: a child forked while some thread
    works it out would wait for that lock for ever.
    """
    for name, value in vars(type(owner)).items():
        if isinstance(value, cached_property):
            getattr(owner, name)


def unread_candidates(config: Config, n_chars: int) -> tuple[Candidate, ...]:
    """Return the candidates for a request of which no text was looked at, by their prices."""
    return _lossless(config, {model.name: model.cost_usd(n_chars) for model in config.models})


def _lossless(config: Config, costs_usd: Mapping[str, float]) -> tuple[Candidate, ...]:
    """Claim of no model but the frontier what it loses; the cheapest first."""
    cheapest_first = sorted(costs_usd.items(), key=lambda item: item[1])
    return tuple(
        Candidate(name, 0.0 if name == config.frontier else None, cost)
        for name, cost in cheapest_first
    )
