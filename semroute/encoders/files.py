"""Encoders that are files of an index: what they are called, and what identifies them."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from semroute.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Files = Mapping[str, bytes]
"""The content of each file by name."""

SETTINGS = "settings.json"
TOKENIZER = "tokenizer.json"
MODEL = "model.onnx"
EMBEDDINGS = "embeddings.npy"

Settings = TypeVar("Settings", bound=BaseModel)


class VerifiedFiles(dict[str, bytes]):
    """Files that were found to have the SHA-256 in `sha256`, hexadecimal by name.

    Whoever opens them need not hash megabytes a second time.
    """

    def __init__(self, files: Files, sha256: Mapping[str, str]) -> None:
        super().__init__(files)
        self.sha256 = {name: sha256[name] for name in files}


def fingerprint(files: Files) -> str:
    """Return the SHA-256 over the names and SHA-256 of all files, in hexadecimal.

    It is what `sha256sum * | sha256sum` prints in a folder of them.
    """
    if isinstance(files, VerifiedFiles):
        digests: Mapping[str, str] = files.sha256
    else:
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def content_of(files: Files, name: str) -> bytes:
    """Return one file's content.

    Raises:
        EncoderError: it is not there.
    """
    if name not in files:
        raise EncoderError(f"the encoder's file {name} is missing; build the index again")
    return files[name]


def read_settings(files: Files, kind: type[Settings]) -> Settings:
    """Read `settings.json` as `kind`.

    Raises:
        EncoderError: it is missing, or says something else.
    """
    try:
        return kind.model_validate_json(content_of(files, SETTINGS))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) or "content" for e in error.errors())
        raise EncoderError(
            f"the encoder's {SETTINGS} cannot be used (wrong: {wrong}); build the index again, "
            "or upgrade semroute if a newer one built it"
        ) from error


def open_tokenizer(content: bytes) -> "Tokenizer":
    """Read a tokenizer that keeps all tokens and never pads.

    Raises:
        EncoderError: the content is not a tokenizer.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_buffer(content)
    except ValueError as error:
        raise EncoderError(
            f"the encoder's {TOKENIZER} cannot be read; build the index again"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def tokenizer_json(tokenizer: "Tokenizer") -> bytes:
    """Return a tokenizer as `open_tokenizer` reads it, without what its last call left behind."""
    content = json.loads(tokenizer.to_str())
    return json.dumps({**content, "truncation": None, "padding": None}).encode()
