"""The words of texts that may name a cluster."""

import re
from collections.abc import Iterator
from itertools import pairwise

from semroute.masks import mask, without_masks

# Scripts written without spaces: runs of them are cut into pairs of characters.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Vowel signs and accents of their own, which `\w` leaves out.
_MARKS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0970-\u0dff"
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}_])[\w{_MARKS}])+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")
_CONTRACTION = re.compile(r"(?:n['’]t|['’](?:s|d|m|ll|re|ve))\b", re.IGNORECASE)
# Identifiers, hashes, keys: long, and digits among the letters.
_CODE = re.compile(r"(?<![\w+/=.-])(?=[A-Za-z_+/=.-]*[0-9])[\w+/=.-]{12,}", re.ASCII)
_LONGEST_WORD = 24
_LONGEST_COMPOUND = 40
_COMPOUND = re.compile(r"[^\W\d_](?:[a-z]|[^\W\d_A-Z\x00-\x7f])+")
_MOST_DIGITS = 4


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text in lower case, secrets and what looks like an identifier left out.

    Numbers are words; of a script written without spaces pairs of characters are.

    >>> list(words_of("Die Arbeitsunfähigkeitsbescheinigung für ada@example.org, 4. Straße"))
    ['die', 'arbeitsunfähigkeitsbescheinigung', 'für', 'straße']
    """
    plain = _CODE.sub(" ", _CONTRACTION.sub(" ", without_masks(mask(text))))
    for found in _WORD.findall(plain):
        run = found.lower()  # casefold would name a cluster "strasse" whose texts say "Straße"
        if _UNSPACED_RUN.match(run):
            yield from (a + b for a, b in pairwise(run)) if len(run) > 1 else run
        elif 1 < len(run) <= _longest(found) and (run.isalpha() or _n_digits(run) <= _MOST_DIGITS):
            yield run


def _longest(found: str) -> int:
    """Let compounds be long, as German has them, and not what mixes its case, as keys do."""
    return _LONGEST_COMPOUND if _COMPOUND.fullmatch(found) else _LONGEST_WORD


def _n_digits(run: str) -> int:
    return sum(map(str.isdigit, run))
