import csv
import hashlib
import json
import os
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from semroute.config import read_config
from semroute.demo.dataset import DemoFiles, demo_traffic, requests, write_dataset
from semroute.demo.kinds import FRONTIER, KINDS, MODELS
from semroute.errors import PublishError
from semroute.evals import read_evals
from semroute.queries import read_queries
from semroute.texts import fold


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_dataset(tmp_path_factory.mktemp("demo"))


def queries(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def evals(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def paths(files: DemoFiles) -> list[Path]:
    return [
        files.queries,
        files.evals,
        files.queries_test,
        files.evals_test,
        files.config,
        files.readme,
    ]


def digests(files: DemoFiles) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths(files)}


def test_the_same_seed_writes_the_same_bytes(files: DemoFiles, tmp_path: Path) -> None:
    assert digests(write_dataset(tmp_path / "again")) == digests(files)


def test_another_seed_writes_other_queries_and_scores(files: DemoFiles, tmp_path: Path) -> None:
    before, after = digests(files), digests(write_dataset(tmp_path / "other", seed=1))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {*before} - {"semroute.toml"}


def test_another_process_with_another_hash_seed_writes_the_same_bytes(
    files: DemoFiles, tmp_path: Path
) -> None:
    script = (
        "import sys, pathlib; from semroute.demo.dataset import write_dataset; "
        "write_dataset(pathlib.Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, env=environment)
    for path in paths(files):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_held_out_queries_do_not_depend_on_the_size_of_the_log() -> None:
    assert demo_traffic(n_queries=30).test.texts == demo_traffic(n_queries=300).test.texts


def test_log_and_held_out_set_have_the_size_asked_for(files: DemoFiles, tmp_path: Path) -> None:
    assert (len(queries(files.queries)), len(queries(files.queries_test))) == (2000, 500)
    small = write_dataset(tmp_path, n_queries=73)
    assert (len(queries(small.queries)), len(queries(small.queries_test))) == (73, 500)


def test_no_held_out_text_is_in_the_log_whatever_its_case_and_punctuation(
    files: DemoFiles,
) -> None:
    seen = {fold(row["text"]) for row in queries(files.queries)}
    assert not seen & {fold(row["text"]) for row in queries(files.queries_test)}
    assert not seen & {fold(request.text) for request in requests()}


def test_query_ids_are_unique_over_both_files(files: DemoFiles) -> None:
    ids = [row["query_id"] for path in (files.queries, files.queries_test) for row in queries(path)]
    assert len(set(ids)) == len(ids)


def test_every_kind_has_its_weight_in_the_log_and_some_are_rare(files: DemoFiles) -> None:
    counts = Counter(row["kind"] for row in queries(files.queries))
    total_weight = sum(kind.weight for kind in KINDS)
    for kind in KINDS:
        assert abs(counts[kind.name] - 2000 * kind.weight / total_weight) <= 1, kind.name
    assert 25 <= len(counts) <= 28
    assert min(counts.values()) >= 30
    assert max(counts.values()) > 3 * min(counts.values())


def test_texts_repeat_rarely_but_do(files: DemoFiles) -> None:
    texts = [row["text"] for row in queries(files.queries)]
    assert 0.97 <= len(set(texts)) / len(texts) < 1


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_within_a_kind_nearly_every_text_is_another(kind: str, files: DemoFiles) -> None:
    texts = [row["text"] for row in queries(files.queries) if row["kind"] == kind]
    assert len(set(texts)) / len(texts) >= 0.93


def test_texts_run_from_a_word_or_two_to_a_paragraph(files: DemoFiles) -> None:
    lengths = [len(row["text"].split()) for row in queries(files.queries)]
    assert min(lengths) <= 2
    assert max(lengths) >= 60
    assert np.percentile(lengths, 90) > 3 * np.percentile(lengths, 10)


def test_no_text_holds_an_unfilled_slot_or_a_mark_of_the_grammar(files: DemoFiles) -> None:
    for path in (files.queries, files.queries_test):
        for row in queries(path):
            text = row["text"].replace("HEAD~", "HEAD")  # git, not grammar
            assert not set("⏎~") & set(text), row["query_id"]
            assert row["text"] == row["text"].strip() != "", row["query_id"]


def test_timestamps_rise_and_held_out_queries_come_after_the_log(files: DemoFiles) -> None:
    moments = [row["timestamp"] for row in queries(files.queries) + queries(files.queries_test)]
    assert moments == sorted(moments)


def test_about_one_score_in_twelve_is_missing_and_one_model_lacks_most(files: DemoFiles) -> None:
    scored = Counter(row["model"] for row in evals(files.evals))
    assert 0.06 <= 1 - scored.total() / (2000 * len(MODELS)) <= 0.10
    least, second = sorted(scored.values())[:2]
    assert scored["mid-m"] == least < 0.9 * second


def test_scores_are_graded_and_most_costs_are_recorded(files: DemoFiles) -> None:
    rows = evals(files.evals)
    assert {row["score"] for row in rows} == {"0", "0.5", "1"}
    known = [float(row["cost_usd"]) for row in rows if row["cost_usd"]]
    assert 0.85 <= len(known) / len(rows) <= 0.95
    assert min(known) > 0


def test_the_frontier_costs_60_to_100_times_the_smallest_model(files: DemoFiles) -> None:
    costs: dict[str, list[float]] = {model.name: [] for model in MODELS}
    for row in evals(files.evals):
        if row["cost_usd"]:
            costs[row["model"]].append(float(row["cost_usd"]))
    means = {name: float(np.mean(values)) for name, values in costs.items()}
    assert 60 <= means[FRONTIER] / means["tiny-xs"] <= 100
    assert max(means, key=lambda name: means[name]) == FRONTIER


def test_measured_costs_agree_with_the_prices_of_the_config(files: DemoFiles) -> None:
    config = read_config(files.config)
    chars = np.mean([len(row["text"]) for row in queries(files.queries)])
    for model in config.models:
        measured = [
            float(row["cost_usd"])
            for row in evals(files.evals)
            if row["model"] == model.name and row["cost_usd"]
        ]
        assert np.mean(measured) == pytest.approx(model.cost_usd(float(chars)), rel=0.15)


def test_the_config_is_readable_and_names_every_model(files: DemoFiles) -> None:
    config = read_config(files.config)
    assert config.model_names == tuple(model.name for model in MODELS)
    assert config.frontier == FRONTIER
    assert config.quality.max_loss == tomllib.loads(files.config.read_text())["quality"]["max_loss"]


def test_the_project_s_own_readers_take_every_row(files: DemoFiles) -> None:
    names = read_config(files.config).model_names
    for query_file, eval_file in (
        (files.queries, files.evals),
        (files.queries_test, files.evals_test),
    ):
        log = read_queries(query_file)
        table = read_evals(eval_file, log.query_ids, names)
        assert (~np.isnan(table.scores)).sum() == len(evals(eval_file))


def test_everything_simulated_says_so_where_people_look(files: DemoFiles) -> None:
    comments = [line for line in files.config.read_text().splitlines() if line.startswith("#")]
    assert "SIMULATED" in " ".join(comments[:3])
    assert "EVERYTHING HERE IS SIMULATED" in files.readme.read_text()


def test_the_readme_names_every_file_and_the_seed(tmp_path: Path) -> None:
    files = write_dataset(tmp_path, seed=41, n_queries=60)
    text = files.readme.read_text()
    assert all(path.name in text for path in paths(files) if path != files.readme)
    assert "seed 41" in text
    assert "60 queries" in text


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(PublishError, match=r"cannot write .*file"):
        write_dataset(occupied / "demo", n_queries=30)


def test_writing_takes_a_moment(tmp_path: Path) -> None:
    started = time.process_time()
    write_dataset(tmp_path)
    assert time.process_time() - started < 3, "about 0.4 s on the machine it was written on"


def test_sample_requests_have_a_reason_each_and_end_with_an_unknown_one() -> None:
    samples = requests()
    assert len({sample.text for sample in samples}) == len(samples) == 7
    assert all(len(sample.why) > 10 for sample in samples)
    assert samples[-1].why.startswith("unlike anything in the log")


def test_files_of_the_same_name_that_are_not_the_demos_are_kept(tmp_path: Path) -> None:
    own = tmp_path / "semroute.toml"
    own.write_text("mine")
    with pytest.raises(PublishError, match=r"semroute\.toml: a file that this demo did not write"):
        write_dataset(tmp_path, n_queries=60)
    assert [path.name for path in tmp_path.iterdir()] == ["semroute.toml"]
    assert own.read_text() == "mine"
