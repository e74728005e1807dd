"""A column sorted without the others gives itself away by the clusters' numbers."""

import pytest

from semroute.errors import LabelsError
from semroute.labels import Exported, read_edits
from tests.labels.sheets import KEYS, MODELS, as_csv

GONE = "c0123456789abcde"
IDS = {
    "v1": {key: Exported(number, key) for key, number in ((KEYS[0], 7), (KEYS[1], 1200), (GONE, 3))}
}
NUMBERED = ["cluster_key", "label", "cluster_id", "index_version"]


@pytest.fixture
def sheet(tmp_path):
    return tmp_path / "labels.csv"


def read_numbered(sheet, rows, **more):
    sheet.write_text(as_csv([NUMBERED, *rows], ";"))
    return read_edits(sheet, KEYS, MODELS, exported=lambda v: IDS.get(v, {}), **more)


@pytest.mark.parametrize(
    ("key", "number", "version"),
    [
        *((KEYS[0], number, "v1") for number in ("7", "", " 7 ", "7.00", "7,0", "'7", '="7"')),
        *((KEYS[1], number, "v1") for number in ("1200", "1,200", "1.200", "1 200", "1'200")),
        *((KEYS[0], "8", version) for version in ("v0", "")),
        (KEYS[2], "8", "v1"),
    ],
)
def test_a_number_is_held_against_what_is_known_of_the_version(sheet, key, number, version):
    (edit,) = read_numbered(sheet, [[key, "small", number, version]])
    assert (edit.cluster_key, edit.label) == (key, "small")


@pytest.mark.parametrize("number", ["8", "70", "7.5", "x", "0", "-7"])
def test_the_number_of_another_cluster_is_refused_with_line_and_what_to_do(sheet, number):
    told = f"line 2, column cluster_id: '{number}' is not the number of '{KEYS[0]}' in version v1"
    with pytest.raises(LabelsError, match=f"{told}: .*fresh export, or empty this cell"):
        read_numbered(sheet, [[KEYS[0].upper(), "", number, "v1"]])
    rows = [[GONE, "small", number, "v1"], [KEYS[0], "", "7", "v1"]]
    with pytest.raises(LabelsError, match="column cluster_id"):
        read_numbered(sheet, rows, skip_gone=True)


def test_of_many_numbers_of_other_clusters_the_first_five_are_told_beside_other_problems(sheet):
    keys = [f"c{number:015x}" for number in range(9)]
    rows = [[key, "", "99", "v"] for key in keys]
    rows[8][1] = "gpt"
    sheet.write_text(as_csv([NUMBERED, *rows]))
    with pytest.raises(LabelsError) as caught:
        read_edits(sheet, keys, MODELS, exported=lambda _: dict.fromkeys(keys, Exported(1, "")))
    *told, more, label = caught.value.problems
    assert [one.partition(":")[0] for one in told] == [
        f"line {line}, column cluster_id" for line in range(2, 7)
    ]
    assert more == (
        "line 7, column cluster_id: 4 more rows from here on with another cluster's number"
    )
    assert label.startswith("line 10, column label: there is no model 'gpt'")


def test_of_a_row_with_too_many_cells_that_alone_is_told(sheet):
    rows = [[KEYS[0], "v1", "orders", " parcels", "7", "small"]]
    sheet.write_text(
        as_csv([["cluster_key", "index_version", "name", "cluster_id", "label"], *rows])
    )
    with pytest.raises(LabelsError, match="the row has 6 cells, the header 5") as caught:
        read_edits(sheet, KEYS, MODELS, exported=lambda v: IDS.get(v, {}))
    assert len(caught.value.problems) == 1
