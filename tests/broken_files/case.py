"""What one broken file is, and the good files it stands beside."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

CANARY = "secret question"
"""Part of every query text in these files; no error may repeat it."""

GOOD_QUERIES = f'query_id,text\na,{CANARY} one\nb,"{CANARY}, two"\n'
GOOD_EVALS = "query_id,model,score,cost_usd\na,large,1,0.02\na,small,0.5,\nb,large,,0.02\n"
GOOD_CONFIG = """\
frontier = "large"

[[models]]
name = "large"
usd_per_request = 0.02

[[models]]
name = "small"
usd_per_request = 0.0005

[quality]
max_loss = 0.02

[clustering]
kind = "hdbscan"
min_cluster_size = 15
"""


@dataclass(frozen=True)
class InputFiles:
    """The three files a build reads."""

    queries: Path
    evals: Path
    config: Path


@dataclass(frozen=True)
class BrokenFile:
    """One file that must be refused; `match` is searched for in the error, `line` its line."""

    id: str
    role: Literal["queries", "evals", "config"]
    name: str
    content: bytes | Callable[[], bytes] | None
    match: str
    line: int | None = None
    is_folder: bool = False

    def write(self, folder: Path) -> InputFiles:
        """Write the broken file, and good ones for the other two roles."""
        good = {"queries": GOOD_QUERIES, "evals": GOOD_EVALS, "config": GOOD_CONFIG}
        names = {"queries": "queries.csv", "evals": "evals.csv", "config": "semroute.toml"}
        for role, text in good.items():
            (folder / f"good-{names[role]}").write_text(text, encoding="utf-8")
        paths = {role: folder / f"good-{name}" for role, name in names.items()}
        paths[self.role] = self._write(folder)
        return InputFiles(**paths)

    def _write(self, folder: Path) -> Path:
        path = folder / self.name
        if self.is_folder:
            path.mkdir()
        elif self.content is not None:
            path.write_bytes(self.content() if callable(self.content) else self.content)
        return path


def parquet(columns: dict[str, Any]) -> Callable[[], bytes]:
    """Return a function that makes a Parquet file of these columns."""

    def make() -> bytes:
        import pyarrow as pa
        from pyarrow.parquet import write_table

        buffer = io.BytesIO()
        names, arrays = list(columns), [pa.array(values) for values in columns.values()]
        write_table(pa.Table.from_arrays(arrays, names), buffer)
        return buffer.getvalue()

    return make
