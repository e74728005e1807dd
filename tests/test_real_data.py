"""Real queries and scores: a part of each shared data set, through the files, as a user would.

The full figures come from `make bench-quality`; these tests hold what must never break.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from semroute.artifact.loading import load_index
from semroute.build import build_index
from semroute.encoders.contract import Encoder
from semroute.router import SemanticRouter

DATA = Path(__file__).parent.parent.parent / "shared" / "data"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.exists(), reason="the shared data sets are not beside the project"),
]

KMEANS = '\n[clustering]\nkind = "kmeans"\nn_clusters = 40\nn_restarts = 1\n'
TWO_MODELS = """
frontier = "large"
[[models]]
name = "large"
usd_per_request = 0.02
[[models]]
name = "small"
usd_per_request = 0.001
"""


def _rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name / "queries.jsonl").read_text().splitlines()]


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _some(rows: list[dict[str, str]], n: int) -> list[dict[str, str]]:
    chosen = np.random.default_rng(0).permutation(len(rows))[:n]
    return [rows[row] for row in chosen]


def test_known_traffic_is_told_from_out_of_scope_queries(
    tmp_path: Path, real_encoder: Encoder
) -> None:
    rows = _rows("clinc150")
    known = _some([row for row in rows if row["split"] == "train"], 2000)
    test = _some([row for row in rows if row["split"] == "test"], 400)
    strange = _some([row for row in rows if row["split"].startswith("oos")], 300)
    config = tmp_path / "semroute.toml"
    config.write_text(TWO_MODELS + KMEANS.replace("40", "150"))
    out = tmp_path / "index"
    summary = build_index(
        _write(tmp_path / "q.jsonl", known), None, config, out, encoder=real_encoder
    )
    assert summary.n_insufficient_evidence == summary.counts.n_clusters
    router = SemanticRouter.load(out, encoder=real_encoder)
    inside = router.route_batch([row["text"] for row in test])
    outside = router.route_batch([row["text"] for row in strange])
    assert {d.model for d in [*inside, *outside]} == {"large"}
    assert sum(d.reason == "ood" for d in inside) / len(inside) <= 0.045
    similarities = [d.similarity for d in [*inside, *outside]]
    truth = [1] * len(inside) + [0] * len(outside)
    assert roc_auc_score(truth, similarities) >= 0.94


def test_eleven_models_with_holes_build_without_a_special_case(
    tmp_path: Path, real_encoder: Encoder
) -> None:
    rows = _some(_rows("routerbench"), 300)
    wanted = {row["query_id"] for row in rows}
    evals = tmp_path / "evals.csv"
    with (DATA / "routerbench" / "evals.csv").open() as source, evals.open("w") as target:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(target, reader.fieldnames or [])
        writer.writeheader()
        holes = np.random.default_rng(1)
        writer.writerows(
            row for row in reader if row["query_id"] in wanted and holes.uniform() > 0.05
        )
    config = tmp_path / "semroute.toml"
    config.write_text((DATA / "routerbench" / "semroute.toml").read_text() + KMEANS)
    out = tmp_path / "index"
    queries = _write(tmp_path / "q.jsonl", rows)
    summary = build_index(queries, evals, config, out, encoder=real_encoder)
    contents = load_index(out)
    assert len(contents.manifest.config.models) == 11
    assert summary.counts.n_scores == pytest.approx(0.95 * 300 * 11, rel=0.03)
    for cluster in contents.clusters:
        assert {e.model for e in cluster.evidence} == set(contents.manifest.config.model_names)
        assert all(e.n_paired <= e.n_scored for e in cluster.evidence)
    for decision in SemanticRouter.load(out, encoder=real_encoder).route_batch(
        [row["text"] for row in rows[:50]]
    ):
        assert decision.model in contents.manifest.config.model_names
        costs = [c.expected_cost_usd for c in decision.candidates]
        assert costs == sorted(costs)
