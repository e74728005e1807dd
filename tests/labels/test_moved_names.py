"""Names that have left their rows give columns away that were sorted or shifted alone."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from semroute.errors import LabelsError
from semroute.labels import Exported, neutralise, read_edits
from tests.labels.sheets import KEYS, MODELS, as_csv, odd_texts

HEADER = ["cluster_key", "name", "label", "note", "index_version"]
AUTOMATIC = ("order, parcel", "refund, bank", "hello, thanks", "日本, 東京", "中国, 北京", "=a, b")
CLUSTERS = {
    key: Exported(n, name) for n, (key, name) in enumerate(zip(KEYS, AUTOMATIC, strict=True))
}
GIVEN = {key: Exported(n, f"own {n}", is_automatic=False) for n, key in enumerate(KEYS)}


def read(names, clusters=CLUSTERS, version="v1", keys=KEYS):
    rows = [
        [key, neutralise(name), "", "", version] for key, name in zip(keys, names, strict=False)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_text(as_csv([HEADER, *rows]), encoding="utf-8")
        return read_edits(
            path, KEYS, MODELS, exported=lambda asked: clusters if asked == "v1" else {}
        )


def is_read(names, **more):
    edits = read(names, **more)
    return [edit.name for edit in edits] == list(names)


SHIFTED = (*AUTOMATIC[1:], "")


def test_names_shifted_by_a_row_are_refused_with_line_column_and_what_to_do():
    with pytest.raises(LabelsError) as caught:
        read(SHIFTED)
    first, *_ = caught.value.problems
    assert first == (
        f"line 2, column name: 'refund, bank' was the name of '{KEYS[1]}', on line 3, in version "
        "v1: a column was sorted or shifted without the others; enter the edits in a fresh export, "
        "or empty index_version in this row if the name is meant"
    )
    assert len(caught.value.problems) == 5


def test_of_many_moved_names_the_first_five_are_told():
    with pytest.raises(LabelsError) as caught:
        read(AUTOMATIC[::-1])
    *told, more = caught.value.problems
    assert len(told) == 5
    assert more == "line 7, column name: 1 more row from here on with another cluster's name"


@pytest.mark.parametrize("version", ["", "v0"])
def test_names_of_a_version_nobody_knows_are_taken_as_they_are(version):
    assert is_read(SHIFTED, version=version)


def test_names_an_analyst_gave_may_be_swapped_but_not_turned_around():
    own = [cluster.name for cluster in GIVEN.values()]
    assert is_read([own[1], own[0], *own[2:]], clusters=GIVEN)
    with pytest.raises(LabelsError, match="'own 1' was the name of"):
        read([own[1], own[2], own[0], *own[3:]], clusters=GIVEN)


def test_a_name_given_to_others_while_its_row_has_a_new_one_is_meant():
    name = AUTOMATIC[0]
    assert is_read(["orders", name, name, *AUTOMATIC[3:]])


def test_rows_that_are_not_in_the_sheet_say_nothing_of_their_names():
    assert is_read(AUTOMATIC[4:], keys=KEYS[:2])


@settings(max_examples=300, deadline=None)
@given(
    st.permutations(range(len(KEYS))),
    st.dictionaries(st.sampled_from(AUTOMATIC), odd_texts(), max_size=3),
)
def test_names_in_another_order_are_refused_whatever_was_edited_before(order, edited):
    assume(not set(edited.values()) & set(AUTOMATIC))
    names = [edited.get(AUTOMATIC[place], AUTOMATIC[place]) for place in order]
    moved = [n for n, place in enumerate(order) if place != n and AUTOMATIC[place] not in edited]
    assume(len(moved) >= 2)
    with pytest.raises(LabelsError, match=r"column name: .* was the name of"):
        read(names)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_honest_edit_is_refused(data):
    """Any new texts, any names that stay on their own rows too, and a single one that does not."""
    kept = data.draw(st.lists(st.sampled_from(range(len(KEYS))), unique=True, max_size=len(KEYS)))
    others = [n for n in range(len(KEYS)) if n not in kept]
    copied = [AUTOMATIC[n] for n in [*kept, *others[:1]]]
    new = odd_texts().filter(lambda text: text not in AUTOMATIC)
    typed = st.one_of(new, st.sampled_from(copied)) if copied else new
    names = [AUTOMATIC[n] if n in kept else data.draw(typed) for n in range(len(KEYS))]
    assert is_read(names)
