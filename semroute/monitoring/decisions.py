"""Logged decisions: what `decision.to_dict()` gives, a line each."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from semroute.artifact.contents import IndexContents
from semroute.counted import counted
from semroute.decision import RouteDecision
from semroute.errors import FaultyRows, InputError
from semroute.strict_json import kind_of, parse_json

EXPECTED = "log what decision.to_dict() gives, or semroute route --json - prints"

MOST_TORN = 0.01
"""Share of the lines of a log that may be no whole JSON: more are no accident."""

_DECISION = TypeAdapter(RouteDecision)

logger = logging.getLogger("semroute")


def read_decisions(
    lines: Iterable[bytes], path: Path, contents: IndexContents
) -> Iterator[RouteDecision]:
    """Read JSON Lines of decisions; blank lines and keys of other names are left out.

    So are, with a warning,

    - a last line that a server is still at, and what follows by the time it is read: a log is read
      while it grows;
    - lines that are no JSON, up to `MOST_TORN` of all: a process that was killed while it wrote
      left one behind.

    Args:
        lines: in UTF-8, with or without a byte order mark.
        path: where they are from, for errors.
        contents: of the index they are to be compared with.

    Raises:
        InputError: at the end; lines are no decisions, or none this index can have made.
    """
    faulty, torn, n_lines = FaultyRows(), FaultyRows(), 0
    for number, line in enumerate(lines, 1):
        if _is_unfinished(line):
            logger.warning("%s, line %d: is not written to its end yet; left out", path, number)
            break
        if line.strip():
            n_lines += 1
            try:
                found = _read(line, path, number, contents)
            except InputError:
                with faulty if _is_json(line) else torn:
                    raise
                continue
            yield found
    if torn.n_rows > MOST_TORN * n_lines:
        torn.refuse()
    faulty.refuse()
    _tell_torn(torn, path)


def decision_of(values: object) -> RouteDecision:
    """Return the decision that `to_dict` was asked for; `values` are what it made of it.

    Raises:
        InputError: it is none; `column` is the key that is wrong.
    """
    try:
        return _DECISION.validate_python(dict(values) if isinstance(values, Mapping) else values)
    except ValidationError as error:
        # Without what was found: a log may hold a text under the name of a key.
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or None
        problem = f"is no decision: {first['msg'][:1].lower()}{first['msg'][1:]}; {EXPECTED}"
        raise InputError(problem, column=key) from None


def check_decision(decision: RouteDecision, contents: IndexContents) -> None:
    """Refuse a decision that names the version of an index and cannot be of it.

    Raises:
        InputError: its model or its cluster is not in the index.
    """
    manifest = contents.manifest
    if decision.index_version != manifest.index_version:
        return
    if decision.model not in manifest.config.model_names:
        problem = f"is no model of version {manifest.index_version}; it has "
        problem += f"{', '.join(manifest.config.model_names)}"
        raise InputError(problem, column="model", value=decision.model)
    cluster_id, n_clusters = decision.cluster_id, len(contents.clusters)
    if cluster_id is not None and not 0 <= cluster_id < n_clusters:
        problem = f"is no cluster of version {manifest.index_version}, which has {n_clusters:,}"
        raise InputError(problem, column="cluster_id", value=cluster_id)


def _is_unfinished(line: bytes) -> bool:
    """Whether this is the beginning of an object that no line break has ended."""
    is_object = line.lstrip().startswith(b"{")
    return is_object and not line.endswith(b"\n") and not _is_json(line)


def _is_json(line: bytes) -> bool:
    """Whether a line is JSON at all, nested too deeply or not."""
    try:
        json.loads(line)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _tell_torn(torn: FaultyRows, path: Path) -> None:
    if torn.n_rows:
        logger.warning(
            "%s: left out %s of no whole JSON, the first is line %d: a process that is killed "
            "while it writes leaves such a line",
            path,
            counted(torn.n_rows, "line"),
            torn.first[0].line,
        )


def _read(line: bytes, path: Path, number: int, contents: IndexContents) -> RouteDecision:
    try:
        values = parse_json(line.decode("utf-8-sig"), path, number)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} of the line is not UTF-8; write it as UTF-8"
        raise InputError(problem, path=path, line=number) from None
    if not isinstance(values, dict):
        problem = f"is no decision but {kind_of(values)}; {EXPECTED}"
        raise InputError(problem, path=path, line=number)
    try:
        decision = decision_of(values)
        check_decision(decision, contents)
    except InputError as error:
        raise InputError(
            error.problem, path=path, line=number, column=error.column, value=error.value
        ) from None
    return decision
