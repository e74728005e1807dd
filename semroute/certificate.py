"""The certificate: what was promised of an index's policy, in numbers and in a sentence."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from semroute.sample_size import about


class Certificate(BaseModel):
    """What was promised of an index's policy, and what it rests on.

    `tolerance` is that of the policy in force; None: nothing passed, so that all requests go to the
    frontier but for analysts' labels. `holds` says whether the promise was shown for what is in
    force, analysts' labels included. `mean_loss` is the mean score lost per request that was seen,
    `upper_bound` its bound for this policy alone: as the same queries chose it, only that less than
    `max_loss` is lost is shown at `confidence`. Of `n_queries` calibration texts with any score,
    `n_worst_case` lack those of the model that answers them and count as if it had failed,
    `n_left_out` lack them and were left out (see `known_losses`). `n_unscored` more had no score at
    all and say nothing, `n_repeated` more have the text of one that counts. Shares and `cost_usd`
    are over all calibration queries. `n_needed` is the order of magnitude of calibration queries,
    all of them scored, it would take to certify something; None where something is certified, or
    the queries show that cheaper models lose too much. `models_left_out` answer nothing unless an
    analyst says so: of the held-out queries they would answer only this share has the scores.
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
    models_left_out: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}

    @property
    def frontier_share(self) -> float:
        """The share of requests the frontier model answers."""
        return self.model_shares.get(self.frontier, 0.0)

    @property
    def saving(self) -> float:
        """The share of the frontier's cost that is saved."""
        return 1 - self.cost_usd / self.frontier_cost_usd if self.frontier_cost_usd else 0.0

    @property
    def promised_saving(self) -> float:
        """The saving where the promise holds; 0 where nothing is promised of what is in force."""
        return self.saving if self.holds else 0.0

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
        if self.is_frontier_alone:
            return f"Nothing cheaper could be certified, so {self.frontier} answers; {self._need}."
        return (
            f"With confidence {100 * self.confidence:.4g}%, at most {self.max_loss:g} of mean "
            f"score is lost {against}, {traffic}{labels}."
        )

    @property
    def left_out_sentence(self) -> str | None:
        """Which models answer nothing for want of scores; None if there are none."""
        if not self.models_left_out:
            return None
        one = len(self.models_left_out) == 1
        answer, it, its = ("answers", "it", "its") if one else ("answer", "they", "their")
        told = (f"{name} ({known:.0%} known)" for name, known in self.models_left_out.items())
        return (
            f"{' and '.join(told)} {answer} nothing without an analyst's label: "
            f"too few of the held-out queries {it} would answer have {its} score and that of "
            f"{self.frontier}"
        )

    @property
    def is_frontier_alone(self) -> bool:
        """Whether the promise holds only as nothing cheaper than the frontier is in force."""
        return self.holds and self.tolerance is None and not self._rests_on_labels

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
        promise = f"at most {self.max_loss:g} lost at confidence {100 * self.confidence:.4g}%"
        return f"{few}; to promise {promise} think of {some}"
