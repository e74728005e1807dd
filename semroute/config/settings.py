"""What the owner decides, as types. Only `frontier` and the models are required."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from semroute.clustering.density import UMAPHDBSCAN
from semroute.clustering.spherical import SphericalKMeans
from semroute.columns import suggest
from semroute.encoders.sentence_transformer import SentenceTransformerSettings
from semroute.encoders.static import StaticSettings
from semroute.known_losses import LEAST_KNOWN
from semroute.tables import listed
from semroute.templates import Templates
from semroute.texts import MAX_CHARS, CleanText, Cut, clean

ClustererSettings = Annotated[UMAPHDBSCAN | SphericalKMeans, Field(discriminator="kind")]


def _with_kind(table: Any) -> Any:
    """Take an `[encoder]` table that names no kind as one of the default kind."""
    if isinstance(table, Mapping) and "kind" not in table:
        return {**table, "kind": SentenceTransformerSettings().kind}
    return table


EncoderSettings = Annotated[
    SentenceTransformerSettings | StaticSettings,
    Field(discriminator="kind"),
    BeforeValidator(_with_kind),
]

NonNegative = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    later_key: ClassVar[str] = ""
    """A key that came later: left out of an index where it changes nothing, for older readers."""

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = serialise(self)
        later = type(self).model_fields.get(self.later_key)
        if later and getattr(self, self.later_key) == later.default:
            written.pop(self.later_key, None)
        return written


class ModelPrice(_Table):
    """One model that may answer, and what a request costs when that was not measured.

    Either `usd_per_request`, or both prices per million tokens; the second estimates a request from
    its characters (four to a token) and `output_tokens_per_request`.
    """

    name: Annotated[str, Field(min_length=1)]
    usd_per_request: NonNegative | None = None
    usd_per_million_input_tokens: NonNegative | None = None
    usd_per_million_output_tokens: NonNegative | None = None
    output_tokens_per_request: NonNegative = 300
    context_window: PositiveInt | None = None

    @model_validator(mode="after")
    def _one_way_of_pricing(self) -> "ModelPrice":
        by_token = (self.usd_per_million_input_tokens, self.usd_per_million_output_tokens)
        if (self.usd_per_request is None) == (by_token == (None, None)) or (
            self.usd_per_request is None and None in by_token
        ):
            raise ValueError(
                f"model {self.name!r} needs either usd_per_request, or both "
                "usd_per_million_input_tokens and usd_per_million_output_tokens"
            )
        return self

    def cost_usd(self, n_chars: float) -> float:
        """Estimate what a request of `n_chars` characters costs."""
        if self.usd_per_request is not None:
            return self.usd_per_request
        input_usd = (self.usd_per_million_input_tokens or 0.0) * n_chars / 4
        output_usd = (self.usd_per_million_output_tokens or 0.0) * self.output_tokens_per_request
        return (input_usd + output_usd) / 1e6


class Quality(_Table):
    """The promise: at most `max_loss` of mean score lost against always using the frontier.

    `least_known` is the share of the held-out queries a model answers whose scores have to be
    known: as many as are missing for that count as failures.
    """

    later_key = "least_known"

    max_loss: Annotated[float, Field(ge=0, le=1)] = 0.02
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    least_known: Annotated[float, Field(gt=0, le=1)] = LEAST_KNOWN


class OOD(_Table):
    """How much known traffic may be sent to the frontier model as unknown."""

    max_false_fallback: Share = 0.02


class Texts(_Table):
    """How much of a text is looked at, at build and at run time; how many may be unusable.

    `truncated` says what becomes of a text of which only a part is looked at.
    """

    later_key = "truncated"

    max_chars: PositiveInt = MAX_CHARS
    cut: Cut = "head"
    truncated: Literal["route", "frontier"] = "route"
    max_unusable_share: Annotated[float, Field(ge=0, le=1)] = 0.01

    def clean(self, text: str, templates: Templates) -> CleanText:
        """Clean a text as it is cleaned at build and at run time.

        `templates` are those of the log; what a request asks is told apart from them.
        """
        asked, template = templates.split(text)
        cleaned = clean(asked, self.max_chars, self.cut)
        return cleaned if template is None else cleaned._replace(template=clean(template).text)


class Config(_Table):
    """All of `semroute.toml`; frozen, unknown keys refused."""

    frontier: str
    models: Annotated[tuple[ModelPrice, ...], Field(min_length=1)]
    quality: Quality = Quality()
    encoder: EncoderSettings = SentenceTransformerSettings()
    clustering: ClustererSettings = UMAPHDBSCAN()
    ood: OOD = OOD()
    texts: Texts = Texts()

    @model_validator(mode="after")
    def _names_agree(self) -> "Config":
        names = self.model_names
        for number, name in enumerate(names):
            if name in names[:number]:
                raise ValueError(f"models.{number}.name: {name!r} is listed twice; remove one")
        if self.frontier not in names:
            hint = suggest(self.frontier, names) or f"; they are {listed(names)}"
            problem = f"{self.frontier!r} is not the name of one of the [[models]]{hint}"
            raise ValueError(f"frontier: {problem}")
        return self

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models in the order of the file."""
        return tuple(model.name for model in self.models)

    @property
    def frontier_column(self) -> int:
        """The frontier model's place among the models."""
        return self.model_names.index(self.frontier)

    def price(self, name: str) -> ModelPrice:
        """Return the price of a model that is in the file."""
        return next(model for model in self.models if model.name == name)

    def prices_usd(self, n_chars: Sequence[int]) -> NDArray[np.float64]:
        """Estimate what requests of so many characters cost, shape (n_requests, n_models)."""
        prices = [[model.cost_usd(n) for model in self.models] for n in n_chars]
        return np.array(prices, dtype=np.float64).reshape(len(n_chars), len(self.models))
