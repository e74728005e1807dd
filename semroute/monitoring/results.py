"""What a comparison of traffic with the held-out queries found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Unit = Literal["share", "score", "usd"]


@dataclass(frozen=True)
class Figure:
    """One figure of the held-out queries and of the decisions.

    `noise` is two standard errors of the difference of two samples of the same traffic. `p_value`
    is that of no change, None where nothing can be said. `differs` takes all figures that are
    looked at into account. In all three copies of a text tell no more than one: of what does not
    differ, `differs_by_copies` says that it would if each were a request of its own, by
    `p_value_of_copies`. Without requests, or where the index does not know it, a figure is None.
    """

    name: str
    unit: Unit
    held_out: float | None
    now: float | None
    noise: float | None = None
    p_value: float | None = None
    p_value_of_copies: float | None = None
    differs: bool = False
    differs_by_copies: bool = False
    cluster_id: int | None = None

    @property
    def difference(self) -> float | None:
        """How much more it is now."""
        return None if self.held_out is None or self.now is None else self.now - self.held_out

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        found = {**asdict(self), "difference": self.difference}
        return found if self.cluster_id is not None else _without(found, "cluster_id")


@dataclass(frozen=True)
class ClusterDrift:
    """The shares of known traffic that lie nearest to each cluster, the largest change first.

    `moved_share` of it went to other clusters; two samples of the same traffic of these sizes seem
    to move `usual_by_chance` on average, and at most `most_by_chance` in 95 of 100. All three are
    None where nothing lies near a cluster. `visible_change` is about how far the share of a cluster
    with a tenth of traffic has to go to be seen.
    """

    moved_share: float | None
    usual_by_chance: float | None
    most_by_chance: float | None
    differs: bool
    visible_change: float | None
    shares: tuple[Figure, ...]


@dataclass(frozen=True)
class ExpectedSaving:
    """What the decided requests are expected to cost in all, in US dollars, and by the frontier.

    Over `n_requests`, those of which both are known. `held_out` is the share of cost saved on the
    queries the build held out; None where it is not known.
    """

    frontier: str
    n_requests: int
    cost_usd: float
    frontier_cost_usd: float
    held_out: float | None

    @property
    def now(self) -> float | None:
        """Share of the frontier's cost that is saved; None where that is 0."""
        return saved_share(self.cost_usd, self.frontier_cost_usd)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {**asdict(self), "now": self.now}


def saved_share(cost_usd: float, frontier_cost_usd: float) -> float | None:
    """Return the share of a cost that is saved; None of nothing."""
    return 1 - cost_usd / frontier_cost_usd if frontier_cost_usd > 0 else None


@dataclass(frozen=True)
class TrafficDrift:
    """Decisions of one version beside the queries its build held out.

    `n_decisions` are all of the version, `n_other_versions` those of others, which are left out.
    `n_compared` are neither `empty` nor `encoder_error`; they are of `n_texts` different texts, the
    most frequent of which is `largest_text_share` of them. `saving` is of these. `models`,
    `reasons` and `means` come with the largest change first.
    """

    index_version: str
    n_held_out: int
    n_decisions: int
    n_other_versions: Mapping[str, int]
    n_compared: int
    n_texts: int
    largest_text_share: float
    max_loss: float
    is_promised: bool
    saving: ExpectedSaving
    models: tuple[Figure, ...]
    reasons: tuple[Figure, ...]
    means: tuple[Figure, ...]
    clusters: ClusterDrift

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures but those of single clusters."""
        return (*self.models, *self.reasons, *self.means)

    @property
    def is_drift(self) -> bool:
        """Whether anything differs by more than noise."""
        alone = any(one.differs for one in (*self.figures, *self.clusters.shares))
        return alone or self.clusters.differs

    @property
    def sentence(self) -> str:
        """What it means, in plain words."""
        from semroute.monitoring.verdict import verdict

        return verdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        parts: dict[str, Any] = {
            name: [one.to_dict() for one in getattr(self, name)]
            for name in ("models", "reasons", "means")
        }
        shares = [one.to_dict() for one in self.clusters.shares]
        clusters = {**_without(asdict(self.clusters), "shares"), "shares": shares}
        told = {"is_drift": self.is_drift, "sentence": self.sentence}
        parts["saving"] = self.saving.to_dict()
        return {**asdict(self), **parts, "clusters": clusters, **told}


def _without(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != name}
