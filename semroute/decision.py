"""What a routing decision is."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Reason = Literal[
    "matched",
    "override",
    "ood",
    "insufficient_evidence",
    "empty",
    "too_long",
    "encoder_error",
]
"""Why a model was chosen.

`matched`: the cheaper model that trades score for cost best on this text. `override`: an analyst's
label. `ood`: unlike anything in the log, or a message that holds more than text.
`insufficient_evidence`: no cheaper model is defended by the evaluation data. `empty`: nothing to
embed. `too_long`: above the byte limit, perhaps longer than the context windows of all models good
enough here or of the analyst's model, or only in part looked at where the config sends such texts
to the frontier model. `encoder_error`: the encoder failed or gave an unusable vector.
"""

FALLBACK_REASONS: frozenset[Reason] = frozenset({"ood", "empty", "too_long", "encoder_error"})
"""The reasons under which the frontier model answers without a cluster having a say."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A cluster near the text; `similarity` is the cosine, higher is closer."""

    cluster_id: int
    cluster_name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could have answered.

    `expected_loss` is the mean score lost against the frontier model, 0 for the frontier itself and
    None where nothing is known; `expected_cost_usd` is that of a request of this topic and length,
    for a text of which nothing is known that of one of this length.
    `accepted_loss` is the expected loss up to which the model beats the frontier on this text, for
    what it saves; it may be above the config's `max_loss`, which bounds the mean over all requests.
    None where the model saves nothing or was not measured, or nothing is accepted.
    """

    model: str
    expected_loss: float | None
    expected_cost_usd: float | None
    accepted_loss: float | None = None


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """Which model answers a request, and why.

    The cluster fields describe the nearest cluster and are None where no vector was looked up;
    `candidates` come cheapest first. `truncated`: only part of the text was looked at.
    """

    model: str
    reason: Reason
    index_version: str
    candidates: tuple[Candidate, ...] = ()
    cluster_id: int | None = None
    cluster_name: str | None = None
    similarity: float | None = None
    runner_up: Neighbour | None = None
    truncated: bool = False

    @property
    def is_fallback(self) -> bool:
        """Whether the frontier model answers because the text could not be matched."""
        return self.reason in FALLBACK_REASONS

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {**asdict(self), "is_fallback": self.is_fallback}
