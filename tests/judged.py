"""The demo's files, an index built of them with a tiny encoder, and commands that use it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from semroute.build import build_index
from semroute.demo.dataset import DemoFiles, write_dataset
from tests.tiny import TinyEncoder

N_QUERIES = 900


@dataclass(frozen=True)
class Judged:
    """Where the files and the index are."""

    files: DemoFiles
    index: Path
    encoder: TinyEncoder

    @property
    def arguments(self) -> tuple[str | Path, ...]:
        """What every evaluation starts with."""
        test, evals = self.files.queries_test, self.files.evals_test
        return ("--index", self.index, "--queries", test, "--evals", evals)

    def encoding(self, module: str) -> AbstractContextManager[object]:
        """Let commands use the tiny encoder where `module` would open the index's."""
        return mock.patch(f"{module}.open_index_encoder", return_value=self.encoder)


def judged_demo(folder: Path) -> Judged:
    """Write the demo's files and build an index of them in a second or two."""
    files = write_dataset(folder, seed=0, n_queries=N_QUERIES)
    config = folder / "tiny.toml"
    text = files.config.read_text().partition("[clustering]")[0]
    config.write_text(f'{text}[clustering]\nkind = "kmeans"\nn_clusters = 25\n')
    encoder = TinyEncoder(64)
    build_index(files.queries, files.evals, config, folder / "clusters", encoder=encoder)
    return Judged(files, folder / "clusters", encoder)
