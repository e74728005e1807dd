"""`semroute.toml`: what the owner decides. Only `frontier` and the models are required."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import ErrorDetails

from semroute.clustering.density import UMAPHDBSCAN
from semroute.clustering.spherical import SphericalKMeans
from semroute.columns import suggest
from semroute.encoders.sentence_transformer import SentenceTransformerSettings
from semroute.encoders.static import StaticSettings
from semroute.errors import ConfigError
from semroute.tables import listed, unreadable
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
    """How much of a text is looked at, at build and at run time; how many may be unusable.

    `truncated` says what becomes of a text of which only a part is looked at.
    """

    max_chars: PositiveInt = MAX_CHARS
    cut: Cut = "head"
    truncated: Literal["route", "frontier"] = "route"
    max_unusable_share: Annotated[float, Field(ge=0, le=1)] = 0.01

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out `truncated` where it changes nothing: what was made before it must read it."""
        written: dict[str, Any] = serialise(self)
        if self.truncated == "route":
            written.pop("truncated", None)
        return written

    def clean(self, text: str) -> CleanText:
        """Clean a text as it is cleaned at build and at run time."""
        return clean(text, self.max_chars, self.cut)


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


Location = tuple[str | int, ...]
"""Where a value of the config is: keys, and the numbers of list items from 0."""

_TABLE = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w.-]+)\s*=")
_TOML_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_EXPLAINED = re.compile(r"(models\.(\d+)\.name|frontier): (.+)")


def read_config(path: Path) -> Config:
    """Read `semroute.toml`.

    Raises:
        ConfigError: the file cannot be read or is not TOML, or a key is missing, unknown or wrong.
            It tells the first problem, with its line, and how many more there are.
    """
    text = _config_text(path)
    document = _toml_as_json(path, text)
    try:
        # Strictly, so that `true` is not taken for 1; strict validation takes lists from JSON only.
        return Config.model_validate_json(document, strict=True)
    except ValidationError as error:
        values = json.loads(document)
        problems = [_problem(path, text, values, {**each}) for each in _causes(error)]
    first = min(problems, key=lambda problem: problem.line or 1_000_000)
    if len(problems) > 1:
        first.args = (f"{first} (and {len(problems) - 1} more)",)
    raise first


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """Leave out that a list is empty where it is for what is wrong with its items."""
    found = error.errors()

    def follows(one: ErrorDetails) -> bool:
        depth = len(one["loc"])
        within = (other for other in found if len(other["loc"]) > depth)
        return one["type"] == "too_short" and any(o["loc"][:depth] == one["loc"] for o in within)

    return [one for one in found if not follows(one)]


def _config_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not UTF-8; save it as UTF-8", path=path, line=line) from None
    except OSError as error:
        raise ConfigError(unreadable(path, error).problem, path=path) from error


def _toml_as_json(path: Path, text: str) -> str:
    try:
        return json.dumps(tomllib.loads(text), default=str)
    except tomllib.TOMLDecodeError as error:
        position = _TOML_POSITION.search(str(error))
        line = int(position[1]) if position and position[1] else text.count("\n") + 1
        reason = _TOML_POSITION.sub("", str(error))
        problem = f"is not valid TOML: {reason}; correct this line or the one before it"
    except (RecursionError, ValueError):
        line, problem = None, "holds a number or a list no config needs; shorten it"
    raise ConfigError(problem, path=path, line=line)


def _problem(
    path: Path, text: str, values: Mapping[str, Any], error: Mapping[str, Any]
) -> ConfigError:
    below, problem = _in_words(error)
    location = (*_without_tags(values, error["loc"]), *below)
    # What is unknown is not repeated: it may be a secret.
    tells = isinstance(error["input"], str | int | float) and error["type"] != "extra_forbidden"
    return ConfigError(
        problem,
        path=path,
        line=_line_of(text, location),
        column=_dotted(location),
        value=error["input"] if tells else None,
    )


def _in_words(error: Mapping[str, Any]) -> tuple[Location, str]:
    """Say what is wrong in the words of the file, and where below the location of the error."""
    message = error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    match error["type"]:
        case "value_error" if explained := _EXPLAINED.fullmatch(message):
            is_name = explained[2] is not None
            where: Location = ("models", int(explained[2]), "name") if is_name else ("frontier",)
            return where, explained[3]
        case "missing":
            return (), "is missing; add it"
        case "extra_forbidden":
            *table, key = error["loc"]
            if kinds := _kinds_with(tuple(table), str(key)):
                return (), f"is a key of kind {listed(kinds)} only; remove it, or change the kind"
            known = _known_keys(tuple(table))
            hint = suggest(str(key), known) or f"; known are {listed(known, 20)}"
            return (), f"is not a known key{hint}"
        case "union_tag_not_found":
            default = Config.model_fields[error["loc"][0]].default
            return ("kind",), f'is missing; add it, like kind = "{default.kind}"'
        case "union_tag_invalid":
            expected, found = error["ctx"]["expected_tags"], error["ctx"]["tag"]
            return ("kind",), f"should be one of {expected}, not {found!r}"
        case "model_type" | "model_attributes_type":
            return (), "should be a table; write its keys below its name in square brackets"
        case "too_short" | "string_too_short":
            return (), "is empty; fill it in"
        case _:
            return (), message


def _without_tags(values: Any, location: Location) -> Location:
    """Leave out what pydantic adds to a location: the kind of the table the value is in."""
    kept: list[str | int] = []
    for depth, part in enumerate(location, 1):
        is_tag = isinstance(values, dict) and part not in values and depth < len(location)
        if not is_tag:
            kept.append(part)
            is_there = isinstance(values, list) or (isinstance(values, dict) and part in values)
            values = values[part] if is_there else None
    return tuple(kept)


def _known_keys(location: Location) -> list[str]:
    """Return the keys a table may have; `location` is pydantic's, with the kind of the table."""
    schema = Config.model_json_schema()
    node = schema
    for part in location:
        if isinstance(part, int):
            node = node["items"]
        elif "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][part]}
        else:
            node = node["properties"][part]
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return list(node["properties"])


def _kinds_with(location: Location, key: str) -> list[str]:
    """Return the kinds of a table that have a key; `location` ends in the kind it is of."""
    table = Config.model_json_schema()["properties"].get(location[0] if location else "", {})
    kinds = table.get("discriminator", {}).get("mapping", {})
    return [kind for kind in kinds if key in _known_keys((*location[:1], kind))]


def _line_of(text: str, location: Location) -> int | None:
    """Find the line of a key, else of the innermost table around it, by a plain search."""
    table: Location = ()
    n_tables: Counter[str] = Counter()
    lines: dict[Location, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if header := _TABLE.match(line):
            table = tuple(header[2].split("."))
            if header[1] == "[[":
                table = (*table, n_tables[header[2]])
                n_tables[header[2]] += 1
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *key[1].split(".")), number)
    prefixes = (location[:end] for end in range(len(location), 0, -1))
    return next((lines[prefix] for prefix in prefixes if prefix in lines), None)


def _dotted(location: Location) -> str | None:
    dotted = ""
    for part in location:
        if isinstance(part, int):
            dotted += f"[{part}]"
        else:
            dotted += f".{part}" if re.fullmatch(r"[\w-]+", part) else f".{part!r}"
    return dotted.removeprefix(".") or None
