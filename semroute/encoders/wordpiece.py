"""WordPiece of plain ASCII text: the ids of the tokenizers library, in a fraction of its time.

Source: Wu et al., "Google's Neural Machine Translation System" (arXiv:1609.08144): of each word the
longest piece that is in the vocabulary, from left to right. Words are split as BERT does it.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_LETTERS = 24
"""Of a word; longer ones are left to the library, as trying pieces takes the square of that."""

# No control characters, and no opening bracket: special tokens such as [SEP] begin with one.
_PLAIN = re.compile(r"[\t\n\r -Z\\-~]*")
_WORDS = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z\s]")


_EXAMPLE = "Isn't it UNBELIEVABLY odd-looking: 3,141 zq_xj?\tYes."


def plain_wordpiece(tokenizer: "Tokenizer", n_most: int) -> "PlainWordPiece | None":
    """Make what stands in for a tokenizer on plain text; None if it is not one like BERT's."""
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    model = tokenizer.model
    is_like_bert = (
        isinstance(model, WordPiece)
        and isinstance(tokenizer.normalizer, BertNormalizer)
        and isinstance(tokenizer.pre_tokenizer, BertPreTokenizer)
        and model.max_input_chars_per_word >= MOST_LETTERS
        and tokenizer.token_to_id(model.unk_token) is not None
        and all(t.content.startswith("[") for t in tokenizer.get_added_tokens_decoder().values())
    )
    if not is_like_bert:
        return None
    plain = PlainWordPiece(tokenizer, n_most)
    expected = tokenizer.encode(_EXAMPLE, add_special_tokens=False).ids
    return plain if plain.ids(_EXAMPLE) == expected[: n_most + 1] else None


class PlainWordPiece:
    """Token ids of plain ASCII text; safe to share between threads.

    What it keeps of the texts it sees are entries of the vocabulary.

    Args:
        tokenizer: one `plain_wordpiece` accepts.
        n_most: how many tokens are of use.
    """

    def __init__(self, tokenizer: "Tokenizer", n_most: int) -> None:
        self._token_to_id = tokenizer.token_to_id
        self._lowercase = bool(tokenizer.normalizer.lowercase)
        self._prefix: str = tokenizer.model.continuing_subword_prefix
        unknown = tokenizer.token_to_id(tokenizer.model.unk_token)
        self._unknown = [] if unknown is None else [unknown]
        self._n_most = n_most
        self._known: dict[str, int] = {}

    def ids(self, text: str) -> list[int] | None:
        """Return the ids of a text, of a long one the first `n_most` + 1; None: ask the library."""
        if _PLAIN.fullmatch(text) is None:
            return None
        ids: list[int] = []
        known = self._known
        for word in _WORDS.findall(text.lower() if self._lowercase else text):
            token = known.get(word)
            if token is not None:
                ids.append(token)
            elif len(word) <= MOST_LETTERS:
                ids += self._pieces(word)
            else:
                return None
            if len(ids) > self._n_most:
                break
        return ids[: self._n_most + 1]

    def _pieces(self, word: str) -> list[int]:
        ids: list[int] = []
        rest, prefix = word, ""
        while rest:
            for end in range(len(rest), 0, -1):
                token = self._id_of(prefix + rest[:end])
                if token is not None:
                    break
            else:
                return self._unknown
            ids.append(token)
            rest, prefix = rest[end:], self._prefix
        return ids

    def _id_of(self, piece: str) -> int | None:
        token = self._known.get(piece)
        if token is None:
            token = self._token_to_id(piece)
            if token is not None:
                self._known[piece] = token
        return token
