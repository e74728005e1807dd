"""Reading a frozen set: what its queries cost."""

from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.evaluate import evaluate
from semroute.evaluate.frozen import read_frozen_set
from semroute.relabel import apply_labels
from tests.build.small import build_small, write_small_files
from tests.tiny import TinyEncoder


def test_costs_are_measured_ones_and_where_nobody_measured_the_price_at_the_measured_ratio(
    tmp_path: Path,
) -> None:
    files = write_small_files(tmp_path)
    build_small(files, tmp_path / "i")
    folder = tmp_path / "test"
    folder.mkdir()
    test = write_small_files(folder, n_queries=40, seed=9)
    heading, *lines = test.evals.read_text().replace(",0.02\n", ",0.07\n").splitlines()
    dear = [line.replace(",0.07", ",") if line.startswith("q00000") else line for line in lines]
    test.evals.write_text("\n".join([heading, *dear]) + "\n")
    frozen = read_frozen_set(test.queries, test.evals, load_index(tmp_path / "i"))
    assert frozen.models == ("large", "small")
    assert frozen.costs_usd[1:].tolist() == [[0.07, 0.001]] * 39
    assert frozen.costs_usd[0] == pytest.approx([0.07, 0.001])
    assert np.isfinite(frozen.scores).all()


def test_an_older_version_is_judged_by_what_it_decides(tmp_path: Path) -> None:
    files = write_small_files(tmp_path)
    old = build_small(files, tmp_path / "i").index_version
    sheet = tmp_path / "labels.csv"
    keys = [cluster.cluster_key for cluster in load_index(tmp_path / "i").clusters]
    sheet.write_text("cluster_key,label\n" + "".join(f"{key},large\n" for key in keys))
    apply_labels(tmp_path / "i", sheet)
    folder = tmp_path / "test"
    folder.mkdir()
    test = write_small_files(folder, n_queries=40, seed=9)
    judged = {
        version: evaluate(
            tmp_path / "i", test.queries, test.evals, version=version, encoder=TinyEncoder()
        )
        for version in (old, None)
    }
    assert judged[old].index_version == old != judged[None].index_version
    assert judged[old].router.frontier_share < 0.5 < judged[None].router.frontier_share == 1.0
