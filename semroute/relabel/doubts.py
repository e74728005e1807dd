"""What a spreadsheet, rather than an analyst, may have done to the names and notes of a sheet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from semroute.artifact.contents import Cluster
from semroute.labels import (
    LabelEdit,
    is_converted,
    is_garbled,
    looks_untouched,
    may_have_lost_letters,
)
from semroute.texts import printable

_MOST_TOLD = 5
_SHOWN_CHARS = 40


@dataclass(frozen=True)
class _Text:
    """A name or note as the index and as the sheet has it."""

    line: int
    column: str
    before: str
    after: str

    @property
    def is_edited(self) -> bool:
        return not looks_untouched(self.before, self.after)

    @property
    def told(self) -> str:
        shown = printable(self.after, _SHOWN_CHARS)
        return f"line {self.line}, column {self.column} ({shown!r})"


def doubts(clusters: Sequence[Cluster], edits: Mapping[str, LabelEdit]) -> tuple[str, ...]:
    """Warn of names and notes that a spreadsheet may have changed; `edits` are by `cluster_key`."""
    texts = _texts(clusters, edits)
    told = (_told(texts, applies, what) for what, applies in _DOUBTS.items())
    return tuple(filter(None, told))


def garbled_edits(clusters: Sequence[Cluster], edits: Mapping[str, LabelEdit]) -> tuple[str, ...]:
    """Return what is wrong with edits of texts that came garbled: nobody means what they hold."""
    what = (
        "an edit of a text that came garbled, as the sheet was opened or saved in another "
        "character set; import the exported sheet as UTF-8 and enter it there"
    )
    found = [one for one in _texts(clusters, edits) if one.is_edited and _is_garbled(one)]
    return tuple(f"{text.told}: {what}" for text in found)


def _texts(clusters: Sequence[Cluster], edits: Mapping[str, LabelEdit]) -> list[_Text]:
    """Return the names and notes that are not as the index has them, in the order of the lines."""
    pairs = [(one, edits[one.cluster_key]) for one in clusters if one.cluster_key in edits]
    texts = [
        _Text(edit.line, column, before, after)
        for cluster, edit in pairs
        for column, before, after in (
            ("name", cluster.name, edit.name),
            ("note", cluster.note, edit.note),
        )
        if after is not None and before != after
    ]
    return sorted(texts, key=lambda text: text.line)


def _told(texts: Sequence[_Text], applies: Callable[[_Text], bool], what: str) -> str | None:
    found = [text.told for text in texts if applies(text)]
    n_more = len(found) - _MOST_TOLD
    more = f" and {n_more} more" if n_more > 0 else ""
    return f"{', '.join(found[:_MOST_TOLD])}{more}: {what}" if found else None


def _is_garbled(text: _Text) -> bool:
    return is_garbled(text.before, text.after)


def _lost_letters(text: _Text) -> bool:
    return text.is_edited and may_have_lost_letters(text.before, text.after)


_DOUBTS: Mapping[str, Callable[[_Text], bool]] = {
    "the sheet was opened or saved in another character set; what is in the index stays, but "
    "import the sheet as UTF-8, and save it so, before you edit it": (
        lambda text: _is_garbled(text) and not text.is_edited
    ),
    "what a spreadsheet makes of the number or date in the index, which stays as it is; for "
    "another text empty the cell first, or add a word": (
        lambda text: is_converted(text.before, text.after)
    ),
    "may have lost letters, where a question mark stands in a word; if so, enter it again and save "
    "the sheet as CSV UTF-8": _lost_letters,
}
