"""What a build sets apart as unknown, and how it certifies that."""

import json
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.serving import calibration_rows, routing_policy
from semroute.build import pipeline
from semroute.ood import calibrate_threshold
from semroute.router import SemanticRouter
from semroute.vocabulary import Vocabulary, words_of
from tests.build.small import CONFIG, SmallFiles, build_small, write_small_files
from tests.tiny import TinyEncoder


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_small_files(tmp_path)


def test_false_fallback_of_held_out_queries_is_what_was_asked(
    files: SmallFiles, tmp_path: Path
) -> None:
    summary = build_small(files, tmp_path / "i")
    assert 1 - summary.coverage <= 0.02 + 1e-9


def test_the_held_out_query_that_sets_the_threshold_is_known_itself(
    files: SmallFiles, tmp_path: Path
) -> None:
    for seed in range(4):
        build_small(files, tmp_path / "i", seed=seed)
        contents = load_index(tmp_path / "i")
        assert contents.manifest.ood.threshold in contents.calibration.similarities.tolist()


def test_held_out_queries_of_new_words_are_certified_at_the_frontier_as_they_are_served(
    files: SmallFiles, tmp_path: Path
) -> None:
    lines = files.queries.read_text().splitlines()
    strange = [f"{'x' * n} {'y' * n} {'z' * n}" for n in range(1, 25)]
    for number, text in enumerate(strange):
        row = json.loads(lines[number])
        lines[number] = json.dumps({**row, "text": text})
    files.queries.write_text("\n".join(lines) + "\n")
    files.config.write_text(f"{CONFIG}\n[ood]\nmax_false_fallback = 0.2\n")
    summary = build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    is_new = contents.calibration.similarities == -1
    assert 0 < is_new.sum() <= len(strange)
    chosen = routing_policy(contents).choose(calibration_rows(contents).traffic).columns
    assert (chosen[is_new] == 0).all()
    assert (chosen[~is_new] == 1).any()
    router = SemanticRouter(contents, TinyEncoder())
    assert {one.reason for one in router.route_batch(strange)} >= {"ood"}
    assert router.route("xy yz zx").reason == "ood"
    similarities = contents.calibration.similarities
    assert summary.coverage == (similarities >= contents.manifest.ood.threshold).mean()
    assert is_new.mean() <= 1 - summary.coverage <= 0.2


def test_the_threshold_makes_room_for_held_out_queries_of_new_words(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of the queries, as similar as any, is said to be of new words; a fifth may be."""

    class OddNumbers(Vocabulary):
        def is_new(self, text: str) -> bool:
            return text.endswith("7")

    odd = OddNumbers(words_of(["a"]), 0.5)
    monkeypatch.setattr(pipeline, "calibrated_vocabulary", lambda *_: odd)
    files.config.write_text(f"{CONFIG}\n[ood]\nmax_false_fallback = 0.2\n")
    build_small(files, tmp_path / "i")
    contents = load_index(tmp_path / "i")
    found, threshold = contents.calibration, contents.manifest.ood.threshold
    nearest = (found.vectors @ contents.centroids.T).max(axis=1)
    is_new = found.similarities == -1
    assert 0.05 < is_new.mean() < 0.15
    expected = calibrate_threshold(np.where(is_new, -1, nearest), 0.2)
    assert threshold == pytest.approx(expected, abs=1e-6)
    assert threshold < calibrate_threshold(nearest, 0.2) - 1e-6
