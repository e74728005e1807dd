"""Names of columns that nearly are those of an input file."""

import difflib
from collections.abc import Collection

_OTHER_NAMES = {
    "query_id": {"id", "qid", "questionid", "promptid", "requestid"},
    "text": {"prompt", "query", "question", "input", "request"},
    "messages": {"conversation"},
    "model": {"modelname", "modelid"},
    "score": {"rating", "grade", "quality"},
    "cost_usd": {"cost", "costs", "price", "usd", "costindollars", "totalcost"},
}
"""What other files call the same thing, folded."""

KNOWN_COLUMNS = (*_OTHER_NAMES, "timestamp")

_CLOSE = 0.8
"""From this likeness (of `difflib`) on a name counts as a slip; "cost_eur" is not near enough."""


def rename_to(wanted: str, names: Collection[str]) -> str | None:
    """Return the one of `names` that seems to be meant as the column `wanted`, if any is.

    >>> rename_to("query_id", ["Prompt", "Query ID"]), rename_to("cost_usd", ["cost_eur"])
    ('Query ID', None)
    """
    target = _fold(wanted)
    folded = {_fold(name): name for name in names if name not in KNOWN_COLUMNS}
    close = difflib.get_close_matches(target, folded, n=1, cutoff=_CLOSE)
    other = [name for name in folded if name in _OTHER_NAMES.get(wanted, ())]
    found = [*close, *other]
    return folded[found[0]] if found else None


def is_header(names: Collection[str]) -> bool:
    """Whether these are names of columns, not the first row of a file that has no header."""
    return any(known in names or rename_to(known, names) for known in KNOWN_COLUMNS)


def _fold(name: str) -> str:
    """Leave letters and digits alone, in lower case."""
    return "".join(character for character in name.casefold() if character.isalnum())
