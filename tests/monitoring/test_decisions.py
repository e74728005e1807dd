"""Reading logged decisions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from semroute.decision import RouteDecision
from semroute.errors import InputError, RowsError
from semroute.monitoring import read_decisions
from tests.monitoring.traffic import decision, drawn_index

INDEX = drawn_index()
PATH = Path("decisions.jsonl")


def read(*rows: object) -> list[RouteDecision]:
    lines = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
    return list(read_decisions(lines, PATH, INDEX))


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in decision().to_dict().items() if name != key}


def test_what_was_logged_comes_back_whatever_a_gateway_adds() -> None:
    made = [decision(), decision("small", "matched", 2), decision(reason="empty", similarity=None)]
    logged = [{**one.to_dict(), "timestamp": "2026-01-01", "tenant": {"a": 1}} for one in made]
    assert read(b"\xef\xbb\xbf" + json.dumps(logged[0]).encode(), b" \n", *logged[1:]) == made


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"not json", "line 2: is not valid JSON"),
        (b"\xff\xfe{}", "line 2: byte 1 of the line is not UTF-8"),
        ([1], "line 2: is no decision but a list; log what decision.to_dict"),
        ({}, "line 2, column model: is no decision: field required; log what decision.to_dict"),
        (without("index_version"), "column index_version: is no decision: field required"),
        ({**without("reason"), "reason": "because"}, "column reason: is no decision: input should"),
        ({**without("similarity"), "similarity": "SECRET"}, "column similarity: is no decision"),
        (decision("huge").to_dict(), "column model: is no model of version 2026.*large, medium"),
        (decision(cluster_id=9).to_dict(), r"column cluster_id: is no cluster .*\(found 9\)"),
    ],
)
def test_a_row_that_is_no_decision_is_named_with_what_was_expected(
    row: object, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read(decision().to_dict(), row)
    assert str(caught.value).startswith("decisions.jsonl, line 2")
    assert "SECRET" not in str(caught.value)


def test_a_last_line_that_is_being_written_is_left_out_wherever_it_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = json.dumps({"tenant": "Zoë", **decision().to_dict()}, ensure_ascii=False).encode()
    for n_bytes in range(1, len(whole)):
        caplog.clear()
        assert read(whole + b"\n", whole[:n_bytes]) == [decision()]
        assert caplog.messages == [
            "decisions.jsonl, line 2: is not written to its end yet; left out"
        ]
    assert read(whole + b"\n", whole) == [decision(), decision()]


def test_a_line_whose_rest_is_written_while_it_is_read_ends_the_log(tmp_path: Path) -> None:
    line = json.dumps(decision().to_dict()).encode() + b"\n"
    log = tmp_path / "decisions.jsonl"
    log.write_bytes(line + line[:50])

    def growing() -> Iterator[bytes]:
        with log.open("rb") as lines:
            for read_now in lines:
                if not read_now.endswith(b"\n"):
                    log.write_bytes(line + line + line)
                yield read_now

    assert list(read_decisions(growing(), log, INDEX)) == [decision()]


def test_a_line_that_was_ended_too_early_is_refused_also_as_the_last() -> None:
    with pytest.raises(InputError, match="line 1: is not valid JSON at character"):
        read(b'{"model": \n')
    with pytest.raises(InputError, match="line 1, column model: is no decision"):
        read(b'{"text": "whole, but no decision"}')


WHOLE = json.dumps(decision().to_dict()).encode()
TORN = WHOLE[:300] + WHOLE + b"\n"


@pytest.mark.parametrize("torn", [TORN, b"\x00\x00\n", b"0.9}\n", b'{"a": "\xc3\n'])
def test_a_few_torn_lines_are_left_out_and_the_first_is_told(
    torn: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    rows: list[object] = [decision().to_dict()] * 198
    assert read(*rows[:50], torn, *rows[50:], torn) == [decision()] * 198
    [told] = caplog.messages
    assert told.startswith(
        "decisions.jsonl: left out 2 lines of no whole JSON, the first is line 51"
    )


def test_more_than_one_line_in_a_hundred_that_is_no_json_refuses_the_log() -> None:
    rows: list[object] = [decision().to_dict()] * 197
    with pytest.raises(RowsError, match=r"3 rows cannot be read:\nline 1: .*\nline 2.*\nline 3"):
        # Blank lines are none.
        read(TORN, TORN, TORN, *rows, *[b" "] * 200)


def test_a_wrong_value_in_a_whole_row_is_refused_however_few_there_are() -> None:
    rows: list[object] = [decision().to_dict()] * 500
    with pytest.raises(InputError, match=r"^decisions.jsonl, line 502, column model: is no model"):
        read(TORN, *rows, decision("huge").to_dict())
    for whole in (b'{"model": NaN}', b'{"a": 1, "a": 1}', b"[" * 2000 + b"]" * 2000, b"1"):
        with pytest.raises(InputError, match=r"^decisions.jsonl, line 501"):
            read(*rows, whole)


def test_several_rows_are_told_together() -> None:
    with pytest.raises(RowsError, match=r"3 rows cannot be read:\nline 1.*\nline 3.*\nline 4"):
        read({}, decision().to_dict(), {}, [])


def test_a_decision_of_another_version_may_name_other_models_and_clusters() -> None:
    other = decision("huge", cluster_id=99, version="20250101T000000Z")
    assert read(other.to_dict()) == [other]
