"""Requests as a comparison sees them, whether held out by a build or decided since."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.artifact.serving import calibration_rows, routing_policy, usual_costs_usd
from semroute.decision import Reason, RouteDecision
from semroute.errors import InputError
from semroute.monitoring.decisions import check_decision, decision_of
from semroute.policy import REASONS

NOWHERE = -1
"""The cluster of a request that no cluster had a say in."""


@dataclass(frozen=True)
class Requests:
    """Requests neither empty nor failed, and what was decided; n rows.

    `columns` (n,) are of the models in the order of the config, `reasons` (n,) as decisions name
    them, `cluster_ids` (n,) of the nearest cluster, `NOWHERE` where the text is unknown or was not
    looked up. `losses` and `costs_usd` (n,) are expected of the model that answers and
    `frontier_costs_usd` (n,) of the frontier, NaN where unknown. `text_ids` (n,), from 0 up, are
    equal for copies of a text.
    """

    columns: NDArray[np.int64]
    reasons: NDArray[np.str_]
    cluster_ids: NDArray[np.int64]
    losses: NDArray[np.float64]
    costs_usd: NDArray[np.float64]
    frontier_costs_usd: NDArray[np.float64]
    text_ids: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of requests, copies included."""
        return len(self.columns)

    def some(self, rows: NDArray[np.bool_]) -> "Requests":
        """Return some of the requests."""
        return Requests(*(getattr(self, column.name)[rows] for column in fields(self)))

    @property
    def n_texts(self) -> int:
        """The number of different texts."""
        return len(np.unique(self.text_ids))

    @property
    def largest_share(self) -> float:
        """The share of the text that comes most often; 0 without requests."""
        return float(np.bincount(self.text_ids).max()) / len(self) if len(self) else 0.0


@dataclass
class Logged:
    """Decisions of one version; those neither empty nor failed become `rows` of `requests`.

    `left_out` counts the two by reason, `others` the decisions of other versions by version. Texts
    are told apart by their similarities, as decisions hold none.
    """

    places: Mapping[str, int]
    frontier: str
    usual_cost_usd: float
    rows: list[tuple[int, str, int, float, float, float, int]] = field(default_factory=list)
    texts: dict[object, int] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    left_out: Counter[Reason] = field(default_factory=Counter)
    n_truncated: int = 0

    @property
    def n_decisions(self) -> int:
        """How many decisions are of the version."""
        return len(self.rows) + self.left_out.total()

    def take(self, decision: RouteDecision) -> None:
        """Add a decision of the version."""
        self.n_truncated += decision.truncated
        if decision.reason in ("empty", "encoder_error"):
            self.left_out[decision.reason] += 1
            return
        candidates = {one.model: one for one in decision.candidates}
        chosen, frontier = candidates.get(decision.model), candidates.get(self.frontier)
        loss = chosen.expected_loss if chosen else None
        cost_usd = chosen.expected_cost_usd if chosen else None
        frontier_cost_usd = frontier.expected_cost_usd if frontier else None
        cluster_id = None if decision.reason == "ood" else decision.cluster_id
        if cluster_id is None:
            # By its length alone; of such held-out queries a build tells none from another.
            cost_usd = frontier_cost_usd = self.usual_cost_usd
        self.rows.append(
            (
                self.places[decision.model],
                decision.reason,
                NOWHERE if cluster_id is None else cluster_id,
                np.nan if loss is None else loss,
                np.nan if cost_usd is None else cost_usd,
                np.nan if frontier_cost_usd is None else frontier_cost_usd,
                self.texts.setdefault(self._text(decision), len(self.texts)),
            )
        )

    def _text(self, decision: RouteDecision) -> object:
        """Return what is equal for copies of a text, and for nothing else."""
        if decision.similarity is None:
            return len(self.rows)
        second = decision.runner_up.similarity if decision.runner_up else None
        return decision.cluster_id, decision.similarity, second

    def requests(self) -> Requests:
        """Return the rows as arrays."""
        columns = [*zip(*self.rows, strict=True)] or [()] * 7
        kinds: tuple[type, ...] = (np.int64, np.str_, np.int64, *[np.float64] * 3, np.int64)
        return Requests(*(np.array(c, dtype=k) for c, k in zip(columns, kinds, strict=True)))


def held_out(contents: IndexContents) -> Requests:
    """Return the queries a build has held out, as the index would serve them."""
    traffic = calibration_rows(contents).traffic
    choices = routing_policy(contents).choose(traffic)
    chosen = np.arange(len(choices.columns)), choices.columns
    reasons = np.array(REASONS)[choices.reasons]
    unknown = reasons == "ood"
    return Requests(
        columns=choices.columns,
        reasons=reasons,
        cluster_ids=np.where(unknown, NOWHERE, traffic.cluster_ids),
        losses=traffic.losses[chosen],
        costs_usd=np.where(unknown, _cost_of_unknown(contents), traffic.costs_usd[chosen]),
        frontier_costs_usd=np.where(
            unknown,
            _cost_of_unknown(contents),
            traffic.costs_usd[:, contents.manifest.config.frontier_column],
        ),
        text_ids=np.unique(contents.calibration.text_ids, return_inverse=True)[1].reshape(-1),
    )


def logged(
    contents: IndexContents, decisions: Iterable[RouteDecision | Mapping[str, Any]]
) -> Logged:
    """Sort decisions by what becomes of them.

    Raises:
        InputError: one is no decision, or none this index can have made.
    """
    config, version = contents.manifest.config, contents.manifest.index_version
    places = {name: i for i, name in enumerate(config.model_names)}
    found = Logged(places, config.frontier, _cost_of_unknown(contents))
    for given in decisions:
        decision = given if isinstance(given, RouteDecision) else decision_of(given)
        check_decision(decision, contents)
        if decision.index_version != version:
            found.others[decision.index_version] += 1
        else:
            found.take(decision)
    return found


def _cost_of_unknown(contents: IndexContents) -> float:
    """Return what counts as the cost of an unknown text; NaN where prices alone would tell."""
    frontier = contents.manifest.config.frontier_column
    return usual_costs_usd(contents)[frontier] if contents.clusters else np.nan


def refuse_nothing_to_compare(contents: IndexContents, found: Logged) -> None:
    """Refuse an index without held-out queries, and a log without decisions of its version.

    Raises:
        InputError: either is so; the message names the versions there are.
    """
    version = contents.manifest.index_version
    if not len(contents.calibration.text_ids):
        raise InputError(f"version {version} has no held-out queries to compare with")
    if found.n_decisions:
        return
    if not found.others:
        raise InputError("there are no decisions; log one a line")
    there = ", ".join(f"{name} ({n:,})" for name, n in found.others.most_common())
    raise InputError(
        f"no decision is of version {version}; there are decisions of: {there}; "
        "choose one that is kept with --version"
    )
