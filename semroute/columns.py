"""Names that nearly are those of a column, a key or a model."""

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

_AS_CLOSE = 0.1
"""Of likeness: names that lie no farther apart are all suggested."""


def rename_to(wanted: str, names: Collection[str]) -> str | None:
    """Return the one of `names` that seems to be meant as the column `wanted`, if any is.

    >>> rename_to("query_id", ["Prompt", "Query ID"]), rename_to("cost_usd", ["cost_eur"])
    ('Query ID', None)
    >>> rename_to("query_id", ["query", "id"]), rename_to("text", ["query", "id"])
    ('id', 'query')
    """
    target = _fold(wanted)
    folded = {_fold(name): name for name in names if name not in KNOWN_COLUMNS}
    known = [name for name in folded if name in _OTHER_NAMES.get(wanted, ())]
    meant_otherwise = {name for others in _OTHER_NAMES.values() for name in others}
    slips = [name for name in folded if name not in meant_otherwise]
    found = [*known, *difflib.get_close_matches(target, slips, n=1, cutoff=_CLOSE)]
    return folded[found[0]] if found else None


def suggest(wanted: str, found: Collection[str], *, likeness: float = 0.6) -> str:
    """Return "; did you mean 'x'?" for the closest of `found`, several if as close, else nothing.

    `likeness` (of `difflib`, 0 to 1) is what the letters and digits of a name have to reach.

    >>> suggest("query-id", ["Query_ID", "text"]), suggest("gpt", ["gpt-s", "gpt-l", "o1"])
    ("; did you mean 'Query_ID'?", "; did you mean 'gpt-s' or 'gpt-l'?")
    """
    folded = {_fold(name) or name: name for name in found}
    letters = _fold(wanted) or wanted
    close = difflib.get_close_matches(letters, folded, n=3, cutoff=likeness)
    ratios = [difflib.SequenceMatcher(None, letters, name).ratio() for name in close]
    meant = [
        repr(folded[name])
        for name, ratio in zip(close, ratios, strict=True)
        if ratio > ratios[0] - _AS_CLOSE
    ]
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def is_header(names: Collection[str]) -> bool:
    """Whether these are names of columns, not the first row of a file that has no header."""
    return any(known in names or rename_to(known, names) for known in KNOWN_COLUMNS)


def _fold(name: str) -> str:
    """Leave letters and digits alone, in lower case."""
    return "".join(character for character in name.casefold() if character.isalnum())
