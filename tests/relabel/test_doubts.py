"""What a spreadsheet did to names and notes is told, and not taken for an analyst's edit."""

import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.errors import LabelsError
from semroute.relabel import apply_labels, export_labels
from tests.command_line import run
from tests.relabel.sheets import CERTIFIED, edited
from tests.tiny_index import with_cluster


@pytest.fixture
def noted(folder):
    """Publish names and notes that spreadsheets change, and export them."""
    contents = with_cluster(CERTIFIED, 0, name="Łódź", note="007")
    contents = with_cluster(contents, 1, name="schön", note="1/2")
    with locked(folder):
        publish(folder, contents)
    return export_labels(folder)


def names_and_notes(folder):
    return [(one.name, one.note) for one in load_index(folder).clusters]


@pytest.mark.parametrize("page", ["latin-1", "cp1250", "mac_roman"])
def test_a_sheet_opened_in_another_character_set_changes_nothing_and_the_cause_is_told(
    folder, noted, page
):
    before = names_and_notes(folder)
    noted.write_text(noted.read_bytes().decode(page, "replace"), encoding="utf-8-sig")
    edited(noted, '"topic 2",""', '"refunds",""')
    changes = apply_labels(folder, noted)
    assert names_and_notes(folder) == [*before[:2], ("refunds", "")]
    (warning,) = changes.warnings
    assert warning.startswith("line 2, column name ('")
    assert "line 3, column name ('sch" in warning
    assert "another character set; what is in the index stays, but import the sheet" in warning


def test_an_edit_of_a_garbled_text_is_never_published(folder, noted):
    before = names_and_notes(folder)
    edited(edited(noted, "schön", "nicht schÃ¶n"), '"topic 2",""', '"refunds","large"')
    told = r"line 3, column name \('nicht schÃ¶n'\): an edit of a text that came garbled, as the"
    with pytest.raises(LabelsError, match=told) as caught:
        apply_labels(folder, noted)
    assert len(caught.value.problems) == 1
    assert names_and_notes(folder) == before


def test_numbers_and_dates_of_a_spreadsheets_making_change_nothing_and_are_told(folder, noted):
    edited(edited(noted, '"007"', "7"), '"1/2"', "01/02/2026")
    told = run("labels", "apply", "--index", folder, noted).stdout
    assert "warning: line 2, column note ('7'), line 3, column note ('01/02/2026'): what a " in told
    assert "nothing to change" in told


def test_a_new_text_that_may_have_lost_letters_is_warned_of_and_published(folder, noted):
    edited(edited(noted, '"topic 2",""', '"?ód? ?",""'), '"007"', '"why?"')
    (warning,) = apply_labels(folder, noted).warnings
    assert warning.startswith("line 4, column name ('?ód? ?'): may have lost letters")
    assert warning.endswith("save the sheet as CSV UTF-8")
    assert names_and_notes(folder)[2] == ("?ód? ?", "")


def test_of_many_such_texts_the_first_are_told(folder):
    with locked(folder):
        publish(folder, with_cluster(CERTIFIED, 0, name="schön", note="ö"))
    sheet = export_labels(folder)
    content = sheet.read_text(encoding="utf-8-sig")
    for number in (1, 2):
        content = content.replace(f'"topic {number}","",""', '"?a","","?b"')
    content = content.replace('"schön","","ö"', '"?c","","?d"')
    sheet.write_text(content, encoding="utf-8")
    changes = apply_labels(folder, sheet, dry_run=True)
    (lost,) = [warning for warning in changes.warnings if "lost letters" in warning]
    assert lost.count("line ") == 5
    assert "('?a') and 1 more: may" in lost or "('?b') and 1 more: may" in lost
