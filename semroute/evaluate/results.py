"""What an evaluation finds, as plain values."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from semroute.evaluate.paired import CONFIDENCE, Interval
from semroute.evaluate.promise import Comparison, Promise

MOST_UNKNOWN = 40

Kind = Literal["router", "single", "rule", "learned", "hindsight"]


@dataclass(frozen=True)
class StrategyResult:
    """One way to choose models, judged on the frozen set.

    Scores are means per query, costs US dollars per request. `saved_usd` is the frontier's cost
    minus this one's, `saving` its share. `loss` is the frontier's mean score minus this one's,
    `router_gain` the router's mean score minus this one's. None where the models it chooses were
    never scored. `n_unscored` counts queries whose model or frontier has no score.
    """

    name: str
    kind: Kind
    score: Interval | None
    loss: Interval | None
    cost_usd: Interval
    saving: Interval
    saved_usd: Interval
    frontier_share: float
    router_gain: Interval | None
    n_unscored: int


@dataclass(frozen=True)
class OperatingPoint:
    """What the router would do at another tolerance; None is "always the frontier"."""

    tolerance: float | None
    score: float | None
    loss: float | None
    cost_usd: float
    saving: float
    frontier_share: float


@dataclass(frozen=True)
class CurveFigures:
    """Figures of the whole curve; None where the set cannot say.

    `apgr`, `cpt_50` and `cpt_80` are between the cheapest model and the frontier, by the share of
    calls to the frontier. `saved_at_95` and `saved_at_99` and `aiq` count every model;
    `aiq_single_models` is what mixing single models at random attains.
    """

    apgr: Interval | None
    cpt_50: Interval | None
    cpt_80: Interval | None
    saved_at_95: Interval | None
    saved_at_99: Interval | None
    aiq: Interval | None
    aiq_single_models: Interval | None


@dataclass(frozen=True)
class Slice:
    """The router on the `n` queries that share a value of a column, or the nearest cluster.

    Of `n_unscored` the model that answers, or the frontier, has no score. `n_elsewhere` went to
    other models than the frontier, which alone can lose anything. `is_small`: too few have scores,
    or too few of those that went elsewhere. `model_shares` are of the models that answered.
    """

    column: str
    value: str
    n: int
    n_unscored: int
    n_elsewhere: int
    is_small: bool
    score: Interval | None
    loss: Interval | None
    cost_usd: float
    saving: Interval | None
    frontier_share: float
    model_shares: Mapping[str, float]
    cluster_id: int | None = None


@dataclass(frozen=True)
class UnknownQuery:
    """A query that was taken for unknown, and the cluster that is least unlike it."""

    query_id: str
    similarity: float | None
    cluster_name: str | None


@dataclass(frozen=True)
class Evaluation:
    """A router judged on queries its build has not seen.

    `certificate` is what the build promised, `against_promise` what was measured beside it.
    `left_out` are the ids of queries that were left out because the build has seen them; `notes`
    say what that does to the figures, and which models answer nothing for want of scores.
    `measured_costs` is the share of the costs of the router and the frontier that were measured;
    the others are prices of the config. `n_missing` counts missing scores by model. `reasons` are
    shares of the router's reasons, `model_shares` of its models. `n_learning` says how many queries
    kNN and the classifier learned from. `strategies` begin with the router; `absent_strategies`
    names those that scikit-learn is missing for. `slices` come worst first within a column;
    `unknown` holds queries that were taken for unknown, least similar first, at most
    `MOST_UNKNOWN`.
    """

    index_version: str
    frontier: str
    cheapest: str
    n_queries: int
    certificate: Promise
    against_promise: Comparison
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    measured_costs: float
    n_missing: Mapping[str, int]
    n_learning: int
    n_resamples: int
    seed: int
    verdict: tuple[str, ...]
    strategies: tuple[StrategyResult, ...]
    absent_strategies: tuple[str, ...]
    figures: CurveFigures
    points: tuple[OperatingPoint, ...]
    model_shares: Mapping[str, float]
    reasons: Mapping[str, float]
    slices: tuple[Slice, ...]
    skipped_columns: tuple[str, ...]
    unknown: tuple[UnknownQuery, ...]

    @property
    def router(self) -> StrategyResult:
        """The router's own row."""
        return self.strategies[0]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        plain: dict[str, Any] = finite(asdict(self))
        return {**plain, "confidence": CONFIDENCE}


def finite(value: Any) -> Any:
    """Return nested plain values with None for NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
