"""An encoder compiled to ONNX: one graph from token ids to a row, run by ONNX Runtime."""

import platform
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from semroute.encoders.contract import EncoderIdentity
from semroute.encoders.files import (
    MODEL,
    TOKENIZER,
    Files,
    content_of,
    fingerprint,
    read_settings,
)
from semroute.encoders.forking import tell_of_forks
from semroute.encoders.quiet_runtime import quiet_onnxruntime
from semroute.encoders.window import Window
from semroute.errors import EncoderError
from semroute.progress import Advance, ignore
from semroute.side_thread import beside
from semroute.texts import Cut
from semroute.vectors import Vectors, has_usable_parts

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INPUT = "input_ids"
OUTPUT = "unit_vector"

_TEXTS_PER_STEP = 16


class CompiledSettings(BaseModel):
    """`settings.json` of a compiled encoder.

    `prompt` is put before every text; `cut` says which tokens are kept of a text that is too long.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["onnx-int8", "onnx-fp32"]
    model: str
    dimension: Annotated[int, Field(ge=1)]
    hidden_dimension: Annotated[int, Field(ge=0)] = 0
    max_tokens: Annotated[int, Field(ge=1)]
    prompt: str = ""
    cut: Cut = "head"

    def window(self, tokenizer: bytes) -> Window:
        """Return what turns a text into token ids, given the content of `tokenizer.json`."""
        return Window(tokenizer, self.max_tokens, self.cut, prompt=self.prompt)


class CompiledEncoder:
    """Embeds texts with ONNX Runtime; needs neither torch nor a model hub.

    Each text is run alone, without padding. On a processor that is faster than batches, and an
    int8 model scales its activations over all that is run together: only alone does a text always
    get the same vector.

    Safe to share between threads. A child made by `fork` shares the memory of its parent's model;
    it opens the model anew, in about 0.2 s, if the parent ran it at the time of the fork or on
    more than one thread.

    Args:
        files: `model.onnx`, `tokenizer.json` and `settings.json`, as `compile_encoder` makes them.
        threads: how many threads share the work on one text. One is best under load.
        n_workers: how many texts `encode` has under way at a time.

    Raises:
        EncoderError: a file is missing or cannot be used.
    """

    def __init__(self, files: Files, *, threads: int = 1, n_workers: int = 1) -> None:
        self._files = files
        self._threads = threads
        self._n_workers = n_workers
        self._settings = read_settings(files, CompiledSettings)
        self._identity = EncoderIdentity(
            kind=self._settings.kind,
            model=self._settings.model,
            dimension=self._settings.dimension,
            hidden_dimension=self._settings.hidden_dimension,
            max_tokens=self._settings.max_tokens,
            fingerprint=fingerprint(files),
        )
        self._width = self._identity.width
        self._under_way: list[None] = []
        self._opening = threading.Lock()
        self._opened: _Opened | None = self._open()
        tell_of_forks(self)

    @property
    def identity(self) -> EncoderIdentity:
        """What the index records, and compares when it is loaded."""
        return self._identity

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        """Embed texts; see `Encoder.encode`. A text's vector never depends on the other texts."""
        if len(texts) == 1:
            vector = self._vector(texts[0])
            advance(1)
            return vector
        rows = np.empty((len(texts), self._width), dtype=np.float32)
        for n_done in self._fill(rows, texts):
            advance(n_done)
        return rows

    def truncates(self, text: str) -> bool:
        """Whether only part of `text` fits; see `Encoder.truncates`."""
        return (self._opened or self._open_again()).window.exceeds(text)

    def _fill(self, rows: Vectors, texts: Sequence[str]) -> Iterator[int]:
        # The longest first, so that no worker is left alone with them at the end.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        steps = [order[i : i + _TEXTS_PER_STEP] for i in range(0, len(order), _TEXTS_PER_STEP)]

        def fill(step: list[int]) -> int:
            for i in step:
                rows[i] = self._vector(texts[i])
            return len(step)

        if self._n_workers == 1:
            yield from map(fill, steps)
            return
        with ThreadPoolExecutor(self._n_workers) as workers:
            yield from workers.map(fill, steps)

    def _vector(self, text: str) -> NDArray[np.float32]:
        """Return the row of one text; NaN from end to end if either part is not of length one."""
        # Appending and popping are atomic; a counter would need a lock.
        under_way = self._under_way
        under_way.append(None)
        try:
            vector = self._run(text)
        finally:
            under_way.pop()
        if vector is None or not has_usable_parts(vector[0], self._settings.dimension):
            return np.full((1, self._width), np.nan, dtype=np.float32)
        return vector

    def _run(self, text: str) -> NDArray[np.float32] | None:
        opened = self._opened or self._open_again()
        ids = opened.window.ids(text)
        if not ids:
            return None
        feed = {INPUT: np.array([ids], dtype=np.int64)}
        vector: NDArray[np.float32] = opened.session.run([OUTPUT], feed)[0]
        return vector

    def _open(self) -> "_Opened":
        model, tokenizer = (content_of(self._files, name) for name in (MODEL, TOKENIZER))
        # Imported first: its import and the tokenizer would keep each other waiting.
        quiet_onnxruntime()
        with beside(partial(open_session, model, self._threads)) as session:
            window = self._settings.window(tokenizer)
            return _Opened(window, session())

    def _open_again(self) -> "_Opened":
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def start_in_child(self) -> None:
        """Give up, after `fork`, what a thread that is gone may have left half done."""
        if self._threads > 1 or self._under_way:
            # Never freed: freeing it would wait for its threads, which the child does not have.
            _given_up.append(self._opened)
            self._opened = None
        self._under_way = []
        self._opening = threading.Lock()


class _Opened:
    """What runs a model. One object, so that both parts are replaced at once."""

    def __init__(self, window: Window, session: "InferenceSession") -> None:
        self.window = window
        self.session = session


def open_session(model: bytes, threads: int = 1) -> "InferenceSession":
    """Open a model that takes one text's token ids; on one thread it makes no threads of its own.

    Raises:
        EncoderError: the content is not a model that this ONNX Runtime can run.
    """
    onnxruntime = quiet_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # The level above lays convolutions out; here it only takes half the time of opening once more.
    extended = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.graph_optimization_level = extended
    if saturates():
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            model,
            options,
            providers=["CPUExecutionProvider"],
            # The fused kernel takes four times as long as the two it replaces (1.32).
            disabled_optimizers=["SkipLayerNormFusion"],
        )
    except Exception as error:  # ONNX Runtime has an unrelated class for each status code
        raise EncoderError(
            f"the encoder's {MODEL} cannot be opened by ONNX Runtime {onnxruntime.__version__}; "
            "upgrade onnxruntime, or build the index again"
        ) from error


def saturates() -> bool:
    """Whether int8 sums may overflow on this processor, unless told to take twice the time.

    So do x86 processors without VNNI, or rather the int8 kernels for them; vectors would then
    differ from machine to machine. What cannot be found out counts as yes.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return not {"avx512_vnni", "avx_vnni"}.intersection(flags.split())


_given_up: list[Any] = []
