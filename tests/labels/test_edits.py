import contextlib
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from semroute.errors import InputError, LabelsError
from semroute.labels import LabelEdit, neutralise, read_edits, sheet_bytes
from tests.labels.sheets import KEYS, MODELS, as_csv, odd_texts, sheet_row

HEADER = ["cluster_key", "name", "label", "note"]
CP1252_TEXTS = st.text("abc é€ü–'\"=+-@;,\t\n\r|", max_size=10)


def read(path: Path, content: bytes | str) -> tuple[LabelEdit, ...]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_edits(path, KEYS, MODELS)


@pytest.fixture
def sheet(tmp_path):
    return tmp_path / "labels.csv"


def test_an_exported_sheet_reads_as_what_was_exported(sheet):
    rows = [sheet_row(KEYS[0], label="medium"), sheet_row(KEYS[1], note="=why?")]
    sheet.write_bytes(sheet_bytes(rows))
    assert read_edits(sheet, KEYS, MODELS) == (
        LabelEdit(2, KEYS[0], "orders", "medium", "", "20260101T000000Z"),
        LabelEdit(3, KEYS[1], "orders", "", "=why?", "20260101T000000Z"),
    )


def test_only_the_editable_columns_count(sheet):
    rows = [
        ["size", "label", "cluster_key", "auto_label", "colour"],
        ["-1e99", "small", KEYS[2], "=HYPERLINK(1)", "red"],
    ]
    assert read(sheet, as_csv(rows)) == (LabelEdit(2, KEYS[2], None, "small", None),)


def test_all_problems_come_at_once_with_line_and_column_and_in_order(sheet):
    rows = [
        HEADER,
        [KEYS[0], "a", "gpt-99", ""],
        [KEYS[1], "#REF!", "Small", ""],
        [KEYS[0], "b", "", ""],
        ["1.23E+15", "", "", ""],
    ]
    with pytest.raises(LabelsError) as caught:
        read(sheet, as_csv(rows))
    advice = "empty means automatic, else one of 'large', 'medium', 'small'"
    advice_for_texts = "enter the text again, or empty the cell"
    advice_for_keys = "is a number a spreadsheet made; copy the key from a fresh export"
    assert caught.value.problems == (
        f"line 2, column label: there is no model 'gpt-99'; {advice}",
        "line 3, column label: there is no model 'Small'; did you mean 'small'?",
        f"line 3, column name: holds the spreadsheet error #REF!; {advice_for_texts}",
        f"line 4, column cluster_key: '{KEYS[0]}' is already on line 2; keep one of the rows",
        f"line 5, column cluster_key: '1.23E+15' {advice_for_keys}",
    )
    first, *others = str(caught.value).splitlines()
    assert first == f"{sheet}: 5 problems; nothing was applied"
    assert tuple(others) == caught.value.problems
    assert isinstance(caught.value, InputError)
    assert caught.value.exit_code == 3


def test_the_spreadsheet_row_is_told_where_it_is_not_the_line_of_the_file(sheet):
    rows = [HEADER, [KEYS[0], "", "", "two\nlines"], [KEYS[1], "", "huge", ""]]
    with pytest.raises(LabelsError, match=r"line 4 \(row 3 in a spreadsheet\), column label"):
        read(sheet, as_csv(rows))


def test_a_query_log_given_by_mistake_is_refused_without_showing_a_query(sheet):
    with pytest.raises(LabelsError, match="found no column names") as caught:
        read(sheet, '{"query_id": "q1", "text": "my secret question"}\n')
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "heading",
    [
        *('\ufeff"cluster_key"', "ï»¿cluster_key", 'ï»¿"cluster_key"', 'п»ї"Cluster key"'),
        *("ď»żcluster_key", "Ôªø'cluster_key'", "'cluster_key"),
    ],
)
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_byte_order_mark_or_quotes_around_the_first_heading_are_no_part_of_it(
    sheet, heading, bom
):
    rows = [[heading, *HEADER[1:]], [KEYS[0], "", "small", ""]]
    (edit,) = read(sheet, bom + as_csv(rows))
    assert (edit.cluster_key, edit.label) == (KEYS[0], "small")


def test_a_missing_column_is_not_an_empty_cell(sheet):
    (edit,) = read(sheet, as_csv([["cluster_key", "label"], [KEYS[0], ""]]))
    assert (edit.name, edit.label, edit.note) == (None, "", None)


@pytest.mark.parametrize(
    ("column", "cells", "is_label"),
    [
        ("model", ["small", " medium "], True),
        ("my_choice", ["small", "", "large", "mediun"], True),
        ("my_choice", ["small", "why", "not?"], False),
        ("my_choice", ["", ""], False),
        ("auto_label", ["small", "medium"], False),
        ("answered_by", ["small", "medium"], False),
    ],
)
def test_labels_under_another_heading_are_not_lost(sheet, column, cells, is_label):
    rows = [["cluster_key", "name", column]]
    rows += [[key, "", cell] for key, cell in zip(KEYS, cells, strict=False)]
    if not is_label:
        assert {edit.label for edit in read(sheet, as_csv(rows))} == {None}
        assert read(sheet, as_csv([[*rows[0], "label"], [*rows[1], "small"]]))[0].label == "small"
        return
    told = f"no column label, but the column '{column}' holds models; rename .* to 'label'"
    with pytest.raises(LabelsError, match=told):
        read(sheet, as_csv(rows))


def test_cells_left_out_at_the_end_of_a_row_are_empty(sheet):
    (edit,) = read(sheet, as_csv([HEADER, [KEYS[0], "orders"]]))
    assert (edit.name, edit.label, edit.note) == ("orders", "", "")


@pytest.mark.parametrize(
    "written",
    [
        f" {KEYS[0]} ",
        KEYS[0].upper(),
        f"\u00a0{KEYS[0]}\ufeff",
        f"'{KEYS[0]}",
        f'="{KEYS[0]}"',
        f'"{KEYS[0]}"',
    ],
    ids=["spaces", "upper case", "invisible padding", "apostrophe", "formula", "quotes"],
)
def test_a_key_that_can_only_mean_one_cluster_is_recovered(sheet, written):
    (edit,) = read(sheet, as_csv([HEADER, [written, "", "small", ""]]))
    assert edit.cluster_key == KEYS[0]


@pytest.mark.parametrize("written", ["small", " small ", "\u00a0small\u200b", "small\r\n"])
def test_a_label_is_matched_after_trimming(sheet, written):
    (edit,) = read(sheet, as_csv([HEADER, [KEYS[0], "", written, ""]]))
    assert edit.label == "small"


@pytest.mark.parametrize("model", ["@cf/meta/llama", "=m", "'quoted'", " padded", "a,b;c"])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_model_whose_name_could_run_can_be_a_label(sheet, model, guarded):
    written = neutralise(model) if guarded else model
    sheet.write_text(as_csv([HEADER, [KEYS[0], "", written, ""]]))
    (edit,) = read_edits(sheet, KEYS, ["large", model])
    assert edit.label == model


def test_a_mistyped_key_that_decides_nothing_is_still_a_problem(sheet):
    rows = [HEADER, [KEYS[0], "", "", ""], [f"{KEYS[1][:-1]}0".upper(), "new name", "", ""]]
    with pytest.raises(LabelsError, match=f"did you mean '{KEYS[1]}'"):
        read(sheet, as_csv(rows))


@pytest.mark.parametrize("slip", [0, 7, 8, 15])
def test_one_wrong_digit_anywhere_in_a_key_is_recognised(sheet, slip):
    typed = f"{KEYS[1][:slip]}x{KEYS[1][slip + 1 :]}"
    with pytest.raises(LabelsError, match=f"'{typed}'; did you mean '{KEYS[1]}'"):
        read(sheet, as_csv([HEADER, [typed, "", "small", ""]]))


@pytest.mark.parametrize(
    ("typed", "recognised"),
    [(KEYS[1][:7], False), (KEYS[1][:8], True), (f"{KEYS[1]}xy", True), (f"{KEYS[1]}xyz", False)],
)
def test_a_key_much_too_short_or_long_is_not_guessed(sheet, typed, recognised):
    expected = f"did you mean '{KEYS[1]}'" if recognised else f"'{typed}' is not a key"
    with pytest.raises(LabelsError, match=expected):
        read(sheet, as_csv([HEADER, [typed, "", "small", ""]]))


def test_no_key_is_guessed_where_two_would_fit(sheet):
    mixed = KEYS[0][:8] + KEYS[1][8:]
    rows = [HEADER, [KEYS[0], "", "", ""], [mixed, "", "small", ""]]
    with pytest.raises(LabelsError, match=f"the cluster '{mixed}' is not in this index"):
        read(sheet, as_csv(rows))


def test_an_empty_label_is_no_model_even_if_a_model_has_a_blank_name(sheet):
    sheet.write_text(as_csv([HEADER, [KEYS[0], "", " ", ""]]))
    (edit,) = read_edits(sheet, KEYS, ["large", " "])
    assert edit.label == ""


def test_rows_without_a_key_that_edit_nothing_are_skipped(sheet):
    rows = [[*HEADER, "size"], ["", "", "", "", "=SUM(E2)"], [KEYS[0], "", "", "", "1"], [" "] * 5]
    assert [edit.cluster_key for edit in read(sheet, as_csv(rows))] == [KEYS[0]]


GONE = "c0123456789abcde"


def test_rows_of_vanished_clusters_are_read_as_they_are_where_these_are_skipped(sheet):
    rows = [HEADER, [GONE, "#REF!", "gone model", "x"], [KEYS[0], "", "small", ""]]
    sheet.write_text(as_csv(rows))
    left_out, edit = read_edits(sheet, KEYS, MODELS, skip_gone=True)
    assert left_out == LabelEdit(2, GONE, "#REF!", "gone model", "x")
    assert left_out.decides_something
    assert edit.cluster_key == KEYS[0]
    assert not LabelEdit(2, GONE, "a name", " ", None).decides_something


@pytest.mark.parametrize("key", ["c012345", f"{KEYS[0][:-1]}x", "orders", ""])
def test_what_is_no_key_is_not_skipped_as_vanished(sheet, key):
    sheet.write_text(as_csv([HEADER, [KEYS[1], "", "", ""], [key, "", "small", ""]]))
    with pytest.raises(LabelsError, match="line 3, column cluster_key"):
        read_edits(sheet, KEYS, MODELS, skip_gone=True)


def test_a_vanished_cluster_that_decides_nothing_does_not_stand_in_the_way(sheet):
    edits = read(sheet, as_csv([HEADER, [GONE, "old name", "", ""], [KEYS[0], "", "small", ""]]))
    assert [edit.cluster_key for edit in edits] == [GONE, KEYS[0]]


@pytest.mark.parametrize(
    "first_line",
    ["sep=;\r\n", '"sep=;"\r\n', "SEP=;\n", "sep=;;;;\r\n", "sep=,\r\n"],
)
def test_the_line_that_tells_excel_the_separator_is_no_header(sheet, first_line):
    (edit,) = read(sheet, first_line + as_csv([HEADER, [KEYS[0], "", "small", ""]], ";"))
    assert (edit.label, edit.line) == ("small", 3)


def test_a_separator_nobody_would_guess_is_read_where_the_file_states_it(sheet):
    (edit,) = read(sheet, "sep=^\r\n" + as_csv([HEADER, [KEYS[0], "", "small", ""]], "^"))
    assert edit.label == "small"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_lost_its_byte_order_mark_is_read(sheet, encoding):
    (edit,) = read(sheet, as_csv([HEADER, [KEYS[0], "naïve 日本", "", ""]]).encode(encoding))
    assert edit.name == "naïve 日本"


@pytest.mark.parametrize("header", ["Cluster_Key", " cluster key ", "CLUSTER_KEY"])
def test_a_header_is_known_whatever_its_case_and_spaces(sheet, header):
    (edit,) = read(sheet, as_csv([[header, "Label"], [KEYS[0], "small"]]))
    assert edit.label == "small"


# --- R-A30: whatever a program does to the sheet, the edits read are the edits made ---


@st.composite
def edited_sheets(draw):
    """A sheet as some program saved it, and the edits an analyst made in it."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "cp1252"]))
    texts = CP1252_TEXTS if encoding == "cp1252" else odd_texts(8)
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
    made = {
        key: {
            "name": draw(texts),
            "label": draw(st.sampled_from(["", *MODELS])),
            "note": draw(texts),
        }
        for key in keys
    }
    kept = draw(st.lists(st.sampled_from(["name", "label", "note"]), min_size=1, unique=True))
    extra = draw(st.lists(st.sampled_from(["size", "keywords", "Spalte 1", ""]), max_size=3))
    columns = draw(st.permutations(["cluster_key", *kept, *extra]))
    return encoding, made, columns, draw(st.integers(0, 2**32))


def saved(encoding: str, made: dict, columns: list[str], seed: int) -> bytes:
    """Write the sheet as the programs do, with everything that may vary drawn from `seed`."""
    chance = random.Random(seed)
    delimiter, newline = chance.choice(",;\t"), chance.choice(["\r\n", "\n", "\r"])
    n_blank = chance.randrange(3)
    rows = [[*columns, *[""] * n_blank]]
    for key, edit in made.items():
        cells = {"cluster_key": key, **{column: neutralise(text) for column, text in edit.items()}}
        junk = ["0,25", "1.2E+03", "=A1", "x", ""]
        row = [cells.get(column, chance.choice(junk)) for column in columns] + [""] * n_blank
        while chance.random() < 0.5 and row[-1] == "":
            row.pop()
        rows.append(row)
        if chance.random() < 0.2:
            rows.append([""] * chance.randrange(4))
    text = as_csv(rows, delimiter, newline, chance.random() < 0.5, chance)
    if chance.random() < 0.2:
        text = f"sep={delimiter}{newline}{text}"
    if chance.random() < 0.2 and rows[-1] and rows[-1][-1]:
        text = text.removesuffix(newline)
    if encoding == "utf-16-be-bom":
        return b"\xfe\xff" + text.encode("utf-16-be")
    return text.encode(encoding)


def is_utf_8(content):
    """Whether a sheet saved in another encoding reads as UTF-8 by chance: nobody could tell."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def check_the_edits_read_are_the_edits_made(encoding, made, columns, seed):
    content = saved(encoding, made, columns, seed)
    assume(encoding != "cp1252" or content.isascii() or not is_utf_8(content))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_bytes(content)
        edits = read_edits(path, KEYS, MODELS)
    found = {
        edit.cluster_key: {"name": edit.name, "label": edit.label, "note": edit.note}
        for edit in edits
    }
    assert found == {
        key: {column: text if column in columns else None for column, text in edit.items()}
        for key, edit in made.items()
    }


@settings(max_examples=500, deadline=None)
@given(edited_sheets())
def test_the_edits_read_are_the_edits_made_however_the_sheet_was_saved(case):
    check_the_edits_read_are_the_edits_made(*case)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(edited_sheets())
def test_ten_thousand_saved_sheets_read_as_edited(case):
    check_the_edits_read_are_the_edits_made(*case)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused_with_a_labels_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_bytes(b"cluster_key,name\r\n" + KEYS[0].encode() + b"," + content)
        with contextlib.suppress(LabelsError):
            assert read_edits(path, KEYS, MODELS)[0].cluster_key == KEYS[0]
