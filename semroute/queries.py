"""The query log: which texts were asked, by id."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from semroute.errors import FaultyRows, InputError
from semroute.strict_json import kind_of, parse_json
from semroute.tables import Row, identifier, json_row, read_rows, shown_id
from semroute.texts import Query, query_text, request_chars, shows_more_than_text

KNOWN_COLUMNS = ("query_id", "text", "messages", "timestamp")

_LIKE_A_TIME = re.compile(r"[\dTZW :./+-]{1,40}")


@dataclass(frozen=True)
class QueryLog:
    """A query log in the order of its ids, whatever the order of its rows.

    `requests` are what the rows hold, as `route` takes it: a text, or messages. `texts` are what is
    looked up of them, as they were written, some perhaps blank. `asked_at` are their timestamps in
    seconds since 1970 (UTC where they name no zone), None where a row has none. `columns` holds the
    columns semroute does not know as strings in the order of `query_ids`, "" where a row has none,
    if they were kept; else `ignored_columns` names them.
    """

    query_ids: tuple[str, ...]
    requests: tuple[Query, ...]
    texts: tuple[str, ...]
    asked_at: tuple[float | None, ...]
    n_duplicate_rows: int
    ignored_columns: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]

    @cached_property
    def n_chars(self) -> tuple[int, ...]:
        """How many characters each request has, in all turns of a conversation."""
        return tuple(map(request_chars, self.requests))

    @cached_property
    def shows_more(self) -> tuple[bool, ...]:
        """Which requests hold an image, sound or a file, so that no text decides their route."""
        return tuple(map(_shows_more, self.requests))


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of a query log by itself: a text, or messages; `query_id` is None if it has none."""

    query_id: str | None
    request: Query


@dataclass(frozen=True, slots=True)
class _Query:
    query_id: str
    line: int
    request: Query
    text: str
    asked_at: float | None
    other: Mapping[str, str]


def read_queries(path: Path, *, keep_columns: bool = False) -> QueryLog:
    """Read a query log.

    A row has a `query_id`, and either a `text` or OpenAI `messages` (in CSV as JSON), of which the
    last user message counts. The same id with the same request twice is one query, asked at the
    earlier of two times.

    Args:
        path: of a .csv, .jsonl or .parquet file.
        keep_columns: keep the columns semroute does not know, to report on slices of the traffic.

    Raises:
        InputError: rows cannot be read, or one id has two texts, other turns or images beside its
            text, or kept columns that differ. Of several rows the first few are told.
        MissingExtraError: it is a Parquet file, and pyarrow is not installed.
    """
    queries: dict[str, _Query] = {}
    names: set[str] = set()
    n_duplicate_rows = 0
    faulty = FaultyRows()
    with faulty.reading():
        used = None if keep_columns else KNOWN_COLUMNS
        for row in read_rows(path, ("query_id", ("text", "messages")), used):
            names |= row.values.keys()
            with faulty:
                query = _query(path, row, keep_columns)
                first = queries.setdefault(query.query_id, query)
                if first is not query:
                    _refuse_contradiction(path, first, query)
                    queries[query.query_id] = replace(first, asked_at=_earlier(first, query))
                    n_duplicate_rows += 1
    faulty.refuse()
    others = tuple(sorted(names.difference(KNOWN_COLUMNS)))
    in_order = [queries[query_id] for query_id in sorted(queries)]
    kept = others if keep_columns else ()
    return QueryLog(
        query_ids=tuple(query.query_id for query in in_order),
        requests=tuple(query.request for query in in_order),
        texts=tuple(query.text for query in in_order),
        asked_at=tuple(query.asked_at for query in in_order),
        n_duplicate_rows=n_duplicate_rows,
        ignored_columns=() if keep_columns else others,
        columns={name: tuple(query.other.get(name, "") for query in in_order) for name in kept},
    )


def read_row(line: bytes, path: Path, number: int) -> LogRow:
    """Read one line of JSON Lines as `read_queries` does; a `query_id` may be missing or null.

    Args:
        line: in UTF-8, with or without a byte order mark.
        path: where it is from, for errors; so is `number`, its line counted from 1.

    Raises:
        InputError: it is no JSON object, or not the row of a query log.
    """
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} of the line is not UTF-8; write it as UTF-8"
        raise InputError(problem, path=path, line=number) from None
    row = json_row(text, path, number, [("text", "messages")])
    _asked_at(path, row)
    has_id = row.values.get("query_id") is not None
    return LogRow(identifier(path, row, "query_id") if has_id else None, _request(path, row))


def _query(path: Path, row: Row, keep_columns: bool) -> _Query:
    query_id = identifier(path, row, "query_id")
    asked_at = _asked_at(path, row)
    other = {
        name: _as_text(value)
        for name, value in (row.values.items() if keep_columns else ())
        if name not in KNOWN_COLUMNS and value is not None
    }
    request = _request(path, row)
    return _Query(query_id, row.line, request, query_text(request), asked_at, other)


def _request(path: Path, row: Row) -> Query:
    text, messages = row.values.get("text"), row.values.get("messages")
    has_messages = messages is not None and messages != ""
    if has_messages and text is not None and text != "":
        problem = "has both text and messages; leave one of them empty"
        raise InputError(problem, path=path, line=row.line)
    if has_messages:
        return _messages(path, row, messages)
    if text is None:
        problem = "has neither text nor messages; fill one in (an empty text is allowed)"
        raise InputError(problem, path=path, line=row.line)
    if not isinstance(text, str):
        problem = f"must be a string, not {kind_of(text)}; write it in quotes"
        raise InputError(problem, path=path, line=row.line, column="text")
    return text


def _messages(path: Path, row: Row, value: Any) -> list[dict[str, Any]]:
    messages = parse_json(value, path, row.line, "messages") if isinstance(value, str) else value
    if not isinstance(messages, list):
        problem = f"must be a list of messages, not {kind_of(messages)}"
    else:
        wrong = (_wrong_message(message) for message in messages)
        found = next(((i, problem) for i, problem in enumerate(wrong, 1) if problem), None)
        if found is None:
            return messages
        problem = f"message {found[0]} {found[1]}"
    hint = 'write it as [{"role": "user", "content": "..."}]'
    raise InputError(f"{problem}; {hint}", path=path, line=row.line, column="messages")


def _wrong_message(message: object) -> str:
    if not isinstance(message, dict):
        return f"must be an object, not {kind_of(message)}"
    if not isinstance(message.get("role"), str):
        return "has no role"
    content = message.get("content")
    if content is None or isinstance(content, str):
        return ""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return "has a content that is neither a string nor a list of parts"
    return ""


def _asked_at(path: Path, row: Row) -> float | None:
    value = row.values.get("timestamp")
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        # With its columns mixed up, a row has the text of a query here.
        shown = value if _LIKE_A_TIME.fullmatch(str(value)) else None
        problem = "must be ISO 8601, like 2025-01-31T12:00:00Z, or empty"
        raise InputError(
            problem, path=path, line=row.line, column="timestamp", value=shown
        ) from None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _refuse_contradiction(path: Path, first: _Query, second: _Query) -> None:
    query = shown_id(second.query_id)
    lines = f"on lines {first.line} and {second.line}"
    if first.text != second.text:
        problem = f"{query} has two different texts, {lines}; ids must be unique"
        raise InputError(problem, path=path, line=second.line, column="query_id")
    if _beside_text(first.request) != _beside_text(second.request):
        problem = f"{query} has two requests that differ beside their text, {lines}"
        problem += "; ids must be unique"
        raise InputError(problem, path=path, line=second.line, column="query_id")
    for name in sorted(first.other.keys() | second.other.keys()):
        if first.other.get(name, "") != second.other.get(name, ""):
            problem = f"query {query} has two different values {lines}; keep one of them"
            raise InputError(problem, path=path, line=second.line, column=name)


def _shows_more(request: Query) -> bool:
    return not isinstance(request, str) and shows_more_than_text(request)


def _beside_text(request: Query) -> tuple[int, bool]:
    """Return what else decides the route of a request, and what it costs."""
    return request_chars(request), _shows_more(request)


def _earlier(first: _Query, second: _Query) -> float | None:
    known = (one.asked_at for one in (first, second) if one.asked_at is not None)
    return min(known, default=None)
