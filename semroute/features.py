"""What a text looks like, in numbers: the difficulty inside a topic, where clusters see none.

Most features count characters and hold for any language. Those in `ENGLISH` count English words:
in another language they are zero and say nothing.
"""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semroute.texts import MAX_CHARS, hundreds_beside

FEATURES = (
    "characters",
    "words",
    "mean word length",
    "share of long words",
    "lines",
    "sentences",
    "digits",
    "numbers",
    "largest number",
    "numbers per word",
    "question marks",
    "arithmetic signs",
    "negations (English)",
    "longest listed option",
    "mean listed option",
    "listed options",
    "signs of code",
    "commas",
    "share of capitals",
    "characters outside ASCII",
    "parentheses",
    "quotation marks",
    "share of distinct words",
    "words of quantity (English)",
    "words of condition (English)",
    "question words (English)",
    "blanks to fill in",
    "money signs",
    "length of the last line",
    "characters beside the text",
)
"""Names of the columns of `text_features`, in order. Counts are logarithms: log(1 + count).

Characters beside the text, which is the last user message or the part of it that is looked at, are
counted in hundreds: all else of a request that a model has to read.
"""

ENGLISH = frozenset(name for name in FEATURES if name.endswith("(English)"))
"""The features that only see English."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"[.!?](?=\s|$)")
_OPTION = re.compile(r"\s*(?:[-*•]|\(?[A-Za-z0-9]{1,2}[.):])\s+(.*)")
_ASCII = re.compile(r"[\x00-\x7f]+")
_LARGEST_NUMBER = 1e12
_LONG_WORD = 9

_KINDS = {
    b"0": b"0123456789",
    b"A": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"+": b"-+*/=^<>%",
    b"{": rb"{};`\[]_|#",
    b"?": b"?",
    b",": b",",
    b"(": b"(",
    b'"': b'"',
    b"$": b"$",
}
"""ASCII characters that are counted together, by the one that stands for them."""

_KIND_OF = bytes(
    next((kind[0] for kind, characters in _KINDS.items() if code in characters), ord(" "))
    for code in range(256)
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEGATIONS = _words(
    "not no never none nor neither cannot without except least false incorrect wrong"
)
_QUANTITIES = _words(
    "each every per half twice double triple total times percent percentage rate average more less "
    "fewer than many much remaining left altogether"
)
_CONDITIONS = _words("if when then suppose assume given unless although because therefore must")
_QUESTIONS = _words("what which who whom whose where when why how")


def text_features(
    texts: Sequence[str], n_chars: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """Describe texts by numbers, all finite, in time linear in their length.

    Only the first `MAX_CHARS` characters are looked at. `n_chars` is the length of each whole
    request, unless the texts are all of it.

    Returns:
        float64, shape (n, n_features), columns named by `FEATURES`.

    >>> dict(zip(FEATURES, text_features(["Is 3 + 4 = 7?"])[0].round(2)))["question marks"]
    np.float64(1.0)
    """
    lengths = map(len, texts) if n_chars is None else n_chars
    rows = [features_of(text, n) for text, n in zip(texts, lengths, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))


def features_of(text: str, n_chars: int) -> list[float]:
    """Describe one text of a request of `n_chars` characters as `text_features` does."""
    n_beside, text = hundreds_beside(text, n_chars), text[:MAX_CHARS]
    lower = text.lower().replace("’", "'")
    words = _WORD.findall(lower)
    n_words, n_looked_at = max(len(words), 1), max(len(text), 1)
    lengths = list(map(len, words))
    lines = [line for line in text.split("\n") if line.strip()]
    options = [len(found[1]) for found in map(_OPTION.match, lines) if found]
    foreign = "" if text.isascii() else _ASCII.sub("", text)
    count = text.encode("ascii", "ignore").translate(_KIND_OF).count
    n_digits = count(b"0") + sum(map(str.isdigit, foreign))
    numbers = _NUMBER.findall(text) if n_digits else []
    n_code = count(b"{") + 5 * (text.count("def ") + text.count("return "))
    log = math.log1p
    return [
        log(len(text)),
        log(len(words)),
        sum(lengths) / n_words,
        sum(map(_LONG_WORD.__le__, lengths)) / n_words,
        log(len(lines)),
        log(len(_SENTENCE.findall(text))),
        log(n_digits),
        log(len(numbers)),
        math.log10(1 + min(max(map(_value, numbers), default=0.0), _LARGEST_NUMBER)),
        len(numbers) / n_words,
        min(count(b"?"), 5),
        log(count(b"+")),
        log(_among(words, _NEGATIONS) + _contracted(words, lower)),
        log(max(options, default=0)),
        log(sum(options) / len(options)) if options else 0.0,
        min(len(options), 10),
        log(n_code),
        log(count(b",")),
        (count(b"A") + sum(map(str.isupper, foreign))) / n_looked_at,
        log(len(foreign)),
        log(count(b"(")),
        log(count(b'"') + foreign.count("“")),
        len(set(words)) / n_words,
        log(_among(words, _QUANTITIES)),
        log(_among(words, _CONDITIONS)),
        log(_among(words, _QUESTIONS)),
        min(text.count("_ ") + text.count("__"), 5),
        log(count(b"$") + foreign.count("€")),
        log(len(lines[-1])) if lines else 0.0,
        # White space around a text is nothing beside it.
        log(n_beside),
    ]


def _among(words: list[str], wanted: frozenset[str]) -> int:
    return 0 if wanted.isdisjoint(words) else sum(map(wanted.__contains__, words))


def _contracted(words: list[str], lower: str) -> int:
    return sum(word.endswith("n't") for word in words) if "n't" in lower else 0


def _value(number: str) -> float:
    try:
        return float(number.replace(",", "")[:15])
    except ValueError:  # such as 1.2.3, a version or a date
        return 0.0
