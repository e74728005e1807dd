"""The window of an encoder: which of a text's tokens it looks at."""

import sys

from semroute.encoders.files import open_tokenizer
from semroute.encoders.wordpiece import plain_wordpiece
from semroute.texts import Cut


class Window:
    """Turns a text into the ids of the tokens that fit; safe to share between threads.

    Of a text that is too long, `cut` says what is kept; special tokens at both ends stay.

    Args:
        tokenizer: content of `tokenizer.json`.
        max_tokens: how many tokens fit, special ones included.
        cut: keep the first tokens, or the first and last half.
        prompt: put before every text.
        special: whether special tokens are added.

    Raises:
        EncoderError: the content is not a tokenizer.
    """

    def __init__(
        self,
        tokenizer: bytes,
        max_tokens: int,
        cut: Cut = "head",
        *,
        prompt: str = "",
        special: bool = True,
    ) -> None:
        self._tokenizer = open_tokenizer(tokenizer)
        self._prompt = prompt
        self._special = special
        self._max_tokens = max_tokens
        example = self._tokenizer.encode("a", add_special_tokens=special)
        mask = example.special_tokens_mask
        n_opening = next((i for i, added in enumerate(mask) if not added), 0)
        n_closing = next((i for i, added in enumerate(reversed(mask)) if not added), 0)
        self._opening = example.ids[:n_opening]
        self._closing = example.ids[len(mask) - n_closing :]
        n_tail = max_tokens // 2 if cut == "head_tail" else min(n_closing, max_tokens)
        n_of_use = sys.maxsize if cut == "head_tail" else max_tokens
        self._plain = plain_wordpiece(self._tokenizer, n_of_use)
        self._head = slice(max_tokens - n_tail)
        self._n_tail = n_tail
        # Normalising lengthens no ASCII, but some tokenizers put a space before it.
        n_before = len(prompt) + 1 if prompt.isascii() else max_tokens
        self._n_sure_to_fit = max_tokens - sum(mask) - n_before
        self._last = ("", False)

    @property
    def n_known_tokens(self) -> int:
        """How many different ids there are."""
        return int(self._tokenizer.get_vocab_size())

    def ids(self, text: str) -> list[int]:
        """Return the ids of the tokens of `text` that fit."""
        ids = self._all_ids(text)
        exceeds = len(ids) > self._max_tokens
        # Replaced as a whole: other threads never see one text with the answer for another.
        self._last = (text, exceeds)
        return ids[self._head] + ids[len(ids) - self._n_tail :] if exceeds else ids

    def exceeds(self, text: str) -> bool:
        """Whether only part of `text` fits; free for short text and the text looked at last."""
        if len(text) <= self._n_sure_to_fit and text.isascii():
            return False
        last, exceeds = self._last
        if last is not text:
            return len(self._all_ids(text)) > self._max_tokens
        # No text is kept for longer than it is of use.
        self._last = ("", False)
        return exceeds

    def _all_ids(self, text: str) -> list[int]:
        whole = self._prompt + text
        plain = self._plain.ids(whole) if self._plain else None
        if plain is not None:
            return [*self._opening, *plain, *self._closing]
        encoding = self._tokenizer.encode(whole, add_special_tokens=self._special)
        ids: list[int] = encoding.ids
        return ids
