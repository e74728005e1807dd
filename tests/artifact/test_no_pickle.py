"""Nothing an index holds is ever unpickled: whoever can write a pickle can run code."""

import pickle
import re
from pathlib import Path

import pytest

from semroute.artifact.loading import load_index, verify_index
from tests.artifact.indexes import publish_tiny

PACKAGE = Path(__file__).parents[2] / "semroute"
FORBIDDEN = re.compile(
    r"\b(import|from)\s+(pickle|cPickle|dill|cloudpickle|shelve|marshal|joblib)\b"
    r"|\b(joblib|torch)\.load\b|allow_pickle\s*=\s*(?!False)|\bpickle\.(load|loads|Unpickler)\b"
)


def test_publishing_and_loading_run_without_pickle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        pytest.fail("pickle was used")

    for name in ("load", "loads", "dump", "dumps", "Unpickler", "Pickler"):
        monkeypatch.setattr(pickle, name, refuse)
    publish_tiny(tmp_path)
    assert len(load_index(tmp_path).clusters) == 3
    assert verify_index(tmp_path).n_files == 10


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_module_reads_pickles(path: Path) -> None:
    found = FORBIDDEN.search(path.read_text())
    assert found is None, f"{path.name}: {found and found.group()}"


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle = trusted)",
        "pickle.loads(content)",
    ],
)
def test_the_search_for_pickle_finds_it(line: str) -> None:
    assert FORBIDDEN.search(line)
