"""Certifying a policy: how much it can lose, as a finite-sample statement about traffic.

The family of policies is ordered by tolerance, from always the frontier upwards. It is walked from
the safe end; a policy passes if its losses on the calibration queries rule out a mean of `max_loss`
or more (`betting`), and the walk stops at the first that does not, with no price for the number of
steps. Where it stops among policies that hardly send anything elsewhere, of which few queries tell
anything, a second walk begins beyond them with the rest of the risk.

Source: the fallback procedure of Wiens, "A fixed sequence Bonferroni procedure for testing multiple
endpoints", Pharmaceutical Statistics 2 (2003).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from semroute.betting import rules_out, upper_bound
from semroute.certificate import Certificate
from semroute.known_losses import LEAST_KNOWN, KnownLosses, is_paired, known_losses, share_of
from semroute.policy import NO_OVERRIDE, Choices, Integers, Numbers, RoutingPolicy, Traffic
from semroute.sample_size import n_needed

TOLERANCES: tuple[float, ...] = tuple(
    sorted({*(step / 100 for step in range(-50, 101)), 0.002, 0.004, 0.006, 0.008})
)
"""The family: fixed before any data, so that no look at the calibration queries shapes it.

Finer between 0 and 0.01, where models that lose next to nothing are told apart (decision 3).
"""

_SHARE_WORTH_CERTIFYING = 0.1

_Step = tuple[RoutingPolicy, Choices]

_FIRST_RISK = 0.8
"""Of the risk, what the walk from the safe end may take; the second has the rest, or all of it if
the first reaches it."""


_PLAINLY_FEWER = 0.75
"""Of the share known of others: where scores are missing evenly, no model is left out."""


@dataclass(frozen=True)
class CalibrationRows:
    """Queries the policy was not made from.

    `scores` and `costs_usd` are (n, n_models), NaN where unknown. `text_ids` (n,) are equal for
    queries that are near duplicates. `least_known`: of the queries a model answers, the share whose
    scores have to be known; missing ones count as failures until then.
    """

    traffic: Traffic
    scores: Numbers
    costs_usd: Numbers
    text_ids: Integers
    least_known: float = LEAST_KNOWN


def certify(
    policy: RoutingPolicy,
    models: tuple[str, ...],
    rows: CalibrationRows,
    max_loss: float,
    confidence: float,
) -> Certificate:
    """Find the cheapest policy of the family whose mean loss is shown to be within `max_loss`.

    The second walk begins at the first policy that sends a tenth of the queries elsewhere, which
    does not depend on any score.

    Overrides and the out-of-distribution rule of `policy` are in place at every step; its own
    tolerance does not matter. If its overrides alone cannot be shown to keep the promise, nothing
    is certified and only they are in force; those for the frontier need no defence. A model that
    would answer mostly queries without its scores is left out, so that it costs others nothing.
    """
    order = _distinct_texts(rows)
    left_out = _left_out(policy, rows, order, max_loss)
    allowed = policy.without(tuple(left_out))
    found = _certified(allowed, models, rows, order, max_loss, confidence)
    names = {models[column]: known for column, known in left_out.items()}
    return found.model_copy(update={"models_left_out": names})


def _certified(
    policy: RoutingPolicy,
    models: tuple[str, ...],
    rows: CalibrationRows,
    order: NDArray[np.intp],
    max_loss: float,
    confidence: float,
) -> Certificate:
    """Walk the family of a policy, as `certify` says."""

    def passes(found: Choices, confidence: float) -> bool:
        known = _known(policy, rows, found, order)
        # What was seen must keep the promise too: early luck alone could have carried the bets.
        is_shown = rules_out(known.losses, max_loss, confidence, known.weights)
        return is_shown and known.mean < max_loss

    def walk(steps: list[_Step], confidence: float) -> int:
        """Return how many steps pass, one after the other."""
        failed = (n for n, (_, found) in enumerate(steps) if not passes(found, confidence))
        return next(failed, len(steps))

    best, asked = replace(policy, tolerance=None), (max_loss, confidence)
    choices, shown = best.choose(rows.traffic), confidence
    if _may_lose(best) and not passes(choices, confidence):
        return _certificate(best, models, rows, choices, order, *asked, confidence, holds=False)
    first, second = _walks(_distinct(policy, rows.traffic), policy.frontier)
    of_first, of_second = _confidences(confidence) if second else (confidence, confidence)
    if n_passed := walk(first, of_first):
        (best, choices), shown = first[n_passed - 1], of_first
    of_second = confidence if n_passed == len(first) else of_second
    if n_passed := walk(second, of_second):
        (best, choices), shown = second[n_passed - 1], of_second
    return _certificate(best, models, rows, choices, order, *asked, shown, holds=True)


@dataclass(frozen=True)
class NextStep:
    """The policy after the one in force, which was not certified.

    `mean_loss` is what it lost on the scored calibration queries, where `n_worst_case` lack the
    scores needed and count as failures; `saving` is the share of the frontier's cost it would save.
    """

    tolerance: float
    mean_loss: float
    n_worst_case: int
    saving: float


def next_step(
    policy: RoutingPolicy, rows: CalibrationRows, certificate: Certificate
) -> NextStep | None:
    """Return where the certificate stops; None if nothing lies beyond, or labels stopped it."""
    if not certificate.holds:
        return None
    # That of the certificate is the last of those that choose alike, so any beyond is another.
    in_force = replace(policy, tolerance=certificate.tolerance).choose(rows.traffic).columns
    least = -1.0 if certificate.tolerance is None else certificate.tolerance
    for tolerance in (one for one in TOLERANCES if one > least):
        found = replace(policy, tolerance=tolerance).choose(rows.traffic)
        if (found.columns != in_force).any():
            known = _known(policy, rows, found, _distinct_texts(rows))
            cost, always = _mean_costs(policy, rows, found)
            saving = 1 - cost / always if always else 0.0
            return NextStep(tolerance, known.mean, known.n_worst_case, saving)
    return None


def _left_out(
    policy: RoutingPolicy, rows: CalibrationRows, order: NDArray[np.intp], max_loss: float
) -> dict[int, float]:
    """Return the models whose answers could not be judged: columns, and the share that could.

    Fewer than `least_known` of the queries they would answer have the scores needed, and plainly
    fewer than of those that others would answer, counted over the family without labels, as far as
    no more than `max_loss` is expected to be lost. None is left out where nobody else would answer.
    Which scores there are decides, not what they are.
    """
    free = replace(policy, overrides=np.full_like(policy.overrides, NO_OVERRIDE))
    thin: dict[int, float] = {}
    while True:
        n_answered, n_known = _answered(free.without(tuple(thin)), rows, order, max_loss)
        if not n_answered.any():
            return {}
        n_lacking = share_of(rows.least_known, n_answered) - n_known
        if not (n_lacking > 0).any():
            of_others = n_known.sum() / n_answered.sum()
            least = _PLAINLY_FEWER * of_others
            return {model: known for model, known in sorted(thin.items()) if known < least}
        # The worst alone: without it others answer more, of which more may be known.
        worst = int(n_lacking.argmax())
        thin[worst] = float(n_known[worst] / n_answered[worst])


def _answered(
    policy: RoutingPolicy, rows: CalibrationRows, order: NDArray[np.intp], max_loss: float
) -> tuple[Integers, Integers]:
    """Count the answers of each cheaper model, and those of which the scores are known."""
    known = ~np.isnan(rows.scores[order])
    known &= known[:, [policy.frontier]]
    every, n_models = np.arange(len(order)), known.shape[1]
    n_answered, n_known = np.zeros(n_models, dtype=np.int64), np.zeros(n_models, dtype=np.int64)
    before = np.full(len(order), policy.frontier)
    for tolerance in TOLERANCES:
        columns = replace(policy, tolerance=tolerance).choose(rows.traffic).columns[order]
        if np.array_equal(columns, before):
            continue
        if np.nan_to_num(rows.traffic.losses[order, columns]).mean() > max_loss:
            break
        n_answered += np.bincount(columns, minlength=n_models)
        n_known += np.bincount(columns[known[every, columns]], minlength=n_models)
        before = columns
    n_answered[policy.frontier] = n_known[policy.frontier] = 0
    return n_answered, n_known


def _known(
    policy: RoutingPolicy,
    rows: CalibrationRows,
    choices: Choices,
    order: NDArray[np.intp],
    least_known: float | None = None,
) -> KnownLosses:
    least_known = rows.least_known if least_known is None else least_known
    traffic, columns, frontier = rows.traffic, choices.columns, policy.frontier
    expected, near = traffic.losses, traffic.cluster_ids
    return known_losses(columns, rows.scores, expected, near, frontier, order, least_known)


def _mean_costs(
    policy: RoutingPolicy, rows: CalibrationRows, choices: Choices
) -> tuple[float, float]:
    """Return what a request costs with these choices, and with the frontier always."""
    spent = np.where(np.isnan(rows.costs_usd), rows.traffic.costs_usd, rows.costs_usd)
    chosen = spent[np.arange(len(spent)), choices.columns]
    return _mean(chosen), _mean(spent[:, policy.frontier])


def _distinct(policy: RoutingPolicy, traffic: Traffic) -> list[_Step]:
    """List the family in order; of tolerances that choose the same here, only the last.

    The same choices have the same losses, and pass or fail alike. Policies that choose as overrides
    alone do are left out: these were judged before, or leave everything to the frontier, and a
    promise about nothing is not worth making.
    """
    alone = replace(policy, tolerance=None).choose(traffic).columns
    family: list[_Step] = []
    for tolerance in TOLERANCES:
        member = replace(policy, tolerance=tolerance)
        found = member.choose(traffic)
        if family and np.array_equal(found.columns, family[-1][1].columns):
            family.pop()
        if (found.columns != alone).any():
            family.append((member, found))
    return family


def _walks(family: list[_Step], frontier: int) -> tuple[list[_Step], list[_Step]]:
    """Part the family at the first policy that sends a tenth of the queries elsewhere."""
    shares = [float((found.columns != frontier).mean()) for _, found in family]
    start = next((n for n, share in enumerate(shares) if share >= _SHARE_WORTH_CERTIFYING), None)
    return (family, []) if start is None else (family[:start], family[start:])


def _confidences(confidence: float) -> tuple[float, float]:
    """Share the risk between both walks; if all of the first passes, the second has both parts."""
    risk = 1 - confidence
    return 1 - _FIRST_RISK * risk, 1 - (1 - _FIRST_RISK) * risk


def _may_lose(policy: RoutingPolicy) -> bool:
    """Whether anything is ever answered by another model than the frontier."""
    harmless = np.isin(policy.overrides, (NO_OVERRIDE, policy.frontier))
    return policy.tolerance is not None or not harmless.all()


def _distinct_texts(rows: CalibrationRows) -> NDArray[np.intp]:
    """Take one scored row for each text, in the order of their numbers.

    Copies of a text are all held out or none: they are not independent of each other.
    """
    scored = _scored(rows)
    return scored[np.unique(rows.text_ids[scored], return_index=True)[1]]


def _scored(rows: CalibrationRows) -> NDArray[np.intp]:
    return np.flatnonzero(~np.isnan(rows.scores).all(axis=1))


def _certificate(
    policy: RoutingPolicy,
    models: tuple[str, ...],
    rows: CalibrationRows,
    choices: Choices,
    order: NDArray[np.intp],
    max_loss: float,
    confidence: float,
    shown: float,
    *,
    holds: bool,
) -> Certificate:
    """Put together what is promised of a policy; `shown` is the confidence of its bound."""
    known = _known(policy, rows, choices, order)
    n, n_scored = max(len(choices.columns), 1), len(_scored(rows))
    cost_usd, frontier_cost_usd = _mean_costs(policy, rows, choices)
    counted = np.bincount(choices.columns, minlength=len(models))
    may_lose = _may_lose(policy)
    worth = [] if may_lose else _worth_certifying(policy, rows, order)
    n_paired = int(is_paired(~np.isnan(rows.scores[order]), policy.frontier).sum())
    needed = None if may_lose else n_needed(worth, n_paired, max_loss, confidence)
    largest = max_loss if holds else 1.0
    bound = upper_bound(known.losses, shown, largest, known.weights) if may_lose else 0.0
    # Early luck may have carried the bets below what was seen, which no bound should lie below.
    bound = max(bound, known.mean)
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
        cost_usd=cost_usd,
        frontier_cost_usd=frontier_cost_usd,
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
        _known(policy, rows, found, scored, least_known=0.0)
        for _, found in _distinct(policy, rows.traffic)
        if (found.columns[scored] != policy.frontier).sum() >= fewest
    ]
    return [(known.losses, known.weights) for known in family if not known.n_worst_case]
