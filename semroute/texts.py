"""The one way from what a caller passes to the text that is embedded, offline and online."""

import hashlib
import re
import shlex
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

MAX_CHARS = 8_000
"""Characters kept before tokenising: tokenisers read the whole text before they truncate it."""

MAX_BYTES = 1_000_000
"""Above this a text is not looked at: the router falls back with reason `too_long`."""

Cut = Literal["head", "head_tail"]
"""What is kept of a text that is too long: its start, or half from its start and half from its end.

Instructions at the end of a long text are only seen by `head_tail`.
"""

Query = str | Sequence[Any]
"""A text, or an OpenAI messages list: mappings, or the objects an OpenAI client returns."""

_TEXT_PARTS = ("text", "input_text")
_PARTS_OF_TEXT = frozenset(
    {"text", "input_text", "output_text", "summary_text", "refusal", "thinking", "reasoning"}
    | {"tool_use", "tool_call", "tool_result", "function_call", "function_call_output"}
)
"""Parts of a message that hold text, and nothing else unless it lies inside them."""

_READ = ("content", "text", "refusal", "thinking", "output")
_CALLS = ("tool_calls", "function", "function_call")
_ARGUMENTS = ("arguments", "input")

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


class CleanText(NamedTuple):
    """What a request asks, whether characters were cut from it, and its template's extract.

    That is None for a text without a template, and empty for one of which nothing is extracted.

    `text` is what requests are told apart by, what they are said to be made of and what is shown;
    `embedded` is what the encoder gets.
    """

    text: str
    truncated: bool
    template: str | None = None

    @property
    def embedded(self) -> str:
        """The text, after what identifies the prompt template it came in."""
        return f"{self.template}\n{self.text}" if self.template and self.text else self.text


def query_text(query: Query) -> str:
    """Return the text that decides the route: the string itself, or the last user message.

    Of a message whose content is a list of parts, the parts of type `text` are joined by a line
    break. Earlier turns and the system prompt do not count: they are mostly the same for every
    request of an application. A list without a user message gives the empty text.

    Messages are mappings, or objects with a role and a content as an OpenAI client returns them.

    Raises:
        TypeError: `query` is neither a string nor a list of messages.

    >>> query_text([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    'Hi'
    """
    if isinstance(query, str):
        return query
    if not isinstance(query, Sequence) or isinstance(query, bytes | bytearray | memoryview):
        raise TypeError(f"a query is a str or a list of messages, not {type(query).__name__}")
    spoken = [content for role, content in map(_turn, query) if role == "user"]
    return _content_text(spoken[-1]) if spoken else ""


def _turn(message: object) -> tuple[object, object]:
    """Return the role and the content of a message."""
    if isinstance(message, Mapping) or (hasattr(message, "role") and hasattr(message, "content")):
        return _field(message, "role"), _field(message, "content")
    raise TypeError("a query that is a list holds messages with a role and a content")


def _field(record: object, name: str) -> object:
    """Return a field of a mapping or of an object; None if it has none of that name."""
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)


def shows_more_than_text(messages: Sequence[Any]) -> bool:
    """Say whether a message of any role holds more than text, such as an image, sound or a file.

    So does a part of a type that is not known here.

    >>> shows_more_than_text([{"role": "user", "content": [{"type": "image_url"}]}])
    True
    """
    waiting = [content for _, content in map(_turn, messages)]
    waiting += [_field(message, "output") for message in messages]
    while waiting:
        content = waiting.pop()
        if content is None or isinstance(content, str):
            continue
        for part in content if isinstance(content, Sequence) else [content]:
            if str(_field(part, "type")) not in _PARTS_OF_TEXT:
                return True
            waiting += [_field(part, "content"), _field(part, "output")]
    return False


def request_chars(query: Query) -> int:
    """Count the characters of a request: a model that answers reads all turns of a conversation.

    It reads what tools were asked and what they answered, too.
    """
    if isinstance(query, str):
        return len(query)
    n_chars, waiting = 0, list(query)
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            n_chars += len(one)
        elif isinstance(one, Sequence):
            waiting += one
        elif one is not None:
            waiting += [_field(one, name) for name in (*_READ, *_CALLS)]
            waiting += [str(_field(one, name) or "") for name in _ARGUMENTS]
    return n_chars


def is_too_long(text: str) -> bool:
    """Whether a text is above `MAX_BYTES` in UTF-8; short ones are not encoded to find out."""
    if len(text) <= MAX_BYTES // 4:
        return False
    return len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES


def _content_text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    texts = [_field(part, "text") for part in content if _field(part, "type") in _TEXT_PARTS]
    return "\n".join(text for text in texts if isinstance(text, str))


def clean(text: str, max_chars: int = MAX_CHARS, cut: Cut = "head") -> CleanText:
    r"""Cut to `max_chars`, repair surrogates and NUL, and strip white space at both ends.

    `cut` says which characters of a longer text are kept. A pair of surrogates becomes the
    character it stands for, a lone one the replacement character: tokenisers raise on them. Case,
    accents and inner white space stay as they are. A text in which nothing can be seen gives the
    empty text.

    >>> clean("  caf\u00e9 \ud800 ").text
    'café \ufffd'
    """
    stripped = text.strip()
    kept = _cut(stripped, max_chars, cut)
    if not kept.isascii() and _LONE_SURROGATE.search(kept):
        kept = kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = kept.replace("\x00", "\ufffd").strip()
    # Tokenisers drop all of an invisible text, and the empty text has a confident vector.
    is_seen = kept[:1].isalnum() or any(map(_is_visible, kept))
    return CleanText(kept if is_seen else "", len(stripped) > max_chars)


def _cut(text: str, max_chars: int, cut: Cut) -> str:
    if len(text) <= max_chars:
        return text
    n_tail = max_chars // 2 if cut == "head_tail" else 0
    if n_tail == 0:
        return text[:max_chars]
    # The line break keeps the two halves from making a word, or a character, of their own.
    return f"{text[: max_chars - n_tail - 1]}\n{text[-n_tail:]}"


def _is_visible(character: str) -> bool:
    return character != "\ufffd" and unicodedata.category(character)[0] in "LNPS"


class _OnlyWords(dict[int, int | str]):
    """For `str.translate`: letters, digits and the marks on them stay, all else is a space."""

    def __missing__(self, code: int) -> int | str:
        # Vowels of Hindi or Thai are marks; the marks that choose how an emoji looks are not words.
        is_mark = unicodedata.category(chr(code)) in {"Mn", "Mc"}
        chooses_a_look = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
        keep = chr(code).isalnum() or (is_mark and not chooses_a_look)
        self[code] = code if keep else " "
        return self[code]


_ONLY_WORDS = _OnlyWords()


def fold(text: str) -> str:
    """Reduce a text to what near duplicates share: its words, without case or punctuation.

    A text without any word stays as it is.

    >>> fold("Where is my ORDER?!") == fold("where is my order")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.translate(_ONLY_WORDS).split()) or text


def hundreds_beside(text: str, n_chars: int) -> int:
    """Return how many hundreds of characters a request of `n_chars` holds beside its text."""
    return max(n_chars - len(text), 0) // 100


def told_apart(texts: Sequence[str], n_chars: Sequence[int]) -> list[str]:
    """Return what tells requests from each other: equal after `fold` for copies of one.

    A request is its text, unless it holds more, such as documents in another message: then the
    same text with another amount of these is another request, and no near duplicate either. What
    they hold does not count, or a date in a system prompt would make copies of one question many.

    >>> told_apart(["Sum this up.", "Sum this up."], [12, 5_012])
    ['Sum this up.', 'sumx50 thisx50 upx50']
    """
    return [_told_apart(text, n) for text, n in zip(texts, n_chars, strict=True)]


def _told_apart(text: str, n_chars: int) -> str:
    beside = hundreds_beside(text, n_chars)
    return " ".join(f"{word}x{beside}" for word in fold(text).split()) if beside else text


def keyed_hash(key: str, text: str) -> str:
    """Return 16 hexadecimal digits of BLAKE2b keyed with `key` (at most 64 bytes).

    Plain hashes of short texts can be guessed; keyed ones only by who holds the index.
    """
    return _keyed(key, text).hexdigest()


def keyed_number(key: str, text: str) -> int:
    """Return the same as a number of 64 bits."""
    return int.from_bytes(_keyed(key, text).digest())


def _keyed(key: str, text: str) -> "hashlib.blake2b":
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=8, key=key.encode())


def printable(text: str, max_chars: int | None = None) -> str:
    r"""Make a text safe for a terminal: one line, no control or direction-changing characters.

    >>> printable("a\x1b[31mb\nc")
    'a [31mb c'
    """
    limit = sys.maxsize if max_chars is None else max_chars
    # White space and what is removed may be long, but not worth reading a huge text to its end.
    start = text[: 10 * limit]
    shown = "".join(_shown_as(character) for character in start.translate(_BIDI))
    shown = " ".join(shown.split())
    is_whole = len(shown) <= limit and len(start) == len(text)
    return shown if is_whole else f"{shown[: max(limit - 1, 0)]}…"


def shell_word(word: Path | str) -> str:
    """Write a path or a text as a command to paste has to have it.

    >>> shell_word("clusters"), shell_word("my clusters")
    ('clusters', "'my clusters'")
    """
    return shlex.quote(str(word))


def _shown_as(character: str) -> str:
    return " " if unicodedata.category(character) in {"Cc", "Cs"} else character
