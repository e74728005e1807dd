"""What the benchmarks share: a data set as files and arrays, splits, embeddings, tables."""

import csv
import json
import platform
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from semroute.build import BuildSummary, build_index
from semroute.config import Config, read_config
from semroute.encoders import SentenceTransformerSettings
from semroute.encoders.contract import Encoder, EncoderIdentity
from semroute.encoders.cores import available_cores
from semroute.encoders.making import make_encoder
from semroute.evals import read_evals
from semroute.progress import Advance, ignore
from semroute.queries import read_queries
from semroute.templates import no_templates
from semroute.vectors import Vectors


class RememberingEncoder:
    """Embeds each text once in the life of the process; the vectors are the encoder's own."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, np.ndarray] = {}

    @property
    def identity(self) -> EncoderIdentity:
        return self._encoder.identity

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        new = sorted({text for text in texts if text not in self._known}, key=len)
        if new:
            self._known.update(zip(new, self._encoder.encode(new, advance), strict=True))
        return np.stack([self._known[text] for text in texts])

    def truncates(self, text: str) -> bool:
        return self._encoder.truncates(text)


class DataSet:
    """One folder of shared data: the files, and their rows as arrays."""

    def __init__(self, folder: Path, *, config: Path | None = None) -> None:
        self.folder = folder
        self.rows = [json.loads(line) for line in (folder / "queries.jsonl").open()]
        self.rows.sort(key=lambda row: row["query_id"])
        self.config_path = config or folder / "semroute.toml"
        self.config: Config = read_config(self.config_path)
        self.evals_path = folder / "evals.csv" if (folder / "evals.csv").exists() else None
        if self.evals_path:
            log = read_queries(folder / "queries.jsonl")
            self.evals = read_evals(self.evals_path, log.query_ids, self.config.model_names)

    def column(self, name: str) -> np.ndarray:
        return np.array([row.get(name) for row in self.rows])

    def texts(self, rows: np.ndarray) -> list[str]:
        return [self.rows[row]["text"] for row in rows]

    def build(
        self,
        rows: np.ndarray,
        out: Path,
        seed: int,
        encoder: Encoder | None,
        holed: str | None = None,
    ) -> BuildSummary:
        """Write the chosen rows as a query log and build from it; `holed` loses 30% of scores."""
        queries = out.parent / f"{out.name}.jsonl"
        queries.write_text("".join(json.dumps(self.rows[row]) + "\n" for row in rows))
        evals = None if self.evals_path is None else self._evals_of(rows, out, holed, seed)
        return build_index(queries, evals, self.config_path, out, seed=seed, encoder=encoder)

    def _evals_of(self, rows: np.ndarray, out: Path, holed: str | None, seed: int) -> Path:
        wanted = {self.rows[row]["query_id"] for row in rows}
        path = out.parent / f"{out.name}.csv"
        with self.evals_path.open() as source, path.open("w", newline="") as target:
            reader = csv.DictReader(source)
            writer = csv.DictWriter(target, reader.fieldnames)
            writer.writeheader()
            random = np.random.default_rng(seed)
            for row in reader:
                lost = row["model"] == holed and random.uniform() < 0.3
                if row["query_id"] in wanted and not lost:
                    writer.writerow(row)
        return path


def serving_encoder(folder: Path, model: str | None = None) -> RememberingEncoder:
    """Make the encoder that a build of a data set would store, or that of another `model`."""
    source = DataSet(folder)
    texts = source.texts(np.arange(len(source.rows)))
    settings = SentenceTransformerSettings(model=model) if model else source.config.encoder
    made = make_encoder(settings, texts, 0, available_cores(), source.config.texts.cut)
    return RememberingEncoder(made.encoder)


def versions() -> str:
    packages = ("semroute", "numpy", "faiss-cpu", "umap-learn", "hdbscan", "sentence-transformers")
    libraries = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"Python {platform.python_version()}, {libraries}, {platform.machine()}"


def split_rows(n_rows: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(n_rows)
    cut = int(share * n_rows)
    return np.sort(order[:cut]), np.sort(order[cut:])


def vectors_of(source: DataSet, encoder: Encoder, rows: np.ndarray) -> Vectors:
    """Return the embeddings of some rows."""
    return np.ascontiguousarray(encoded(source, encoder, rows)[:, : encoder.identity.dimension])


def encoded(source: DataSet, encoder: Encoder, rows: np.ndarray) -> Vectors:
    """Return what the encoder gives for some rows, prompt templates and all.

    Hidden states are behind the embedding.
    """
    clean = partial(source.config.texts.clean, templates=no_templates())
    return encoder.encode([clean(text).text for text in source.texts(rows)])


def add(outcomes: dict[str, list[float]], name: str, value: float) -> None:
    outcomes.setdefault(name, []).append(value)


def print_means(outcomes: dict[str, list[float]]) -> None:
    rows = [
        (name, f"{np.mean(values):.4g}", f"{np.std(values):.2g}", len(values))
        for name, values in outcomes.items()
    ]
    table(("what", "mean", "sd", "splits"), rows)


def table(heading: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
    print("| " + " | ".join(map(str, heading)) + " |")
    print("|" + "---|" * len(heading))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
