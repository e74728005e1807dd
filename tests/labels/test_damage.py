import pytest

from semroute.errors import LabelsError
from semroute.labels import read_edits
from tests.labels.damage import CASES, EXPORTED, SAVED, Damage, pattern
from tests.labels.sheets import KEYS, MODELS


@pytest.mark.parametrize("damage", CASES, ids=lambda damage: damage.id)
def test_a_damaged_sheet_is_refused_and_the_error_says_where_and_why(damage: Damage, tmp_path):
    sheet = tmp_path / "labels.csv"
    sheet.write_bytes(damage.content)
    with pytest.raises(LabelsError, match=pattern(damage)) as caught:
        read_edits(sheet, KEYS, MODELS)
    assert str(caught.value).startswith(f"{sheet}: ")
    assert "nothing was applied" in str(caught.value)


@pytest.mark.parametrize("content", [EXPORTED, SAVED], ids=["exported", "saved"])
def test_the_sheets_the_damage_starts_from_are_sound(content: bytes, tmp_path):
    sheet = tmp_path / "labels.csv"
    sheet.write_bytes(content)
    assert [edit.cluster_key for edit in read_edits(sheet, KEYS, MODELS)] == list(KEYS)


def test_there_are_enough_kinds_of_damage_and_no_two_are_the_same():
    assert len({damage.id for damage in CASES}) == len(CASES) >= 40
    assert len({damage.content for damage in CASES}) == len(CASES)


def test_a_sheet_that_is_not_there_is_a_labels_error(tmp_path):
    with pytest.raises(LabelsError, match="it cannot be read: No such file"):
        read_edits(tmp_path / "labels.csv", KEYS, MODELS)


def test_a_folder_in_place_of_the_sheet_is_a_labels_error(tmp_path):
    with pytest.raises(LabelsError, match="it cannot be read: Is a directory"):
        read_edits(tmp_path, KEYS, MODELS)
