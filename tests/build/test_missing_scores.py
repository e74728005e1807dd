"""A build tells the owner where scores are missing on harder queries than they are there."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.build.caveats import _missing_where_harder
from tests.build.small import build_small, write_small_files
from tests.tiny_index import tiny_contents, with_cluster


def _warnings(folder: Path, lost_of_hard: float, lost_of_easy: float) -> str:
    """Build where the small model fails on one in twenty of topic 1, and scores of it are lost."""
    files = write_small_files(folder, n_queries=2000)
    random, kept = np.random.default_rng(0), []
    for line in files.evals.read_text().splitlines():
        query, model, score, *rest = line.split(",")
        if model == "small" and query != "query_id":
            is_hard = int(query[1:]) % 4 == 1
            score = "0.0" if is_hard and random.uniform() < 0.05 else score
            if random.uniform() < (lost_of_hard if is_hard else lost_of_easy):
                continue
        kept.append(",".join([query, model, score, *rest]))
    files.evals.write_text("\n".join(kept) + "\n")
    return "\n".join(build_small(files, folder / "i").warnings)


def test_it_warns_where_hard_queries_lack_scores(tmp_path: Path) -> None:
    told = _warnings(tmp_path, lost_of_hard=0.4, lost_of_easy=0.05)
    assert "that 'small' answers" in told
    assert "lack scores, and these are expected to lose more (0." in told


@pytest.mark.parametrize("lost", [(0.3, 0.3), (0.02, 0.4), (0.0, 0.0)])
def test_it_does_not_where_scores_are_lost_at_random_or_of_easy_queries(
    lost: tuple[float, float], tmp_path: Path
) -> None:
    assert "lack scores" not in _warnings(tmp_path, *lost)


def _scored(
    shares: tuple[float, float, float], losses: tuple[float, float, float]
) -> IndexContents:
    """An index whose models, which answer a cluster each, are scored at random on such shares."""
    contents, random = tiny_contents(3, n_calibration=600), np.random.default_rng(0)
    held_out = contents.calibration
    scores = np.where(random.uniform(size=held_out.scores.shape) < shares, 1.0, np.nan)
    expected = random.normal(losses, 0.001, size=scores.shape)
    held_out = dataclasses.replace(held_out, scores=scores, expected_losses=expected)
    for cluster_id, model in enumerate(contents.manifest.config.model_names):
        contents = with_cluster(contents, cluster_id, override=model)
    return dataclasses.replace(contents, calibration=held_out)


def test_a_model_that_loses_more_and_is_scored_less_at_random_is_no_reason_to_warn() -> None:
    assert [*_missing_where_harder(_scored((1.0, 0.9, 0.5), (0.0, 0.01, 0.1)))] == []


def test_a_label_for_a_model_that_was_never_scored_is_no_reason_to_warn() -> None:
    assert [*_missing_where_harder(_scored((1.0, 0.5, 0.0), (0.0, 0.01, np.nan)))] == []
