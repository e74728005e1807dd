"""Decisions of an index beside the queries its build held out, figure by figure."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.decision import RouteDecision
from semroute.monitoring.noise import (
    Values,
    holm,
    moved_by_chance,
    moved_share,
    p_value_of_means,
    p_value_of_shares,
    standard_error,
)
from semroute.monitoring.results import (
    ClusterDrift,
    ExpectedSaving,
    Figure,
    TrafficDrift,
    Unit,
    saved_share,
)
from semroute.monitoring.samples import (
    NOWHERE,
    Logged,
    Requests,
    held_out,
    logged,
    refuse_nothing_to_compare,
)

LEVEL = 0.05
"""Of finding any difference where there is none."""

_PART = LEVEL / 3
"""For figures of all traffic, for what moved between clusters, and for single clusters."""

_TENTH = 0.1


def traffic_drift(
    contents: IndexContents, decisions: Iterable[RouteDecision | Mapping[str, Any]]
) -> TrafficDrift:
    """Compare decisions of an index with its held-out queries, as the index would serve these.

    No text and no encoder is needed. Shares of models, of `ood` and `too_long`, and the means are
    over all requests but two kinds: those that are `empty` have no part in a build, and
    `encoder_error` says nothing of a request. What a request costs that is too long to be read is
    what a usual one does, as for a build. Decisions of other versions are left out.

    Args:
        contents: of the version that decided, as `load_index` reads it.
        decisions: as the router gives them, or what `to_dict` made of them.

    Raises:
        InputError: one is no decision, none is of the version, or nothing was held out.
    """
    found = logged(contents, decisions)
    refuse_nothing_to_compare(contents, found)
    both = _Both(held_out(contents), found.requests())
    models, reasons, means = _marked(
        [_models(contents, both), _reasons(contents, both, found), _means(both)]
    )
    certificate = contents.manifest.certificate
    return TrafficDrift(
        index_version=contents.manifest.index_version,
        n_held_out=len(both.then),
        n_decisions=found.n_decisions,
        n_other_versions=dict(found.others.most_common()),
        n_compared=len(both.now),
        n_texts=both.now.n_texts,
        largest_text_share=both.now.largest_share,
        max_loss=contents.manifest.config.quality.max_loss,
        is_promised=bool(certificate and certificate.holds and not certificate.is_frontier_alone),
        saving=_saving(contents.manifest.config.frontier, both),
        models=models,
        reasons=(*reasons, _truncated(found)),
        means=means,
        clusters=_clusters(contents, both.known()),
    )


_Test = Callable[[Values, Values], float | None]


@dataclass(frozen=True)
class _Both:
    """The held-out queries, and the requests that were decided."""

    then: Requests
    now: Requests

    def known(self) -> "_Both":
        """Return those that lie near a cluster."""
        return _Both(*(one.some(one.cluster_ids != NOWHERE) for one in (self.then, self.now)))

    def values(self, name: str, *wanted: int | str) -> tuple[Values, Values]:
        """Return whether a column is one of those `wanted`, for each request of both."""
        then, now = (
            Values(np.isin(getattr(one, name), [*wanted]).astype(np.float64), one.text_ids)
            for one in (self.then, self.now)
        )
        return then, now


def _models(contents: IndexContents, both: _Both) -> list[Figure]:
    names = contents.manifest.config.model_names
    return [_share(name, *both.values("columns", i)) for i, name in enumerate(names)]


def _reasons(contents: IndexContents, both: _Both, found: Logged) -> list[Figure]:
    counts, left_out, n = contents.manifest.counts, found.left_out, found.n_decisions
    n_blank, n_log = counts.n_unusable_queries, counts.n_queries + counts.n_unusable_queries
    return [
        *_unread_as_ood(contents, both),
        _share("empty", _counted(n_blank, n_log), _counted(left_out["empty"], n)),
        _share("encoder_error", _counted(0, n_log), _counted(left_out["encoder_error"], n)),
    ]


def _unread_as_ood(contents: IndexContents, both: _Both) -> list[Figure]:
    if contents.manifest.config.texts.truncated == "frontier":
        # A build notes of what it held out only that the text does not decide, not why.
        return [_share("ood or too_long", *both.values("reasons", "ood", "too_long"))]
    return [_share(name, *both.values("reasons", name)) for name in ("ood", "too_long")]


def _counted(k: int, n: int) -> Values:
    return Values((np.arange(n) < k).astype(np.float64), np.arange(n))


def _saving(frontier: str, both: _Both) -> ExpectedSaving:
    then, (n, cost_usd, frontier_cost_usd) = _costs_usd(both.then), _costs_usd(both.now)
    return ExpectedSaving(frontier, n, cost_usd, frontier_cost_usd, saved_share(*then[1:]))


def _costs_usd(requests: Requests) -> tuple[int, float, float]:
    """Return how many requests have a known cost, and the sums of theirs and the frontier's."""
    costs = np.stack([requests.costs_usd, requests.frontier_costs_usd])
    known = np.isfinite(costs).all(axis=0)
    cost_usd, frontier_cost_usd = costs[:, known].sum(axis=1).tolist()
    return int(known.sum()), cost_usd, frontier_cost_usd


def _truncated(found: Logged) -> Figure:
    now = found.n_truncated / found.n_decisions
    return Figure("truncated", "share", held_out=None, now=now)


def _means(both: _Both) -> list[Figure]:
    return [
        _mean("expected loss", "score", both, "losses"),
        _mean("expected cost", "usd", both, "costs_usd"),
    ]


def _mean(name: str, unit: Unit, both: _Both, column: str) -> Figure:
    then, now = (
        Values(getattr(one, column), one.text_ids).known() for one in (both.then, both.now)
    )
    return _figure(name, unit, then, now, p_value_of_means)


def _share(name: str, then: Values, now: Values) -> Figure:
    return _figure(name, "share", then, now, p_value_of_shares)


def _figure(name: str, unit: Unit, then: Values, now: Values, p_value: _Test) -> Figure:
    was, is_now = (float(one.values.mean()) if len(one) else None for one in (then, now))
    if was is None or is_now is None:
        return Figure(name, unit, was, is_now)
    return Figure(
        name,
        unit,
        was,
        is_now,
        noise=2 * standard_error(then, now),
        p_value=p_value(then, now),
        p_value_of_copies=p_value(then.one_by_one(), now.one_by_one()),
    )


def _marked(parts: Sequence[Sequence[Figure]]) -> list[tuple[Figure, ...]]:
    """Mark what differs, all parts taken together, and put the largest change of each first."""
    marked = iter(_mark([one for part in parts for one in part]))
    return [_largest_first([next(marked) for _ in part]) for part in parts]


def _mark(figures: Sequence[Figure]) -> list[Figure]:
    differ = holm([one.p_value for one in figures], _PART)
    by_copies = holm([one.p_value_of_copies for one in figures], _PART)
    return [
        replace(one, differs=alone, differs_by_copies=copied and not alone)
        for one, alone, copied in zip(figures, differ, by_copies, strict=True)
    ]


def _largest_first(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    # Means have two units: in standard errors they can be compared, unlike as they are.
    def size(one: Figure) -> tuple[int, float]:
        rank = 0 if one.differs else 1 if one.differs_by_copies else 2
        change = abs(one.difference or 0.0)
        return rank, -(change if one.unit == "share" else change / (one.noise or 1))

    return tuple(sorted(figures, key=size))


def _clusters(contents: IndexContents, both: _Both) -> ClusterDrift:
    if not (len(both.then) and len(both.now)):
        return ClusterDrift(None, None, None, differs=False, visible_change=None, shares=())
    figures = list(_cluster_shares(contents, both))
    then, now = (
        np.bincount(one.cluster_ids, minlength=len(contents.clusters))
        for one in (both.then, both.now)
    )
    moved = float(moved_share(then / then.sum(), now / now.sum()))
    together = (then + now) / (then + now).sum()
    chance = moved_by_chance(together, both.then.text_ids, both.now.text_ids)
    return ClusterDrift(
        moved_share=moved,
        usual_by_chance=float(chance.mean()),
        most_by_chance=float(np.quantile(chance, 0.95)),
        differs=_is_beyond(moved, chance),
        visible_change=_visible_change(both, len(figures)),
        shares=_largest_first(_mark(figures)),
    )


def _is_beyond(moved: float, chance: NDArray[np.float64]) -> bool:
    # A hair: the same sum in another order may be rounded apart.
    return bool((1 + (chance >= moved - 1e-12).sum()) / (1 + len(chance)) <= _PART)


def _cluster_shares(contents: IndexContents, both: _Both) -> Iterator[Figure]:
    for cluster in contents.clusters:
        then, now = both.values("cluster_ids", cluster.cluster_id)
        if then.values.any() or now.values.any():
            yield replace(_share(cluster.name, then, now), cluster_id=cluster.cluster_id)


def _visible_change(both: _Both, n_clusters: int) -> float:
    """Return about how far the share of a tenth has to go to be told from noise."""
    quantile = NormalDist().inv_cdf(1 - _PART / n_clusters / 2)
    n = sum(_variance_factor(one.text_ids) for one in (both.then, both.now))
    return quantile * math.sqrt(_TENTH * (1 - _TENTH) * n)


def _variance_factor(text_ids: NDArray[np.int64]) -> float:
    """Return one over the number of requests, copies weighed as they weigh on a share."""
    copies = np.bincount(text_ids).astype(np.float64)
    return float((copies**2).sum() / len(text_ids) ** 2)
