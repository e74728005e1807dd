"""What is lost on the requests that cost most, where the policy saves most."""

from dataclasses import dataclass

import numpy as np

from semroute.artifact.contents import IndexContents
from semroute.artifact.serving import calibration_rows, routing_policy

SHARE = 0.1


@dataclass(frozen=True)
class DearestRequests:
    """The tenth of the held-out queries that costs most with the frontier.

    `cost_share` is their part of what the frontier costs on all, `elsewhere_share` the part of them
    that another model gets; `mean_loss` is over the `n_scored` of which it is known.
    """

    cost_share: float
    elsewhere_share: float
    mean_loss: float
    n_scored: int


def dearest_requests(contents: IndexContents) -> DearestRequests | None:
    """Look at the dearest held-out queries, as the index would serve them.

    None where the frontier's cost does not go by length, nothing was certified, or none of them
    tells a loss.
    """
    policy, rows = routing_policy(contents), calibration_rows(contents)
    if policy.tolerance is None or not np.isfinite(policy.most_cost_usd):
        return None
    costs_usd = rows.costs_usd[:, policy.frontier]
    dearest = np.argsort(-costs_usd, kind="stable")[: int(np.ceil(SHARE * len(costs_usd)))]
    columns = policy.choose(rows.traffic).columns[dearest]
    scores = rows.scores[dearest]
    losses = scores[:, policy.frontier] - scores[np.arange(len(dearest)), columns]
    known = losses[~np.isnan(losses)]
    if not known.size:
        return None
    return DearestRequests(
        cost_share=float(costs_usd[dearest].sum() / costs_usd.sum()),
        elsewhere_share=float((columns != policy.frontier).mean()),
        mean_loss=float(known.mean()),
        n_scored=len(known),
    )
