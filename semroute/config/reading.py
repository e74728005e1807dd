"""Reading `semroute.toml`, and saying what is wrong with it in the words of the file."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from semroute.columns import suggest
from semroute.config.settings import Config
from semroute.errors import ConfigError
from semroute.tables import listed, unreadable

Location = tuple[str | int, ...]
"""Where a value of the config is: keys, and the numbers of list items from 0."""

_TABLE = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w.-]+)\s*=")
_TOML_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_DECIMAL_COMMA = re.compile(r"[^#\"'\[]*=\s*[+-]?\d+,\d+\s*(?:#.*)?")
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
        if _DECIMAL_COMMA.fullmatch([*text.split("\n"), ""][line - 1].rstrip("\r")):
            problem = "holds a decimal comma; write decimals with a point, like 0.02"
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
        case "float_type" | "int_type" if isinstance(error["input"], str):
            return (), f"{message}, without quotes and with a point before decimals, like 0.02"
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
