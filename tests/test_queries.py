"""Query logs: one order, one text per id, and round trips through every kind of file."""

import csv
import json
import random
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.errors import InputError, RowsError
from semroute.queries import QueryLog, read_queries

Rows = list[dict[str, Any]]

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


def write_csv(path: Path, rows: Rows) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_parquet(path: Path, rows: Rows) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.Table.from_pylist(rows), path)


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    ".csv": write_csv,
    ".jsonl": write_jsonl,
    ".parquet": write_parquet,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


def read_jsonl(folder: Path, *rows: dict[str, Any], keep_columns: bool = False) -> QueryLog:
    path = folder / "queries.jsonl"
    write_jsonl(path, list(rows))
    return read_queries(path, keep_columns=keep_columns)


# A raw NUL is refused in CSV; half of a character cannot be written as UTF-8.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
QUERY_IDS = ANY_TEXT.filter(lambda text: text.strip())
LOGS = st.dictionaries(QUERY_IDS, st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=6)


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=700, deadline=None, database=None)
@given(log=LOGS, seed=st.integers(0, 99))
def test_any_log_comes_back_as_it_was_written(
    suffix: str, folder: Path, log: dict[str, tuple[str, str]], seed: int
) -> None:
    rows = [{"query_id": key, "text": text, "slice": part} for key, (text, part) in log.items()]
    random.Random(seed).shuffle(rows)
    path = folder / f"log{suffix}"
    WRITERS[suffix](path, rows)
    assert read_queries(path, keep_columns=True) == QueryLog(
        query_ids=tuple(sorted(log)),
        requests=tuple(log[key][0] for key in sorted(log)),
        texts=tuple(log[key][0] for key in sorted(log)),
        asked_at=(None,) * len(log),
        n_duplicate_rows=0,
        ignored_columns=(),
        columns={"slice": tuple(log[key][1] for key in sorted(log))},
    )


@pytest.mark.parametrize("suffix", WRITERS)
def test_messages_give_their_last_user_turn_from_every_kind_of_file(
    suffix: str, tmp_path: Path
) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "yes?"},
        {"role": "user", "content": "second, with a comma"},
    ]
    value = json.dumps(messages) if suffix == ".csv" else messages
    path = tmp_path / f"log{suffix}"
    WRITERS[suffix](path, [{"query_id": "a", "messages": value}])
    assert read_queries(path).texts == ("second, with a comma",)


def test_messages_may_have_parts_and_turns_without_content(tmp_path: Path) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:"}},
    ]
    turns = [{"role": "assistant", "content": None}, {"role": "user", "content": parts}]
    log = read_jsonl(tmp_path, {"query_id": "a", "messages": turns})
    assert log.texts == ("What is this?",)


def test_rows_may_take_turns_with_text_and_messages(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        'query_id,text,messages\nb,plain,\na,,"[{""role"": ""user"", ""content"": ""said""}]"\n'
    )
    assert read_queries(path).texts == ("said", "plain")


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    rows = [{"query_id": f"q{n}", "text": f"text {n}", "part": n % 3} for n in range(30)]
    rows += rows[:5]
    logs = []
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        logs.append(read_jsonl(tmp_path, *rows, keep_columns=True))
    assert all(log == logs[0] for log in logs)
    assert logs[0].n_duplicate_rows == 5


def test_a_row_written_twice_is_dropped_and_counted(tmp_path: Path) -> None:
    row = {"query_id": "a", "text": "x"}
    log = read_jsonl(tmp_path, row, {"query_id": "b", "text": "x"}, row, row)
    assert (log.query_ids, log.n_duplicate_rows) == (("a", "b"), 2)


def test_the_same_text_as_messages_is_the_same_row(tmp_path: Path) -> None:
    as_messages = {"query_id": "a", "messages": [{"role": "user", "content": "x"}]}
    assert read_jsonl(tmp_path, {"query_id": "a", "text": "x"}, as_messages).n_duplicate_rows == 1


def test_one_id_with_two_texts_is_refused_naming_both_lines(tmp_path: Path) -> None:
    rows = [{"query_id": key, "text": text} for key, text in [("a", "x"), ("b", "x"), ("a", "y")]]
    with pytest.raises(
        InputError, match=r"line 3, .+'a' has two different texts, on lines 1 and 3"
    ):
        read_jsonl(tmp_path, *rows)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([{"type": "text", "text": "x"}, {"type": "image_url"}], id="an image"),
        pytest.param("x", id="another turn"),
    ],
)
@pytest.mark.parametrize("step", [1, -1])
def test_one_id_with_other_turns_or_images_beside_its_text_is_refused_in_any_order(
    tmp_path: Path, content: Any, step: int
) -> None:
    turns = [{"role": "system", "content": "Be brief."}] if content == "x" else []
    messages = [*turns, {"role": "user", "content": content}]
    rows = [{"query_id": "a", "text": "x"}, {"query_id": "a", "messages": messages}]
    with pytest.raises(InputError, match=r"'a' has two requests .+ beside .+ on lines 1 and 2"):
        read_jsonl(tmp_path, *rows[::step])


def test_a_row_written_twice_was_asked_at_the_earlier_time_whatever_the_order(
    tmp_path: Path,
) -> None:
    times = (None, "1970-01-01T00:00:09", "1970-01-01T00:00:07")
    rows = [{"query_id": "a", "text": "x", "timestamp": time} for time in times]
    for order in permutations(rows):
        assert read_jsonl(tmp_path, *order).asked_at == (7.0,)


def test_columns_that_contradict_each_other_matter_only_where_they_are_kept(
    tmp_path: Path,
) -> None:
    rows = [{"query_id": "a", "text": "x", "part": part} for part in ("one", "two")]
    assert read_jsonl(tmp_path, *rows).n_duplicate_rows == 1
    with pytest.raises(InputError, match=r"column part: query 'a' has two .+ on lines 1 and 2"):
        read_jsonl(tmp_path, *rows, keep_columns=True)


def test_whole_numbers_as_ids_are_their_digits(tmp_path: Path) -> None:
    rows = [{"query_id": number, "text": "x"} for number in (10, 9, 1)]
    assert read_jsonl(tmp_path, *rows).query_ids == ("1", "10", "9")


def test_blank_texts_are_kept_for_the_build_to_count(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('query_id,text\na,\nb,"  "\nc,x\n')
    assert read_queries(path).texts == ("", "  ", "x")
    silent = {"query_id": "a", "messages": [{"role": "system", "content": "Be brief."}]}
    assert read_jsonl(tmp_path, silent).texts == ("",)


def test_unknown_columns_are_named_once_in_alphabetical_order(tmp_path: Path) -> None:
    rows = [
        {"query_id": "a", "text": "x", "zone": 1, "timestamp": "2025-01-31"},
        {"query_id": "b", "text": "x", "agent": 1, "zone": 2},
    ]
    log = read_jsonl(tmp_path, *rows)
    assert log.ignored_columns == ("agent", "zone")
    assert log.columns == {}


def test_kept_columns_are_strings_and_empty_where_a_row_has_none(tmp_path: Path) -> None:
    values = ["x", 1, 2.5, True, None, ["a", 1], {"k": "é"}]
    rows = [{"query_id": f"q{n}", "text": "x", "c": value} for n, value in enumerate(values)]
    log = read_jsonl(tmp_path, *rows, {"query_id": "q9", "text": "x"}, keep_columns=True)
    assert log.columns == {"c": ("x", "1", "2.5", "true", "", '["a", 1]', '{"k": "é"}', "")}


@pytest.mark.parametrize(
    "timestamp",
    ["2025-01-31", "2025-01-31T12:00:00Z", "2025-01-31 12:00:00.123456+02:00", "", None],
)
def test_timestamps_are_iso_8601_or_empty(timestamp: str | None, tmp_path: Path) -> None:
    row = {"query_id": "a", "text": "x", "timestamp": timestamp}
    assert read_jsonl(tmp_path, row).ignored_columns == ()


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        ("1970-01-02", 86_400.0),
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01 00:01:00", 60.0),
        ("1970-01-01T02:00:30.5+02:00", 30.5),
        ("", None),
        (None, None),
    ],
)
def test_timestamps_are_moments_in_utc_unless_they_name_a_zone(
    timestamp: str | None, seconds: float | None, tmp_path: Path
) -> None:
    row = {"query_id": "a", "text": "x", "timestamp": timestamp}
    assert read_jsonl(tmp_path, row).asked_at == (seconds,)


@pytest.mark.parametrize("timestamp", ["yesterday", "2025-13-01", 1_700_000_000, ["2025-01-31"]])
def test_other_timestamps_are_refused(timestamp: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 1, column timestamp: must be ISO 8601"):
        read_jsonl(tmp_path, {"query_id": "a", "text": "x", "timestamp": timestamp})


def test_several_faulty_rows_are_told_at_once_and_no_text_with_them(tmp_path: Path) -> None:
    secret = {"query_id": "a", "text": "my secret"}
    no_id, no_text = {"query_id": "", "text": "my secret"}, {"query_id": "b", "text": 7}
    other_text = {**secret, "text": "my other secret"}
    with pytest.raises(RowsError, match="3 rows cannot be read:\nline 2, column query") as raised:
        read_jsonl(tmp_path, secret, no_id, no_text, other_text)
    assert [error.line for error in raised.value.first] == [2, 3, 4]
    assert "secret" not in str(raised.value)


def test_parquet_columns_of_any_type_may_stand_beside_those_of_a_log(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    odd = pa.array([[1_738_324_800_000_000_001]], pa.list_(pa.timestamp("ns")))
    path = tmp_path / "log.parquet"
    write_table(pa.table({"query_id": ["a"], "text": ["x"], "odd": odd}), path)
    log = read_queries(path)
    assert (log.texts, log.ignored_columns) == (("x",), ("odd",))


def test_timestamps_of_parquet_are_read(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    moments = pa.array([1_738_324_800_000_000_001, None], pa.timestamp("ns", "UTC"))
    table = pa.table({"query_id": ["a", "b"], "text": ["x", "y"], "timestamp": moments})
    write_table(table, tmp_path / "log.parquet")
    log = read_queries(tmp_path / "log.parquet")
    assert log.query_ids == ("a", "b")
    assert log.asked_at == (pytest.approx(1_738_324_800.0), None)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "n_queries"), [("clinc150", 20_989), ("routellm", 10_672), ("routerbench", 2_212)]
)
def test_real_logs_are_read_whole(name: str, n_queries: int) -> None:
    path = SHARED / name / "queries.jsonl"
    if not path.exists():
        pytest.skip("the shared data sets are not there")
    log = read_queries(path)
    assert len(log.query_ids) == len(set(log.query_ids)) == n_queries
    assert all(log.texts)
