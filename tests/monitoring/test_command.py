"""`semroute drift` through the command line, with decisions that `semroute route` printed."""

import json
from pathlib import Path
from unittest import mock

import pytest

from semroute.router import SemanticRouter
from tests.command_line import Finished, run
from tests.judged import Judged


@pytest.fixture(scope="module")
def logged(judged: Judged) -> list[str]:
    """Decisions about queries like the held-out ones, a line each."""
    with judged.encoding("semroute.router.routing"):
        queries = judged.files.queries_test.read_bytes()
        done = run("route", "--index", judged.index, "--json", "--rows", "-", stdin=queries)
    assert done.code == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def shifted(judged: Judged) -> list[str]:
    router = SemanticRouter.load(judged.index, encoder=judged.encoder)
    texts = [f"fix this python function number {n} that sorts a list" for n in range(400)]
    return [json.dumps(one.to_dict()) for one in router.route_batch(texts)]


def drift(judged: Judged, rows: list[str], tmp_path: Path, *more: object) -> Finished:
    path = tmp_path / "decisions.jsonl"
    path.write_text("\n".join(rows))
    with mock.patch("semroute.artifact.encoder.open_index_encoder", side_effect=AssertionError):
        return run("drift", "--index", judged.index, path, *more)


def test_traffic_like_the_held_out_queries_is_called_so(
    judged: Judged, logged: list[str], tmp_path: Path
) -> None:
    done = drift(judged, logged, tmp_path, "--fail-on-drift")
    assert (done.code, done.stderr) == (0, "")
    assert f"{len(logged)} decisions, 344 held-out queries" in done.stdout
    assert f"Traffic is like the held-out queries as far as {len(logged)} dec" in done.stdout
    assert "DIFFERS" not in done.stdout


def test_what_the_decided_requests_save_is_told_beside_what_the_frontier_costs(
    judged: Judged, logged: list[str], tmp_path: Path
) -> None:
    done = drift(judged, logged, tmp_path)
    saving = json.loads(drift(judged, logged, tmp_path, "--json").stdout)["saving"]
    assert 0 < saving["cost_usd"] < saving["frontier_cost_usd"]
    assert f"\n{len(logged)} requests: ${saving['cost_usd']:.4g} expected in all, " in done.stdout
    always = f"${saving['frontier_cost_usd']:.4g} with {saving['frontier']} always: "
    now, held_out = (f"{100 * saving[key]:.1f}% " for key in ("now", "held_out"))
    assert f"{always}{now}saved, {held_out}on the held-out ones\n" in done.stdout


def test_other_traffic_is_marked_and_fails_only_where_that_is_asked_for(
    judged: Judged, shifted: list[str], tmp_path: Path
) -> None:
    done = drift(judged, shifted, tmp_path)
    assert done.code == 0
    assert "DIFFERS" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Traffic is not like the held-out queries: ")
    failed = drift(judged, shifted, tmp_path, "--fail-on-drift")
    assert (failed.code, failed.stdout) == (5, done.stdout)
    assert failed.stderr.startswith("semroute: --fail-on-drift: decisions differ from the held")
    assert len(failed.stderr.splitlines()) == 1


def test_the_table_has_then_now_difference_and_noise(
    judged: Judged, shifted: list[str], tmp_path: Path
) -> None:
    lines = drift(judged, shifted, tmp_path).stdout.splitlines()
    found = json.loads(drift(judged, shifted, tmp_path, "--json").stdout)
    first = found["models"][0]
    row = next(line for line in lines if line.startswith(f"{first['name']} "))
    then, now = first["held_out"], first["now"]
    difference = f"{'+' if now > then else ''}{now - then:.1%}"
    told = [f"{then:.1%}", f"{now:.1%}", difference, f"{first['noise']:.1%}", "DIFFERS"]
    assert row.split()[1:] == told
    assert any(line.startswith("expected loss (max_loss 0.015)") for line in lines)
    n_clusters = len(found["clusters"]["shares"])
    assert f"nearest cluster, if known, 10 of {n_clusters}" in lines
    assert sum(line.startswith("cluster ") for line in lines) == 10


def test_json_is_one_document_with_every_cluster(
    judged: Judged, shifted: list[str], tmp_path: Path
) -> None:
    found = json.loads(drift(judged, shifted, tmp_path, "--json").stdout)
    assert found["is_drift"] is True
    assert found["n_decisions"] == 400
    assert found["clusters"]["moved_share"] > found["clusters"]["most_by_chance"]
    shares = found["clusters"]["shares"]
    assert sum(one["now"] for one in shares) == pytest.approx(1)
    assert sum(one["held_out"] for one in shares) == pytest.approx(1)
    assert sum(one["now"] for one in found["models"]) == pytest.approx(1)


def test_decisions_come_from_stdin_too_and_name_their_line(
    judged: Judged, logged: list[str]
) -> None:
    typed = "\n".join(logged).encode()
    done = run("drift", "--index", judged.index, "-", stdin=typed)
    assert done.code == 0
    wrong = run("drift", "--index", judged.index, "-", stdin=typed + b'\n{"text": "SECRET"}\n')
    assert wrong.code == 3
    assert f"stdin, line {len(logged) + 1}, column model: is no decision" in wrong.stderr
    assert "SECRET" not in wrong.stderr


def test_a_log_is_compared_while_a_server_writes_it(
    judged: Judged, logged: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    typed = "\n".join([*logged, logged[0][:200]]).encode()
    done = run("drift", "--index", judged.index, "-", stdin=typed)
    assert (done.code, f"{len(logged)} decisions" in done.stdout) == (0, True)
    assert f"stdin, line {len(logged) + 1}: is not written to its end yet" in caplog.text


def test_a_file_that_is_not_there_or_empty_is_told(judged: Judged, tmp_path: Path) -> None:
    done = run("drift", "--index", judged.index, tmp_path / "none.jsonl")
    assert (done.code, "there is no such file" in done.stderr) == (3, True)
    done = drift(judged, [""], tmp_path)
    assert (done.code, "there are no decisions; log one a line" in done.stderr) == (3, True)


def test_decisions_of_other_versions_are_left_out_and_named(
    judged: Judged, logged: list[str], tmp_path: Path
) -> None:
    other = [json.dumps({**json.loads(row), "index_version": "of-old"}) for row in logged[:7]]
    done = drift(judged, [*logged, *other], tmp_path)
    assert "left out: 7 decisions of other versions: of-old (7)" in done.stdout
    none = drift(judged, other, tmp_path)
    assert none.code == 3
    assert (
        "there are decisions of: of-old (7); choose one that is kept with --version" in none.stderr
    )
    missing = drift(judged, other, tmp_path, "--version", "of-old")
    assert missing.code == 4


def test_copies_are_counted(judged: Judged, logged: list[str], tmp_path: Path) -> None:
    done = drift(judged, [*logged, *[logged[0]] * len(logged)], tmp_path)
    assert "different texts; the most frequent makes up 50." in done.stdout
