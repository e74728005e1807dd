"""`semroute evaluate` from files to tables, gates and refusals."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.artifact.serving import routing_policy
from semroute.evals import read_evals
from semroute.evaluate import Evaluation, evaluate
from semroute.evaluate.evaluation import CLUSTER_ORACLE, QUERY_ORACLE, RANDOM_MIX
from semroute.evaluate.frozen import N_LISTED
from semroute.evaluate.tolerance import expectations
from semroute.queries import read_queries
from semroute.router import SemanticRouter
from semroute.seen import no_texts
from tests.command_line import Finished, run
from tests.evaluate.sets import frozen_set
from tests.judged import Judged


@pytest.fixture(scope="module")
def found(judged: Judged) -> Evaluation:
    files = judged.files
    return evaluate(judged.index, files.queries_test, files.evals_test, encoder=judged.encoder)


def _at(contents: IndexContents, tolerance: float | None) -> IndexContents:
    certificate = contents.manifest.certificate
    assert certificate is not None
    changed = certificate.model_copy(update={"tolerance": tolerance})
    manifest = contents.manifest.model_copy(update={"certificate": changed})
    return replace(contents, manifest=manifest)


def _altered(judged: Judged) -> IndexContents:
    """The index with an analyst's label, clusters without evidence, and a small window."""
    contents = _at(load_index(judged.index), 0.1)
    config = contents.manifest.config
    _, small, *_ = sorted(config.models, key=lambda model: model.cost_usd(100))
    models = [
        model.model_dump(exclude_none=True) | ({"context_window": 30} if model == small else {})
        for model in config.models
    ]
    changed = type(config).model_validate(
        {**config.model_dump(exclude_none=True), "models": models}
    )
    manifest = contents.manifest.model_copy(update={"config": changed})
    clusters = list(contents.clusters)
    clusters[0] = clusters[0].model_copy(update={"override": config.model_names[-2]})
    for number in (1, 2):
        unpaired = tuple(
            one.model_copy(update={"n_paired": 0}) for one in clusters[number].evidence
        )
        clusters[number] = clusters[number].model_copy(update={"evidence": unpaired})
    return replace(contents, manifest=manifest, clusters=tuple(clusters))


def command(judged: Judged, *more: object) -> Finished:
    """Evaluate with the files and the index of `judged`, but for options that `more` gives."""
    usual = judged.arguments
    kept = [pair for pair in zip(usual[::2], usual[1::2], strict=True) if pair[0] not in more]
    with judged.encoding("semroute.evaluate.evaluation"):
        return run("evaluate", *(one for pair in kept for one in pair), *more)


class TestFigures:
    def test_the_router_is_judged_by_what_route_decides(
        self, judged: Judged, found: Evaluation
    ) -> None:
        router = SemanticRouter.load(judged.index, encoder=judged.encoder)
        log = read_queries(judged.files.queries_test)
        names = [d.model for d in router.route_batch(log.texts)]
        assert found.n_queries == len(log.texts) == 500
        for model, share in found.model_shares.items():
            assert share == pytest.approx(names.count(model) / 500)
        assert found.router.frontier_share == pytest.approx(names.count(found.frontier) / 500)
        table = read_evals(judged.files.evals_test, log.query_ids, tuple(found.model_shares))
        chosen = [list(found.model_shares).index(name) for name in names]
        frontier = table.scores[:, list(found.model_shares).index(found.frontier)]
        losses = frontier - table.scores[np.arange(500), chosen]
        assert found.router.loss is not None
        assert found.router.loss.value == pytest.approx(np.nanmean(losses), abs=0.01)

    def test_the_sweep_has_the_routers_own_point(self, judged: Judged, found: Evaluation) -> None:
        certificate = load_index(judged.index).manifest.certificate
        assert certificate is not None
        own = [one for one in found.points if one.tolerance == certificate.tolerance]
        assert len(own) == 1
        assert found.router.score is not None
        assert own[0].score == pytest.approx(found.router.score.value, rel=1e-12)
        assert own[0].cost_usd == pytest.approx(found.router.cost_usd.value, rel=1e-12)
        assert own[0].frontier_share == pytest.approx(found.router.frontier_share, rel=1e-12)

    def test_the_sweep_is_what_an_index_of_each_tolerance_routes(self, judged: Judged) -> None:
        contents, log = _altered(judged), read_queries(judged.files.queries_test)
        frozen = frozen_set(
            np.ones((len(log.texts), 5)), [0.1] * 5, models=contents.manifest.config.model_names
        )
        frozen = replace(frozen, requests=log.requests, texts=log.texts)
        decisions = SemanticRouter(contents, judged.encoder).route_batch(log.texts)
        reasons = {decision.reason for decision in decisions}
        assert reasons >= {"ood", "override", "matched", "too_long"}
        expected = expectations(routing_policy(contents), decisions, frozen)
        for tolerance in (None, -0.05, 0.0, 0.03, 0.1, 0.4, 1.0):
            routed = SemanticRouter(_at(contents, tolerance), judged.encoder).route_batch(log.texts)
            columns = [frozen.models.index(one.model) for one in routed]
            assert expected.choose(tolerance).tolist() == columns

    def test_there_is_a_row_for_everything_that_could_have_answered(
        self, found: Evaluation
    ) -> None:
        assert [one.name for one in found.strategies if one.kind != "single"] == [
            "semroute",
            RANDOM_MIX,
            "length and keywords",
            "nearest neighbours (kNN)",
            "classifier",
            CLUSTER_ORACLE,
            QUERY_ORACLE,
        ]
        assert sum(one.kind == "single" for one in found.strategies) == len(found.model_shares)

    def test_rivals_spend_what_the_router_spends(self, found: Evaluation) -> None:
        spent = found.router.cost_usd.value
        for one in found.strategies:
            if one.kind in {"rule", "learned"} or one.name == CLUSTER_ORACLE:
                assert one.cost_usd.value <= spent * (1 + 1e-9), one.name

    def test_hindsight_is_not_beaten(self, found: Evaluation) -> None:
        scores = {one.name: one.score.value for one in found.strategies if one.score}
        assert scores[QUERY_ORACLE] >= max(scores.values()) - 0.01
        assert scores[CLUSTER_ORACLE] >= scores["semroute"] - 0.01

    def test_slices_hold_every_query_once_per_column_worst_first(self, found: Evaluation) -> None:
        for column in ("kind", "cluster"):
            parts = [part for part in found.slices if part.column == column]
            assert sum(part.n for part in parts) == found.n_queries
            known = [part for part in parts if part.loss]
            shrunk = [
                (p.n - p.n_unscored) * p.loss.value / (p.n - p.n_unscored + 30) for p in known
            ]
            assert shrunk == sorted(shrunk, reverse=True)
        few = [part for part in found.slices if part.n - part.n_unscored < 30]
        assert few
        assert all(part.is_small for part in few)

    def test_the_same_seed_gives_the_same_document(self, judged: Judged, found: Evaluation) -> None:
        files = judged.files
        again = evaluate(judged.index, files.queries_test, files.evals_test, encoder=judged.encoder)
        assert again.to_dict() == found.to_dict()


class TestCommand:
    def test_prints_the_verdict_the_table_and_the_worst_slices(self, judged: Judged) -> None:
        done = command(judged)
        assert done.code == 0, done.stderr
        for text in ("The router saves", "always frontier-xl", "APGR", "worst by kind", "few"):
            assert text in done.stdout

    def test_json_is_one_document_without_query_text(self, judged: Judged) -> None:
        done = command(judged, "--json")
        document = json.loads(done.stdout)
        assert document["strategies"][0]["name"] == "semroute"
        assert document["confidence"] == 0.95
        texts = read_queries(judged.files.queries_test).texts
        assert not any(text in done.stdout for text in texts if len(text) > 25)

    @pytest.mark.parametrize(
        ("gate", "code"),
        [
            (("--min-quality", "0.2", "--max-cost", "0.5"), 0),
            (("--min-quality", "1"), 5),
            (("--max-cost", "0.0000001"), 5),
            (("--max-loss", "0.5"), 0),
            (("--max-loss", "-0.5"), 5),
        ],
    )
    def test_gates_end_with_exit_code_5_after_the_table(
        self, judged: Judged, gate: tuple[str, ...], code: int
    ) -> None:
        done = command(judged, *gate)
        assert done.code == code
        assert "answered by" in done.stdout
        assert (gate[0] in done.stderr) == (code == 5)

    def test_json_says_which_gates_were_met(self, judged: Judged) -> None:
        bars = ("--min-quality", "1", "--max-cost", "0.5", "--max-loss", "0.5")
        done = command(judged, "--json", *bars)
        assert done.code == 5
        document = json.loads(done.stdout)
        quality, cost, loss = document["gates"]
        router = document["strategies"][0]
        assert quality == {
            "option": "--min-quality",
            "asked": 1.0,
            "reached": router["score"]["value"],
            "low": router["score"]["low"],
            "high": router["score"]["high"],
            "met": False,
        }
        assert (cost["option"], cost["asked"], cost["met"]) == ("--max-cost", 0.5, True)
        assert cost["reached"] == router["cost_usd"]["value"]
        assert (loss["option"], loss["reached"]) == ("--max-loss", router["loss"]["value"])
        assert json.loads(command(judged, "--json").stdout)["gates"] == []

    def test_a_quality_nobody_scored_misses_its_gate(self, judged: Judged, tmp_path: Path) -> None:
        heading, *rows = judged.files.evals_test.read_text().splitlines()
        evals = tmp_path / "evals.csv"
        evals.write_text("\n".join([heading, *(row for row in rows if ",frontier-xl," in row)]))
        done = command(judged, "--evals", evals, "--json", "--min-quality", "0")
        assert done.code == 5
        (gate,) = json.loads(done.stdout)["gates"]
        assert (gate["reached"], gate["low"], gate["met"]) == (None, None, False)
        assert "the mean score is unknown, --min-quality asks for 0" in done.stderr

    @pytest.mark.parametrize(("bar", "code"), [("0.2", 0), ("1", 5)])
    def test_without_scikit_learn_only_the_classifier_is_missing(
        self, judged: Judged, monkeypatch: pytest.MonkeyPatch, bar: str, code: int
    ) -> None:
        whole, reason = command(judged).stdout.splitlines(), "scikit-learn is not installed: class"
        monkeypatch.setitem(sys.modules, "sklearn", None)
        done = command(judged, "--min-quality", bar)
        assert done.code == code, done.stderr
        told = done.stdout.splitlines()
        assert [line for line in whole if line.startswith("  semroute ")] == [
            line for line in told if line.startswith("  semroute ")
        ]
        assert not any(line.startswith("  classifier ") for line in told)
        assert sum(reason in line for line in told) == 1

    @pytest.mark.parametrize("gate", ["--min-quality", "--max-cost", "--max-loss"])
    @pytest.mark.parametrize("bar", ["nan", "inf"])
    def test_a_gate_that_is_no_number_is_refused(self, judged: Judged, gate: str, bar: str) -> None:
        done = command(judged, gate, bar)
        assert done.code == 2
        assert gate in done.stderr


def _set_with(judged: Judged, folder: Path, texts: list[str]) -> tuple[Path, Path]:
    """The test set, and `texts` as queries s0, s1 and so on."""
    queries, evals = folder / "queries.jsonl", folder / "evals.csv"
    extra = "".join(
        json.dumps({"query_id": f"s{i}", "text": t}) + "\n" for i, t in enumerate(texts)
    )
    queries.write_text(judged.files.queries_test.read_text() + extra)
    rows = "".join(f"s{i},frontier-xl,1,\n" for i in range(len(texts)))
    evals.write_text(judged.files.evals_test.read_text() + rows)
    return queries, evals


@pytest.fixture(scope="module")
def seen(judged: Judged) -> str:
    """The longest text of the log."""
    texts = read_queries(judged.files.queries).texts
    return max(texts, key=lambda text: len(text.split()))


class TestLeaks:
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda text: text, id="the same"),
            pytest.param(str.upper, id="in capitals"),
            pytest.param(lambda text: f"  {text.replace(' ', ',  ')}!!", id="other punctuation"),
            pytest.param(lambda text: f"{text} thanks", id="one word more"),
        ],
    )
    def test_a_query_the_build_has_seen_is_refused_by_id_and_line(
        self, judged: Judged, tmp_path: Path, seen: str, change: Callable[[str], str]
    ) -> None:
        queries, evals = _set_with(judged, tmp_path, [change(seen)])
        done = command(judged, "--queries", queries, "--evals", evals)
        assert done.code == 3
        assert "the build has seen 1 of these 501 queries" in done.stderr
        assert "'s0' (line 501)" in done.stderr
        assert seen[:20].lower() not in done.stderr.lower()
        assert not done.stdout

    @pytest.mark.parametrize(("n_more", "told"), [(0, "; take them out"), (2, " and 2 more; take")])
    def test_of_many_seen_queries_the_first_are_named_and_the_rest_counted(
        self, judged: Judged, tmp_path: Path, seen: str, n_more: int, told: str
    ) -> None:
        queries, evals = _set_with(judged, tmp_path, [seen] * (N_LISTED + n_more))
        done = command(judged, "--queries", queries, "--evals", evals)
        assert done.stderr.count("' (line 5") == N_LISTED
        assert f"){told}" in done.stderr

    def test_what_was_seen_can_be_left_out(self, judged: Judged, tmp_path: Path, seen: str) -> None:
        queries, evals = _set_with(judged, tmp_path, [seen, seen.upper()])
        done = command(judged, "--queries", queries, "--evals", evals, "--skip-seen", "--json")
        document = json.loads(done.stdout)
        assert document["left_out"] == ["s0", "s1"]
        assert document["n_queries"] == 500
        (note,) = document["notes"]
        assert note.startswith("502 queries were given and 2 of them were left out")
        assert note in command(judged, "--queries", queries, "--evals", evals, "--skip-seen").stdout

    def test_blank_queries_are_told_and_count(
        self, judged: Judged, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        queries, evals = _set_with(judged, tmp_path, [" ", "\n\t"])
        done = command(judged, "--queries", queries, "--evals", evals, "--json")
        assert "2 queries are blank; the frontier model gets such, and they count" in caplog.text
        assert json.loads(done.stdout)["n_queries"] == 502

    def test_nothing_left_is_refused_even_then(self, judged: Judged) -> None:
        files = judged.files
        done = command(judged, "--queries", files.queries, "--evals", files.evals, "--skip-seen")
        assert done.code == 3
        assert "has seen every query" in done.stderr

    def test_an_index_that_does_not_say_what_it_has_seen_is_refused(
        self, judged: Judged, tmp_path: Path
    ) -> None:
        with locked(tmp_path):
            publish(tmp_path, replace(load_index(judged.index), seen=no_texts()))
        done = command(judged, "--index", tmp_path)
        assert done.code == 4
        assert "run build-index again" in done.stderr

    def test_a_set_without_scores_of_the_frontier_is_refused(
        self, judged: Judged, tmp_path: Path
    ) -> None:
        evals = tmp_path / "evals.csv"
        evals.write_text("query_id,model,score\nt00001,mid-m,1\n")
        done = command(judged, "--evals", evals)
        assert done.code == 3
        assert "no query has a score of the frontier" in done.stderr
