"""Texts and rows of a query log on the command line and on stdin."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from semroute.cli.requests import one_request, requests_of
from semroute.router import SemanticRouter
from tests.command_line import run
from tests.tiny import TinyEncoder
from tests.tiny_index import tiny_contents, tiny_texts

ROUTER = SemanticRouter(tiny_contents(), TinyEncoder())
TEXTS = [tiny_texts(cluster_id, 1)[0] for cluster_id in range(3)]


@pytest.fixture(autouse=True)
def _loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SemanticRouter, "load", lambda *_places, **_options: ROUTER)


def typed(*documents: object) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in documents).encode()


def user(content: object) -> dict[str, object]:
    return {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": content}]}


IMAGE = user([{"type": "text", "text": TEXTS[0]}, {"type": "image_url", "image_url": {"url": "u"}}])


def test_rows_are_decided_in_order_as_python_decides_them() -> None:
    rows = [
        {"text": TEXTS[0], "query_id": "a", "topic": "kept out"},
        {**user(TEXTS[1]), "query_id": 7},
        IMAGE,
        {"text": "", "query_id": None},
    ]
    done = run("route", "--json", "--rows", "-", stdin=b"\xef\xbb\xbf" + typed(*rows))
    assert (done.code, done.stderr) == (0, "")
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.pop("query_id", None) for one in printed] == ["a", "7", None, None]
    asked = [TEXTS[0], rows[1]["messages"], IMAGE["messages"], ""]
    assert printed == [json.loads(json.dumps(ROUTER.route(one).to_dict())) for one in asked]
    assert [one["reason"] for one in printed[2:]] == ["ood", "empty"]
    lines = run("route", "--rows", "-", stdin=typed(*rows)).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [one["model"] for one in printed]


def test_blank_lines_between_rows_are_left_out_as_in_a_log() -> None:
    done = run("route", "--rows", "-", stdin=b"\n" + typed({"text": TEXTS[0]}) + b"  \r\n")
    assert (done.code, len(done.stdout.splitlines())) == (0, 1)
    assert run("route", "--rows", "-").stdout == ""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"where is my order?", "is not valid JSON at character 1"),
        (b"[1]", "each line must be one JSON object, not a list"),
        (b'{"query": "canary"}', "the column 'text' or 'messages' is missing"),
        (b'{"text": 5}', "column text: must be a string, not a number"),
        (b'{"text": "canary", "messages": [{"role": "user"}]}', "has both text and messages"),
        (b'{"messages": [{"content": "canary"}]}', "column messages: message 1 has no role"),
        (b'{"text": "canary", "query_id": " "}', "column query_id: is empty"),
        (b'{"text": "canary", "timestamp": "noon canary"}', "column timestamp: must be ISO 8601"),
        (b'{"text": "canary \xff"}', "byte 18 of the line is not UTF-8"),
    ],
)
def test_a_faulty_row_is_told_with_its_line_after_the_decisions_before_it(
    line: bytes, told: str
) -> None:
    stdin = typed({"text": TEXTS[0]}) + line + b"\n" + typed({"text": TEXTS[1]})
    done = run("route", "--rows", "-", stdin=stdin)
    assert done.code == 3
    assert len(done.stdout.splitlines()) == 1
    (message,) = done.stderr.splitlines()
    assert message.startswith("semroute: stdin, line 2")
    assert told in message
    assert "canary" not in message


def test_one_row_may_stand_on_the_command_line() -> None:
    row = {**user(TEXTS[2]), "query_id": "q9"}
    printed = json.loads(run("route", "--json", "--rows", json.dumps(row)).stdout)
    assert printed.pop("query_id") == "q9"
    assert printed == json.loads(json.dumps(ROUTER.route(row["messages"]).to_dict()))
    refused = run("route", "--rows", TEXTS[0])
    assert refused.code == 3
    assert refused.stderr.startswith("semroute: TEXT, line 1: is not valid JSON")


def test_the_name_of_a_log_in_place_of_its_rows_is_noted(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_bytes(typed({"text": TEXTS[0]}))
    done = run("route", "--rows", tmp_path / "queries.jsonl")
    assert done.code == 3
    told = f"for its rows, run: semroute route --rows - < {tmp_path / 'queries.jsonl'}"
    assert told in done.stderr.splitlines()[0]


def explained(*arguments: object, stdin: bytes = b"") -> dict[str, object]:
    done = run("explain", "--json", *arguments, stdin=stdin)
    assert (done.code, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_explain_reads_all_of_stdin_as_one_text() -> None:
    text = f"{TEXTS[0]}\nand a second line\n\nand a fourth"
    assert explained("-", stdin=f"{text}\n".encode()) == explained(text)
    assert explained("-", stdin=text.encode()) == explained(text)
    assert explained("-")["decision"]["reason"] == "empty"


def test_explain_takes_exactly_one_row() -> None:
    row = {**user(TEXTS[1]), "query_id": "q1"}
    document = explained("--rows", "-", stdin=typed(row) + b"\n")
    assert document.pop("query_id") == "q1"
    assert document["decision"] == json.loads(json.dumps(ROUTER.route(row["messages"]).to_dict()))
    assert explained("--rows", json.dumps(row))["decision"] == document["decision"]
    for stdin, n_rows in ((b"", "no row"), (typed(row, row), "more than one row")):
        done = run("explain", "--rows", "-", stdin=stdin)
        assert done.code == 2
        assert f"there is {n_rows}; give exactly one to explain" in done.stderr


@pytest.mark.parametrize("command", ["route", "explain"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_letters_lost_from_stdin_are_told_once(command: str, encoding: str) -> None:
    stdin = f"{TEXTS[0]}\nfür Größen\nmit Maß\n".encode(encoding)
    done = run(command, "-", stdin=stdin)
    line = 1 if encoding == "utf-16" else 2
    assert (done.code, done.stderr.count("note:")) == (0, 1)
    assert f"note: line {line} of stdin is not UTF-8, so letters are missing" in done.stderr
    assert run(command, "-", stdin="für Größen �\n".encode()).stderr == ""


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("read", [requests_of, one_request])
def test_a_closed_stdin_is_a_usage_error(
    read: Callable[..., object], rows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(click.UsageError, match="stdin is closed; connect it, or give what to read"):
        read("-", rows=rows)
