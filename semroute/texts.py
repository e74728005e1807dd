"""The one way from what a caller passes to the text that is embedded, offline and online."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_CHARS = 8_000
"""Characters kept before tokenising: tokenisers read the whole text before they truncate it."""

MAX_BYTES = 1_000_000
"""Above this a text is not looked at: the router falls back with reason `too_long`."""

Query = str | Sequence[Mapping[str, Any]]
"""A text, or an OpenAI messages list."""

_NOT_A_WORD = re.compile(r"[\W_]+")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


@dataclass(frozen=True)
class CleanText:
    """A text ready to embed, and whether characters were cut from its end."""

    text: str
    truncated: bool


def query_text(query: Query) -> str:
    """Return the text that decides the route: the string itself, or the last user message.

    Of a message whose content is a list of parts, the parts of type `text` are joined by a line
    break. Earlier turns and the system prompt do not count: they are mostly the same for every
    request of an application. A list without a user message gives the empty text.

    Raises:
        TypeError: `query` is neither a string nor a list of mappings.

    >>> query_text([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    'Hi'
    """
    if isinstance(query, str):
        return query
    if not isinstance(query, Sequence) or not all(isinstance(turn, Mapping) for turn in query):
        raise TypeError(f"a query is a str or a list of messages, not {type(query).__name__}")
    spoken = [turn.get("content") for turn in query if turn.get("role") == "user"]
    return _content_text(spoken[-1]) if spoken else ""


def _content_text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts = [part for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
    return "\n".join(str(part.get("text", "")) for part in parts)


def clean(text: str, max_chars: int = MAX_CHARS) -> CleanText:
    """Cut to `max_chars`, repair surrogates and NUL, and strip white space at both ends.

    A pair of surrogates becomes the character it stands for, a lone one the replacement character:
    tokenisers raise on them. Case, accents and inner white space stay as they are.

    >>> clean("  caf\\u00e9 \\ud800 ").text
    'café \\ufffd'
    """
    stripped = text.strip()
    kept = stripped[:max_chars]
    if _LONE_SURROGATE.search(kept):
        kept = kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return CleanText(kept.replace("\x00", "\ufffd").strip(), len(stripped) > max_chars)


def fold(text: str) -> str:
    """Reduce a text to what near duplicates share: its words, without case or punctuation.

    >>> fold("Where is my ORDER?!") == fold("where is my order")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_A_WORD.sub(" ", folded).strip() or text


def keyed_hash(key: str, text: str) -> str:
    """Return 16 hexadecimal digits of BLAKE2b keyed with `key` (at most 64 bytes).

    Plain hashes of short texts can be guessed; keyed ones only by who holds the index.
    """
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=8, key=key.encode()).hexdigest()


def printable(text: str, max_chars: int | None = None) -> str:
    """Make a text safe for a terminal: one line, no control or direction-changing characters.

    >>> printable("a\\x1b[31mb\\nc")
    'a [31mb c'
    """
    shown = text.translate(_BIDI)
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in shown)
    shown = " ".join(shown.split())
    cut = max_chars is not None and len(shown) > max_chars
    return f"{shown[: max_chars - 1]}…" if cut and max_chars else shown
