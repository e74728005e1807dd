"""The policy an index serves: the same for requests, for the certificate and for previews."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.certify import CalibrationRows
from semroute.policy import (
    FEWEST_PAIRS,
    MOST_USUAL_COSTS,
    NO_OVERRIDE,
    RoutingPolicy,
    Traffic,
)
from semroute.seen import Overlap, holds, overlap
from semroute.split import is_of_fit
from semroute.texts import CleanText, told_apart
from semroute.vocabulary import Vocabulary


def routing_policy(contents: IndexContents) -> RoutingPolicy:
    """Return the policy of an index, with the certified tolerance and the analysts' labels."""
    certificate, models = contents.manifest.certificate, contents.manifest.config.model_names
    left_out = certificate.models_left_out if certificate else ()
    policy = policy_to_certify(contents).without([models.index(model) for model in left_out])
    return replace(policy, tolerance=contents.manifest.tolerance)


def policy_to_certify(contents: IndexContents) -> RoutingPolicy:
    """Return the policy with the analysts' labels, before anything was certified of it."""
    manifest, clusters = contents.manifest, contents.clusters
    models = manifest.config.model_names
    n_paired = [[known.n_paired for known in cluster.evidence] for cluster in clusters]
    overrides = [NO_OVERRIDE if c.override is None else models.index(c.override) for c in clusters]
    windows = [model.context_window or np.inf for model in manifest.config.models]
    measured = np.array(n_paired, dtype=np.int64).reshape(len(clusters), len(models))
    frontier = manifest.config.frontier_column
    usual_cost_usd = usual_costs_usd(contents)[frontier]
    by_length = contents.estimator.usd_per_char[frontier] > 0
    return RoutingPolicy(
        frontier=frontier,
        tolerance=None,
        measured=measured >= FEWEST_PAIRS,
        overrides=np.array(overrides, dtype=np.int64),
        ood_rule=manifest.ood.rule,
        windows=np.array(windows, dtype=np.float64),
        usual_cost_usd=usual_cost_usd,
        most_cost_usd=MOST_USUAL_COSTS * usual_cost_usd if by_length else np.inf,
        passes_on_too_long=manifest.too_long_goes_to == "next_best",
    )


def usual_costs_usd(contents: IndexContents) -> list[float]:
    """Return what a usual request of the log costs with each model; 0 without clusters."""
    return [
        sum(cluster.share * cluster.evidence[column].mean_cost_usd for cluster in contents.clusters)
        for column in range(len(contents.manifest.config.models))
    ]


def usual_request(contents: IndexContents) -> list[float]:
    """Return what a usual request of the log costs with each model, and then its length.

    Both of the estimator, which shrinks them alike, where costs go by length.
    """
    estimator = contents.estimator
    if not estimator.usd_per_char.any():
        return [*usual_costs_usd(contents), 0.0]
    shares = np.array([cluster.share for cluster in contents.clusters])
    return [*(shares @ estimator.costs_usd).tolist(), float(shares @ estimator.n_chars)]


def vocabulary(contents: IndexContents) -> Vocabulary:
    """Return what tells texts of mostly new words; of an index that does not say, none is."""
    limit = contents.manifest.ood.max_new_words
    return Vocabulary(contents.words, 1.0 if limit is None else limit)


def cleaned_text(contents: IndexContents, text: str) -> CleanText:
    """Return what an index looks at of a text."""
    return contents.manifest.config.texts.clean(text, contents.templates)


AS_KNOWN = 1.0
"""The similarity to itself, of a text that the build was fitted on: it is no unknown one."""


@dataclass(frozen=True)
class FittedRequests:
    """The requests a build was fitted on: hashes of its whole log, and the rule that split it."""

    hashes: NDArray[np.uint64]
    key: str
    seed: int
    n_groups: int
    told_apart_by: str

    def knows(self, text: str, n_chars: int) -> bool:
        """Say whether a request of this text and length is one of them, but for punctuation."""
        (asked,) = _asked(self.told_apart_by, [text], [n_chars])
        return holds(self.hashes, asked, self.key) and is_of_fit(asked, self.seed, self.n_groups)


def fitted_requests(contents: IndexContents) -> FittedRequests:
    """Return what tells the requests an index was fitted on; of one that does not say, none is."""
    manifest, hashes = contents.manifest, np.ascontiguousarray(contents.seen[:, 0])
    n_groups, by = manifest.counts.n_groups, manifest.told_apart_by
    return FittedRequests(hashes, manifest.hash_key, manifest.seed, n_groups, by)


def seen_requests(contents: IndexContents, texts: Sequence[str], n_chars: Sequence[int]) -> Overlap:
    """Say which requests of these cleaned texts and lengths the build of an index has seen."""
    manifest = contents.manifest
    asked = _asked(manifest.told_apart_by, texts, n_chars)
    return overlap(asked, contents.seen, manifest.hash_key)


def _asked(told_apart_by: str, texts: Sequence[str], n_chars: Sequence[int]) -> Sequence[str]:
    """Return what an index knows requests by: older ones by their texts alone."""
    return told_apart(texts, n_chars) if told_apart_by == "request" else texts


def calibration_rows(contents: IndexContents) -> CalibrationRows:
    """Return the held-out queries as the policy and the certificate see them."""
    held_out = contents.calibration
    traffic = Traffic(
        cluster_ids=held_out.cluster_ids,
        similarities=held_out.similarities,
        losses=held_out.expected_losses,
        costs_usd=held_out.expected_costs_usd,
        n_chars=held_out.n_chars,
    )
    return CalibrationRows(
        traffic,
        held_out.scores,
        held_out.costs_usd,
        held_out.text_ids,
        contents.manifest.config.quality.least_known,
    )
