"""A plan that is followed: its scores are not drawn at random, and the promise must hold."""

from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.build import build_index
from semroute.planning import plan_evals
from tests.build.small import SmallFiles, routed, rows_of, write_small_files
from tests.tiny import TinyEncoder

MODELS = ("large", "mid", "small")
SHARE_FAILED = 0.3
"""Of the queries of topic 0, by the small model; nothing else is ever lost."""


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    found = write_small_files(tmp_path, n_queries=2_400)
    mid = '[[models]]\nname = "mid"\nusd_per_request = 0.016\n[quality]'
    found.config.write_text(found.config.read_text().replace("[quality]", mid))
    return found


def follow_a_plan(files: SmallFiles, folder: Path) -> None:
    """Score an eighth of the log at random, then what is planned, and build with both."""
    random, rows = np.random.default_rng(100), rows_of(files)
    truth = {
        (row["query_id"], model): float(
            not (model == "small" and row["topic"] == 0 and random.uniform() < SHARE_FAILED)
        )
        for row in rows
        for model in MODELS
    }

    def write(name: str, pairs: list[tuple[str, str]]) -> Path:
        lines = [f"{query_id},{model},{truth[query_id, model]}\n" for query_id, model in pairs]
        (folder / name).write_text("query_id,model,score\n" + "".join(lines))
        return folder / name

    some = random.permutation([row["query_id"] for row in rows])[:300].tolist()
    first = write("first.csv", [(query_id, model) for query_id in some for model in MODELS])
    index, encoder = folder / "i", TinyEncoder()
    build_index(files.queries, first, files.config, index, encoder=encoder)
    plan = plan_evals(index, files.queries, first, 2_500, encoder=encoder)
    planned = write("plan.csv", [(one.query_id, one.model) for one in plan.scores])
    build_index(files.queries, [first, planned], files.config, index, encoder=encoder)


def true_mean_loss(files: SmallFiles, folder: Path) -> float:
    rows = rows_of(files)
    decisions = routed(rows, folder / "i")
    failing = [
        row["topic"] == 0 and one.model == "small" for row, one in zip(rows, decisions, strict=True)
    ]
    return SHARE_FAILED * float(np.mean(failing))


def test_the_promise_holds_where_a_plan_was_followed(files: SmallFiles, tmp_path: Path) -> None:
    follow_a_plan(files, tmp_path)
    certificate = load_index(tmp_path / "i").manifest.certificate
    assert certificate is not None
    assert certificate.saving > 0.3
    assert true_mean_loss(files, tmp_path) <= certificate.max_loss
