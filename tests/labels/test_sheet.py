import csv
import io
import itertools
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.labels import SheetModel, read_edits, restore, sheet_bytes
from semroute.labels.cells import storable
from tests.labels.sheets import KEYS, MODELS, TRIGGERS, odd_texts, sheet_row

NUMERAL = re.compile(r"-?\d+(\.\d+)?")
FORMULA_STARTS = set(TRIGGERS) - set("\t\r\n\x00")


def cells_of(content: bytes, delimiter: str = ",") -> list[list[str]]:
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def starts_with_trigger(cell: str) -> bool:
    shown = cell.lstrip(' \u00a0\u3000\u200b\u200f\u202e\u2066\ufeff"`´‘’“”«»\x0b\x1b\x85\u2028')
    return shown[:1] in set(TRIGGERS) if shown else False


def test_the_sheet_has_the_columns_of_the_contract_with_those_to_edit_first():
    header = cells_of(sheet_bytes([sheet_row()]))[0]
    assert header == [
        *("cluster_key", "name", "label", "note"),
        *("cluster_id", "auto_label", "answered_by", "auto_reason", "size", "share", "keywords"),
        *("example_1", "example_2", "example_3", "n_evals", "index_version"),
        *("large score", "large loss", "large loss_bound", "large cost_usd"),
        *("medium score", "medium loss", "medium loss_bound", "medium cost_usd"),
        *("small score", "small loss", "small loss_bound", "small cost_usd"),
    ]


def test_a_row_holds_what_is_known_and_blanks_for_what_is_not():
    row = sheet_row(label="medium", note="ask Ann", examples=("a", "b", "c", "d"))
    assert cells_of(sheet_bytes([row]))[1] == [
        *(KEYS[0], "orders", "medium", "ask Ann", "7", "small"),
        *("small 61%, large 39%", "cheapest within max_loss"),
        *("120", "0.2500", "order, parcel", "a", "b", "c", "40", "20260101T000000Z"),
        *("0.8000", "0.0000", "0.0000", "0.020000"),
        *("0.8000", "-0.0100", "0.0150", "0.004000"),
        *("0.8000", "", "", "0.000000"),
    ]


def test_the_file_is_what_spreadsheets_expect():
    content = sheet_bytes([sheet_row(name="café")])
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert '"café"'.encode() in content


def test_a_row_without_a_model_that_others_have_keeps_its_columns():
    short = sheet_row(KEYS[1], models=(SheetModel("medium", 0.5, 0.1, 0.2, 0.01),))
    header, _, row = cells_of(sheet_bytes([sheet_row(), short]))
    assert dict(zip(header, row, strict=True))["medium loss"] == "0.1000"
    assert dict(zip(header, row, strict=True))["large loss"] == ""


def test_no_clusters_give_a_header_only():
    assert cells_of(sheet_bytes([]))[0][:4] == ["cluster_key", "name", "label", "note"]


def test_another_delimiter_can_be_asked_for():
    header, row = cells_of(sheet_bytes([sheet_row()], delimiter=";"), ";")
    cells = dict(zip(header, row, strict=True))
    assert (cells["name"], cells["share"], cells["medium loss"]) == (
        "orders",
        "0,2500",
        "-0,0100",
    )


FOUR_TEXTS = st.tuples(odd_texts(20), odd_texts(20), odd_texts(), odd_texts(6))


@settings(max_examples=700, deadline=None)
@given(FOUR_TEXTS)
def test_every_text_survives_a_file_and_none_of_its_cells_could_run(texts):
    check_a_round_trip(*texts)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(FOUR_TEXTS)
def test_forty_thousand_texts_survive_a_file(texts):
    check_a_round_trip(*texts)


def check_a_round_trip(name: str, note: str, other: str, model: str) -> None:
    model = f"{model}m"
    row = sheet_row(
        name=name,
        note=note,
        auto_reason=other,
        keywords=(other, name),
        examples=(note, other),
        models=(SheetModel(model, 0.5, -0.25, -0.125, 0.1),),
    )
    with tempfile.TemporaryDirectory() as folder:
        path, content = Path(folder) / "labels.csv", sheet_bytes([row])
        path.write_bytes(content)
        (edit,) = read_edits(path, KEYS, MODELS)
    assert (edit.name, edit.note, edit.label) == (name, note, "")
    header, cells = cells_of(content)
    by_column = dict(zip(header, cells, strict=True))
    assert restore(by_column["auto_reason"]) == other
    assert restore(by_column["keywords"]) == f"{other}, {name}"
    assert restore(by_column["example_1"]) == note
    assert restore(header[-1]) == f"{model} cost_usd"
    for cell in [*header, *cells]:
        assert NUMERAL.fullmatch(cell) or not starts_with_trigger(cell)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from(",;|\t\n=+-@'\" a＝"), max_size=12))
def test_no_cell_could_run_when_the_sheet_is_opened_with_another_delimiter(text):
    content = sheet_bytes([sheet_row(name=text, note=text, examples=(text,))])
    for delimiter in (",", ";", "|", "\t"):
        for cell in itertools.chain(*cells_of(content, delimiter)):
            assert NUMERAL.fullmatch(cell) or cell.lstrip(' "\t')[:1] not in FORMULA_STARTS


def test_a_lone_surrogate_is_written_as_the_replacement_character(tmp_path):
    (tmp_path / "labels.csv").write_bytes(sheet_bytes([sheet_row(name="a\ud800b")]))
    (edit,) = read_edits(tmp_path / "labels.csv", KEYS, MODELS)
    assert edit.name == storable("a\ud800b") == "a\ufffdb"


def test_a_program_that_takes_the_byte_order_mark_for_text_leaves_the_first_heading_whole():
    misread = cells_of(sheet_bytes([sheet_row()]).decode("cp1252").encode())
    assert misread[0][:2] == ["ï»¿cluster_key", "name"]
