"""JSON as strictly as the standard says: no NaN, no key twice, no half characters."""

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from semroute.errors import InputError

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str, path: Path, line: int, column: str | None = None) -> Any:
    """Parse one JSON document, as strictly as the standard says.

    Args:
        text: the document.
        path: of the file it is from, for errors; so are `line` and `column`.

    Raises:
        InputError: it is not JSON, repeats a key, or holds NaN or Infinity.
    """
    try:
        value = _JSON.decode(text)
        # A pair of surrogates is one character by now; what is left stands alone.
        return _without_surrogates(value) if _ESCAPED_SURROGATE.search(text) else value
    except json.JSONDecodeError as error:
        problem = f"is not valid JSON at character {error.pos + 1} ({error.msg})"
        hint = "write one whole JSON object on each line" if column is None else "correct it"
        problem = f"{problem}; {hint}"
    except _NotStandardJSONError as error:
        problem = str(error)
    except RecursionError:
        problem = "is JSON nested too deeply; flatten it"
    except ValueError:
        problem = "holds a JSON number of thousands of digits; write it as a string"
    raise InputError(problem, path=path, line=line, column=column)


def kind_of(value: object) -> str:
    """Name the type of a value as JSON does, for errors that must not hold the value.

    >>> kind_of(["a"]), kind_of(None)
    ('a list', 'null')
    """
    names = {bool: "true or false", int: "a number", float: "a decimal number", list: "a list"}
    names |= {str: "a string", dict: "an object", type(None): "null"}
    return names.get(type(value), f"of type {type(value).__name__}")


class _NotStandardJSONError(ValueError):
    """Python's parser would take it, the standard does not."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _NotStandardJSONError(f"the key {twice!r} is there twice; remove one of them")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise _NotStandardJSONError(f"{name} is not JSON; write null for an unknown number")


_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _without_surrogates(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
