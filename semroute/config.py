"""`semroute.toml`: what the owner decides. Only `frontier` and the models are required."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from semroute.clustering.density import UMAPHDBSCAN
from semroute.clustering.spherical import SphericalKMeans
from semroute.encoders.sentence_transformer import SentenceTransformerSettings
from semroute.errors import ConfigError
from semroute.texts import MAX_CHARS

ClustererSettings = Annotated[UMAPHDBSCAN | SphericalKMeans, Field(discriminator="kind")]
EncoderSettings = SentenceTransformerSettings

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
    """The promise: at most `max_loss` of mean score lost against always using the frontier."""

    max_loss: Annotated[float, Field(ge=0, le=1)] = 0.02
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95


class OOD(_Table):
    """How much known traffic may be sent to the frontier model as unknown."""

    max_false_fallback: Share = 0.02


class Texts(_Table):
    """How much of a text is looked at, at build and at run time; how many may be unusable."""

    max_chars: PositiveInt = MAX_CHARS
    max_unusable_share: Annotated[float, Field(ge=0, le=1)] = 0.01


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
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"models: {twice[0]!r} is listed twice")
        if self.frontier not in names:
            raise ValueError(f"frontier: {self.frontier!r} is not one of the [[models]]")
        return self

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models in the order of the file."""
        return tuple(model.name for model in self.models)

    def price(self, name: str) -> ModelPrice:
        """Return the price of a model that is in the file."""
        return next(model for model in self.models if model.name == name)


def read_config(path: Path) -> Config:
    """Read `semroute.toml`.

    Raises:
        ConfigError: the file is missing or not TOML, or a key is wrong or unknown.
    """
    raise NotImplementedError
