"""Certifying a policy: how much it can lose, as a finite-sample statement about traffic.

The family of policies is ordered by tolerance, from always the frontier upwards. It is walked from
the safe end; a policy passes if its losses on the calibration queries rule out a mean of `max_loss`
or more (`betting`), and the walk stops at the first that does not (fixed-sequence testing: no price
for the number of steps).
"""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from semroute.betting import rules_out, upper_bound
from semroute.policy import NO_OVERRIDE, Choices, Integers, Numbers, RoutingPolicy, Traffic
from semroute.sample_size import about, n_needed

TOLERANCES: tuple[float, ...] = tuple(
    sorted({*(step / 100 for step in range(-50, 101)), 0.002, 0.004, 0.006, 0.008})
)
"""The family: fixed before any data, so that no look at the calibration queries shapes it.

Finer between 0 and 0.01, where models that lose next to nothing are told apart (decision 3).
"""

LEAST_KNOWN = 0.5
"""Of the queries a model answers, for those that lack scores to be left out."""

_SHARE_WORTH_CERTIFYING = 0.1


class Certificate(BaseModel):
    """What was promised of an index's policy, and what it rests on.

    `tolerance` is that of the policy in force; None: nothing passed, so that all requests go to the
    frontier but for analysts' labels. `holds` says whether the promise was shown for what is in
    force, analysts' labels included. `upper_bound` bounds the mean score lost per request at
    `confidence`, `mean_loss` is what was seen. Of `n_queries` calibration texts with any score,
    `n_worst_case` lack the scores of the model that answers them and count as if it had failed,
    `n_left_out` lack them and were left out (see `known_losses`). `n_unscored` more had no score at
    all and say nothing, `n_repeated` more have the text of one that counts. Shares and `cost_usd`
    are over all calibration queries. `n_needed` is the order of magnitude of calibration queries,
    all of them scored, it would take to certify something; None where something is certified, or
    the queries show that cheaper models lose too much.
    """

    # Infinities stay, so that publishing refuses them.
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants"
    )

    frontier: str
    max_loss: Annotated[float, Field(ge=0, le=1)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    tolerance: Annotated[float, Field(ge=-1, le=1)] | None
    holds: bool
    upper_bound: Annotated[float, Field(ge=-1, le=1)]
    mean_loss: Annotated[float, Field(ge=-1, le=1)]
    n_queries: NonNegativeInt
    n_worst_case: NonNegativeInt
    n_left_out: NonNegativeInt
    n_unscored: NonNegativeInt
    n_repeated: NonNegativeInt
    model_shares: dict[str, Annotated[float, Field(ge=0, le=1)]]
    cost_usd: Annotated[float, Field(ge=0)]
    frontier_cost_usd: Annotated[float, Field(ge=0)]
    n_overrides: NonNegativeInt
    n_needed: NonNegativeInt | None

    @property
    def frontier_share(self) -> float:
        """The share of requests the frontier model answers."""
        return self.model_shares.get(self.frontier, 0.0)

    @property
    def saving(self) -> float:
        """The share of the frontier's cost that is saved."""
        return 1 - self.cost_usd / self.frontier_cost_usd if self.frontier_cost_usd else 0.0

    @property
    def sentence(self) -> str:
        """The promise in one plain sentence, with its assumption."""
        traffic = f"on traffic like the {self.n_queries:,} scored calibration queries"
        traffic += ", each text counted once" if self.n_repeated else ""
        labels = self._labels_included
        lacking = f"the scores {self.n_left_out:,} of them lack are missing at random"
        labels += f", assuming {lacking}" if self.n_left_out else ""
        against = f"against always using {self.frontier}"
        if not self.holds:
            return (
                f"NOT certified: with the analysts' labels the mean score lost {against} may reach "
                f"{self.upper_bound:.4f}, above the {self.max_loss:g} asked for, {traffic}."
            )
        if self.tolerance is None and not self._rests_on_labels:
            return f"Nothing cheaper could be certified, so {self.frontier} answers; {self._need}."
        return (
            f"With confidence {self.confidence:.0%}, at most {self.max_loss:g} of mean score is "
            f"lost {against}, {traffic}{labels}."
        )

    @property
    def _rests_on_labels(self) -> bool:
        """Whether analysts' labels may send requests elsewhere, if no calibration query either.

        The bound of losses that are all 0 is above 0, and what bounds them by 0 are gains.
        """
        return bool(self.upper_bound or self.mean_loss)

    @property
    def _labels_included(self) -> str:
        if self.n_overrides == 1:
            return ", 1 analyst's label included"
        return f", {self.n_overrides} analysts' labels included" if self.n_overrides else ""

    @property
    def _need(self) -> str:
        if self.n_needed is None and self.max_loss <= 0:
            return "no number of queries could show that nothing at all is lost"
        if self.n_needed is None:
            return (
                f"on the {self.n_queries:,} scored calibration queries no cheaper model comes "
                f"close to losing at most {self.max_loss:g}"
            )
        if len(self.model_shares) < 2:
            return "there is no other model to choose"
        held_out = f"the {self.n_queries:,} scored calibration queries held out"
        few = f"{held_out} are too few to tell"
        if self.n_needed <= self.n_queries:
            few = f"too few of {held_out} have the scores that tell"
        some = f"some {self.n_needed:,} to {about(2 * self.n_needed):,} held out, with all scores"
        promise = f"at most {self.max_loss:g} lost at confidence {self.confidence:.0%}"
        return f"{few}; to promise {promise} think of {some}"


@dataclass(frozen=True)
class CalibrationRows:
    """Queries the policy was not made from.

    `scores` and `costs_usd` are (n, n_models), NaN where unknown. `text_ids` (n,) are equal for
    queries that are near duplicates.
    """

    traffic: Traffic
    scores: Numbers
    costs_usd: Numbers
    text_ids: Integers


def certify(
    policy: RoutingPolicy,
    models: tuple[str, ...],
    rows: CalibrationRows,
    max_loss: float,
    confidence: float,
) -> Certificate:
    """Find the cheapest policy of the family whose mean loss is shown to be within `max_loss`.

    Overrides and the out-of-distribution rule of `policy` are in place at every step; its own
    tolerance does not matter. If its overrides alone cannot be shown to keep the promise, nothing
    is certified and only they are in force; those for the frontier need no defence.
    """
    order = _distinct_texts(rows)

    def passes(found: Choices) -> bool:
        known = known_losses(found, rows.scores, policy.frontier, order)
        return rules_out(known.losses, max_loss, confidence, known.weights)

    best = replace(policy, tolerance=None)
    choices = best.choose(rows.traffic)
    if _may_lose(best) and not passes(choices):
        return _certificate(best, models, rows, choices, order, max_loss, confidence, holds=False)
    for riskier, found in _distinct(policy, rows.traffic):
        if not passes(found):
            break
        best, choices = riskier, found
    return _certificate(best, models, rows, choices, order, max_loss, confidence, holds=True)


def _distinct(policy: RoutingPolicy, traffic: Traffic) -> list[tuple[RoutingPolicy, Choices]]:
    """List the family in order; of tolerances that choose the same here, only the last.

    The same choices have the same losses, and pass or fail alike. Policies that leave everything to
    the frontier are left out: a promise about nothing is not worth making.
    """
    family: list[tuple[RoutingPolicy, Choices]] = []
    for tolerance in TOLERANCES:
        member = replace(policy, tolerance=tolerance)
        found = member.choose(traffic)
        if family and np.array_equal(found.columns, family[-1][1].columns):
            family.pop()
        if (found.columns != policy.frontier).any():
            family.append((member, found))
    return family


def _may_lose(policy: RoutingPolicy) -> bool:
    """Whether anything is ever answered by another model than the frontier."""
    harmless = np.isin(policy.overrides, (NO_OVERRIDE, policy.frontier))
    return policy.tolerance is not None or not harmless.all()


def _distinct_texts(rows: CalibrationRows) -> NDArray[np.intp]:
    """Draw one scored row for each text, in an arbitrary but fixed order.

    Copies of a text are all held out or none: they are not independent of each other. And bets must
    not follow the order of the log.
    """
    shuffled = np.random.default_rng(0).permutation(_scored(rows))
    _, first = np.unique(rows.text_ids[shuffled], return_index=True)
    return shuffled[np.sort(first)]


def is_paired(known: NDArray[np.bool_], frontier: int) -> NDArray[np.bool_]:
    """Say which rows have the scores of the frontier and of another model; shape (n,).

    `known` (n, n_models) says where there is a score; `frontier` is a column of it.
    """
    return np.asarray(known[:, frontier] & (known.sum(axis=1) > 1))


def _scored(rows: CalibrationRows) -> NDArray[np.intp]:
    return np.flatnonzero(~np.isnan(rows.scores).all(axis=1))


def policy_losses(
    choices: Choices, scores: Numbers, frontier: int
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return each query's loss against the frontier, and where it is the worst case.

    The frontier loses nothing, scored or not. Where a score is missing the loss is the largest
    there could be: a missing score of the model counts 0, one of the frontier 1.
    """
    rows = np.arange(len(scores))
    best, own = scores[:, frontier], scores[rows, choices.columns]
    cheap = choices.columns != frontier
    worst = cheap & (np.isnan(best) | np.isnan(own))
    losses = np.where(np.isnan(best), 1.0, best) - np.where(np.isnan(own), 0.0, own)
    return np.where(cheap, losses, 0.0), worst


@dataclass(frozen=True)
class KnownLosses:
    """Losses a policy can be judged by, in a random order, and what became of the other queries.

    Each of `losses` stands for `weights` queries, both (n,). `n_worst_case` of them lack scores and
    count as if the model had failed; `n_left_out` queries without the scores needed were left out,
    and others stand for them.
    """

    losses: Numbers
    weights: Numbers
    n_worst_case: int
    n_left_out: int

    @property
    def mean(self) -> float:
        """The mean loss over all the queries they stand for; 0 without any."""
        return float(np.average(self.losses, weights=self.weights)) if len(self.losses) else 0.0


def known_losses(
    choices: Choices,
    scores: Numbers,
    frontier: int,
    order: NDArray[np.intp],
    least_known: float = LEAST_KNOWN,
) -> KnownLosses:
    """Collect the losses of a policy on the scored queries `order`.

    Leaving out only queries that lack scores would leave too many that go to the frontier and lose
    nothing. So the queries known of a model stand for all it answers: they tell the same, if scores
    are missing at random, whatever they would have been. Of a model known on less than
    `least_known` of its queries, missing scores count as the worst case instead.
    """
    losses, missing = policy_losses(choices, scores, frontier)
    losses, missing, columns = losses[order], missing[order], choices.columns[order]
    n_chosen = np.bincount(columns, minlength=scores.shape[1])
    n_missing = np.bincount(columns[missing], minlength=scores.shape[1])
    known = 1 - n_missing / np.maximum(n_chosen, 1)
    known = np.where((known > 0) & (known >= least_known), known, 1.0)
    worst_case = missing & (known[columns] == 1)
    kept = ~missing | worst_case
    weights = 1 / known[columns]
    return KnownLosses(losses[kept], weights[kept], int(worst_case.sum()), int((~kept).sum()))


def _certificate(
    policy: RoutingPolicy,
    models: tuple[str, ...],
    rows: CalibrationRows,
    choices: Choices,
    order: NDArray[np.intp],
    max_loss: float,
    confidence: float,
    *,
    holds: bool,
) -> Certificate:
    known = known_losses(choices, rows.scores, policy.frontier, order)
    n, n_scored = max(len(choices.columns), 1), len(_scored(rows))
    spent = np.where(np.isnan(rows.costs_usd), rows.traffic.costs_usd, rows.costs_usd)
    counted = np.bincount(choices.columns, minlength=len(models))
    chosen_costs = spent[np.arange(len(spent)), choices.columns]
    may_lose = _may_lose(policy)
    worth = [] if may_lose else _worth_certifying(policy, rows, order)
    n_paired = int(is_paired(~np.isnan(rows.scores[order]), policy.frontier).sum())
    needed = None if may_lose else n_needed(worth, n_paired, max_loss, confidence)
    largest = max_loss if holds else 1.0
    bound = upper_bound(known.losses, confidence, largest, known.weights) if may_lose else 0.0
    return Certificate(
        frontier=models[policy.frontier],
        max_loss=max_loss,
        confidence=confidence,
        tolerance=policy.tolerance,
        holds=holds,
        upper_bound=bound,
        mean_loss=known.mean,
        n_queries=len(order),
        n_worst_case=known.n_worst_case,
        n_left_out=known.n_left_out,
        n_unscored=len(rows.scores) - n_scored,
        n_repeated=n_scored - len(order),
        model_shares={model: float(k / n) for model, k in zip(models, counted, strict=True)},
        cost_usd=_mean(chosen_costs),
        frontier_cost_usd=_mean(spent[:, policy.frontier]),
        n_overrides=int((policy.overrides != NO_OVERRIDE).sum()),
        n_needed=needed,
    )


def _mean(values: Numbers) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else 0.0


def _worth_certifying(
    policy: RoutingPolicy, rows: CalibrationRows, scored: NDArray[np.intp]
) -> list[tuple[Numbers, Numbers]]:
    """Return losses and weights of each policy that sends a tenth of traffic elsewhere.

    Left out, as they say nothing: queries that lack scores, policies with a model never scored.
    """
    fewest = _SHARE_WORTH_CERTIFYING * len(scored)
    family = [
        known_losses(found, rows.scores, policy.frontier, scored, least_known=0.0)
        for _, found in _distinct(policy, rows.traffic)
        if (found.columns[scored] != policy.frontier).sum() >= fewest
    ]
    return [(known.losses, known.weights) for known in family if not known.n_worst_case]
