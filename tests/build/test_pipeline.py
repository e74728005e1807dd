"""The build from files to a published index, with an encoder that needs no model."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import load_index
from semroute.build import build_index, pipeline
from semroute.cli.build_summary import print_summary
from semroute.encoders.contract import EncoderOrigin
from semroute.encoders.making import MadeEncoder
from semroute.errors import BuildError, InputError
from semroute.progress import Advance
from semroute.router import SemanticRouter
from tests.build.small import CONFIG, SmallFiles, build_small, write_small_files
from tests.tiny import TinyEncoder


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_small_files(tmp_path)


def test_topics_become_clusters_labelled_by_their_evidence(
    files: SmallFiles, tmp_path: Path
) -> None:
    summary = build_small(files, tmp_path / "i")
    router = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
    assert summary.counts.n_clusters == 4
    for topic in range(4):
        decision = router.route(" ".join(f"topic{topic}{letter}" for letter in "abcde"))
        assert decision.model == ("large" if topic == 0 else "small")
    assert summary.saving == pytest.approx(0.75 * 0.95, abs=0.03)


def test_sizes_and_shares_count_the_whole_log(files: SmallFiles, tmp_path: Path) -> None:
    build_small(files, tmp_path / "i")
    clusters = load_index(tmp_path / "i").clusters
    assert sum(cluster.size for cluster in clusters) == 800
    assert sum(cluster.share for cluster in clusters) == pytest.approx(1)
    assert [c.size for c in clusters] == sorted((c.size for c in clusters), reverse=True)


def test_measured_costs_and_prices_meet_in_the_evidence(files: SmallFiles, tmp_path: Path) -> None:
    files.evals.write_text(files.evals.read_text().replace(",0.02\n", ",0.05\n"))
    build_small(files, tmp_path / "i")
    for cluster in load_index(tmp_path / "i").clusters:
        costs = {e.model: e.mean_cost_usd for e in cluster.evidence}
        assert costs == pytest.approx({"large": 0.05, "small": 0.001})


def test_the_manifest_says_what_went_in(files: SmallFiles, tmp_path: Path) -> None:
    import hashlib

    build_small(files, tmp_path / "i", seed=3)
    manifest = load_index(tmp_path / "i").manifest
    assert manifest.seed == 3
    assert (
        manifest.input_sha256["queries"] == hashlib.sha256(files.queries.read_bytes()).hexdigest()
    )
    assert set(manifest.input_sha256) == {"queries", "evals", "config"}
    assert manifest.counts.n_scores == 1600
    assert manifest.counts.n_fit + manifest.counts.n_calibration == 800


def test_blank_queries_are_dropped_and_counted(files: SmallFiles, tmp_path: Path) -> None:
    with files.queries.open("a") as lines:
        lines.write(json.dumps({"query_id": "blank", "text": "  \n "}) + "\n")
    summary = build_small(files, tmp_path / "i")
    assert (summary.counts.n_queries, summary.counts.n_unusable_queries) == (800, 1)


def test_too_many_blank_queries_stop_the_build(files: SmallFiles, tmp_path: Path) -> None:
    with files.queries.open("a") as lines:
        for number in range(20):
            lines.write(json.dumps({"query_id": f"blank{number}", "text": ""}) + "\n")
    with pytest.raises(InputError, match=r"20 of 820 queries are blank .* max_unusable_share"):
        build_small(files, tmp_path / "i")
    assert not (tmp_path / "i" / "CURRENT").exists()


def test_a_log_of_blank_queries_only_is_refused(files: SmallFiles, tmp_path: Path) -> None:
    files.queries.write_text('{"query_id": "a", "text": " "}\n')
    with pytest.raises(InputError, match="none of the queries has a text"):
        build_index(files.queries, None, files.config, tmp_path / "i", encoder=TinyEncoder())


def test_too_few_queries_to_cluster_say_how_many_are_needed(
    files: SmallFiles, tmp_path: Path
) -> None:
    files.config.write_text(CONFIG.split("[clustering]")[0])
    files.queries.write_text('{"query_id": "a", "text": "one"}\n{"query_id": "b", "text": "two"}\n')
    with pytest.raises(BuildError, match=r"has 2 queries, .* at least 32 are needed"):
        build_index(files.queries, None, files.config, tmp_path / "i", encoder=TinyEncoder())


def test_what_the_files_hold_and_the_build_did_not_use_is_named(
    files: SmallFiles, tmp_path: Path
) -> None:
    with files.evals.open("a") as lines:
        lines.write("q00000,stranger,1.0,\nnobody,large,1.0,\n")
    warnings = " ".join(build_small(files, tmp_path / "i").warnings)
    assert "stranger" in warnings
    assert "scores of 1 query not in the log" in warnings


def test_costs_under_another_name_are_told_of_in_the_summary(
    files: SmallFiles, tmp_path: Path
) -> None:
    files.evals.write_text(files.evals.read_text().replace("cost_usd", "Cost (USD)", 1))
    told = " ".join(build_small(files, tmp_path / "i").warnings)
    assert "the column 'Cost (USD)' of the evals is not used" in told


def _with_texts(files: SmallFiles, texts: dict[int, str]) -> None:
    """Give some queries of the log another text."""
    rows = [json.loads(line) for line in files.queries.read_text().splitlines()]
    for number, text in texts.items():
        rows[number]["text"] = text
    files.queries.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


@pytest.mark.parametrize(("n_repeated", "is_told"), [(79, False), (80, True)])
def test_a_log_that_repeats_its_texts_is_told_what_the_promise_is_worth(
    files: SmallFiles, tmp_path: Path, n_repeated: int, is_told: bool
) -> None:
    text = "topic0a topic0b topic0c topic0d topic0e"
    _with_texts(files, {4 * n: text.upper() if n % 2 else text for n in range(n_repeated + 1)})
    told = [w for w in build_small(files, tmp_path / "i").warnings if "repeat" in w]
    assert len(told) == is_told
    assert all(w.startswith("10% of the queries") for w in told)


@pytest.mark.parametrize(
    ("cut", "advice"),
    [
        ("head", 'cut = "head_tail" reads both ends, truncated = "frontier" sends such to large'),
        ("head_tail", "its end count"),
    ],
)
def test_queries_longer_than_what_is_read_are_counted_with_what_to_do(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str], cut: str, advice: str
) -> None:
    assert build_small(files, tmp_path / "short").n_truncated == 0
    many_words = "topic1a " * (TinyEncoder().identity.max_tokens + 1)
    many_characters = f"topic2a {'b' * 4000}"
    _with_texts(files, {1: many_words, 5: many_words, 2: many_characters, 3: " "})
    files.config.write_text(f'{CONFIG}[texts]\nmax_chars = 3000\ncut = "{cut}"\n')
    summary = build_small(files, tmp_path / "i")
    assert summary.n_truncated == summary.to_dict()["n_truncated"] == 3
    print_summary(summary)
    told = [line for line in capsys.readouterr().out.splitlines() if "longer than" in line]
    assert len(told) == 1
    assert told[0].split()[:3] == ["long", "texts", "3"]
    assert advice in told[0]


@pytest.mark.parametrize("stored", [{}, {"model.onnx": b"a model"}])
def test_an_encoder_that_is_not_what_was_asked_for_is_told_with_what_a_server_needs(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: dict[str, bytes]
) -> None:
    encoder = TinyEncoder()
    origin = EncoderOrigin(original=encoder.identity, departure="it is too odd")
    made = MadeEncoder(encoder, stored, origin)
    monkeypatch.setattr(pipeline, "make_encoder", lambda *_: made)
    summary = build_index(files.queries, files.evals, files.config, tmp_path / "i")
    told = [warning for warning in summary.warnings if "too odd" in warning]
    assert len(told) == 1
    assert ("semroute[build]" in told[0]) == (not stored)


def test_columns_that_are_not_used_are_named_once_for_who_asks(
    files: SmallFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="semroute"):
        build_small(files, tmp_path / "i")
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"{files.queries}: columns not used: topic"]


def test_a_model_never_scored_beside_the_frontier_is_named_and_never_chosen(
    files: SmallFiles, tmp_path: Path
) -> None:
    lines = files.evals.read_text().splitlines()
    files.evals.write_text("\n".join(line for line in lines if ",small," not in line) + "\n")
    summary = build_small(files, tmp_path / "i")
    assert "never chosen: small" in " ".join(summary.warnings)
    assert {m.model: m.n_clusters for m in summary.models} == {"large": 4, "small": 0}


def test_above_max_sample_a_sample_is_clustered_and_every_query_assigned(
    files: SmallFiles, tmp_path: Path
) -> None:
    files.config.write_text(CONFIG + "max_sample = 100\n")
    summary = build_small(files, tmp_path / "i")
    assert summary.counts.n_clusters == 4
    assert sum(c.size for c in load_index(tmp_path / "i").clusters) == 800


def test_the_held_out_part_is_kept_without_text(files: SmallFiles, tmp_path: Path) -> None:
    summary = build_small(files, tmp_path / "i")
    held_out = load_index(tmp_path / "i").calibration
    assert len(held_out.vectors) == summary.counts.n_calibration
    assert held_out.models == ("large", "small")
    np.testing.assert_array_equal(held_out.scores[:, 0], 1.0)


def test_progress_is_told_step_by_step(files: SmallFiles, tmp_path: Path) -> None:
    seen: dict[str, int] = {}

    class Recorder:
        @contextmanager
        def step(self, name: str, total: int | None) -> Iterator[Advance]:
            seen[name] = 0

            def advance(n_items: int) -> None:
                seen[name] += n_items

            yield advance

        def tell(self, sentence: str) -> None:
            raise AssertionError(f"nothing was to be told: {sentence}")

    build_index(
        files.queries,
        files.evals,
        files.config,
        tmp_path / "i",
        encoder=TinyEncoder(),
        progress=Recorder(),
    )
    assert list(seen) == [
        "read",
        "tell templates apart",
        "make encoder",
        "embed",
        "cluster",
        "label",
        "estimate",
        "remember",
        "certify",
        "publish",
    ]
    assert seen["embed"] == 800


def test_a_misspelt_frontier_in_the_evals_is_refused_with_the_name_it_has_there(
    files: SmallFiles, tmp_path: Path
) -> None:
    files.evals.write_text(files.evals.read_text().replace("large", "Large"))
    told = "no row is for the frontier model of the config, 'large'.*did you mean 'Large'"
    with pytest.raises(InputError, match=told):
        build_small(files, tmp_path / "i")
    assert not (tmp_path / "i").exists()


def test_scores_without_any_of_the_frontier_defend_nothing_and_it_says_so(
    files: SmallFiles, tmp_path: Path
) -> None:
    files.evals.write_text(files.evals.read_text().replace("large", "another"))
    summary = build_small(files, tmp_path / "i")
    told = "no query has a score of the frontier model 'large', so no cheaper model is defended"
    assert summary.warnings[-1].startswith(told)
    assert summary.certificate.frontier_share == 1
