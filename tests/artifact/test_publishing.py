"""What is published is what is loaded, to the last byte, and only its owner can read it."""

import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import (
    current_version,
    list_versions,
    load_index,
    version_before,
)
from semroute.artifact.pruning import prune
from semroute.artifact.publishing import library_versions, publish
from semroute.errors import BuildError, PublishError
from tests.artifact.indexes import (
    MOMENT,
    VERSION,
    all_bytes,
    assert_same_but_for_publication,
    publish_at_moment,
    publish_tiny,
    unfinished,
)
from tests.artifact.killing import Call, calls_of
from tests.tiny_index import assert_same_contents, tiny_contents


@pytest.mark.parametrize("n_clusters", [0, 1, 7])
@pytest.mark.parametrize("samples", [True, False])
def test_loading_gives_back_what_was_published(
    tmp_path: Path, n_clusters: int, samples: bool
) -> None:
    contents = tiny_contents(n_clusters, samples=samples)
    published = publish(tmp_path, contents)
    loaded = load_index(tmp_path)
    assert_same_contents(loaded, published)
    assert_same_but_for_publication(loaded, contents)


def test_an_index_without_calibration_queries_loads(tmp_path: Path) -> None:
    contents = tiny_contents(n_calibration=0)
    publish(tmp_path, contents)
    assert_same_but_for_publication(load_index(tmp_path), contents)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=TEXTS, note=TEXTS, keywords=st.lists(TEXTS), text=TEXTS, loss=FINITE, threshold=FINITE)
def test_any_text_and_any_finite_number_survives(
    memory_path: Path,
    name: str,
    note: str,
    keywords: list[str],
    text: str,
    loss: float,
    threshold: float,
) -> None:
    contents = tiny_contents(1)
    cluster, sample, manifest = contents.clusters[0], contents.samples[0], contents.manifest
    evidence = cluster.evidence[0].model_copy(update={"expected_loss": loss})
    changes = {"name": name, "note": note, "keywords": tuple(keywords)}
    changes |= {"evidence": (evidence, *cluster.evidence[1:])}
    ood = manifest.ood.model_copy(update={"threshold": threshold})
    assert manifest.certificate is not None
    certificate = manifest.certificate.model_copy(update={"cost_usd": abs(loss)})
    odd = replace(
        contents,
        clusters=(cluster.model_copy(update=changes),),
        samples=(sample.model_copy(update={"texts": (text,)}),),
        manifest=manifest.model_copy(update={"ood": ood, "certificate": certificate}),
    )
    publish(memory_path, odd)
    assert_same_but_for_publication(load_index(memory_path), odd)


def test_the_same_contents_at_the_same_time_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        publish_at_moment(tmp_path / name, tiny_contents())
    assert all_bytes(tmp_path / "one") == all_bytes(tmp_path / "other")


def test_members_of_the_archive_bear_no_time(tmp_path: Path) -> None:
    version = publish_at_moment(tmp_path, tiny_contents())
    with zipfile.ZipFile(version / "calibration.npz") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_memory_order_of_arrays_does_not_change_the_bytes(tmp_path: Path) -> None:
    contents = tiny_contents()
    columns_first = replace(contents, centroids=np.asfortranarray(contents.centroids))
    publish_at_moment(tmp_path / "rows", contents)
    publish_at_moment(tmp_path / "columns", columns_first)
    assert all_bytes(tmp_path / "rows") == all_bytes(tmp_path / "columns")


def test_source_date_epoch_fixes_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(MOMENT.timestamp())))
    manifest = publish(tmp_path, tiny_contents()).manifest
    assert (manifest.index_version, manifest.created_at) == (VERSION, "2026-11-23T20:15:30Z")


@pytest.mark.parametrize("epoch", ["soon", "1e9", "9" * 30])
def test_a_source_date_epoch_that_is_no_time_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(BuildError, match=r"SOURCE_DATE_EPOCH is .*; set it to whole seconds"):
        publish(tmp_path, tiny_contents())


def test_times_of_other_zones_are_recorded_in_utc(tmp_path: Path) -> None:
    in_delhi = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert publish(tmp_path, tiny_contents(), created_at=in_delhi).manifest.index_version == VERSION


def test_without_a_given_time_it_is_now(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    created_at = publish(tmp_path, tiny_contents()).manifest.created_at
    assert before <= datetime.fromisoformat(created_at) <= datetime.now(UTC)


def test_versions_of_the_same_second_are_numbered_in_order(tmp_path: Path) -> None:
    made = [
        publish(tmp_path, tiny_contents(1), created_at=MOMENT).manifest.index_version
        for _ in range(12)
    ]
    assert made[:3] == [VERSION, f"{VERSION}-0002", f"{VERSION}-0003"]
    assert list_versions(tmp_path) == made
    assert current_version(tmp_path) == made[-1]


def test_a_number_that_was_pruned_is_not_given_again(tmp_path: Path) -> None:
    for _ in range(2):
        publish(tmp_path, tiny_contents(1), created_at=MOMENT)
    assert prune(tmp_path, 1).removed == (VERSION,)
    made = publish(tmp_path, tiny_contents(1), created_at=MOMENT).manifest.index_version
    assert list_versions(tmp_path) == [f"{VERSION}-0002", made]
    assert made == f"{VERSION}-0003"


def test_a_clock_that_was_set_back_makes_no_version_older_than_those_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    times = [MOMENT, MOMENT - timedelta(days=400), MOMENT - timedelta(days=300)]
    made = [
        publish(tmp_path, tiny_contents(1), created_at=time).manifest.index_version
        for time in times
    ]
    assert list_versions(tmp_path) == made
    assert version_before(tmp_path, made[-1]) == made[-2]
    assert load_index(tmp_path).manifest.created_at == "2026-01-27T20:15:30Z"
    told = (
        "the clock or SOURCE_DATE_EPOCH says 20251019T201530Z, which is before the newest version"
    )
    assert [message.partition(";")[0] for message in caplog.messages] == [f"{told} {made[0]}"]
    assert prune(tmp_path, 2).kept == tuple(made[-2:])
    caplog.clear()
    later = publish(tmp_path, tiny_contents(1), created_at=MOMENT + timedelta(seconds=1))
    assert later.manifest.index_version == "20261123T201531Z"
    assert not caplog.text


def test_a_new_version_leaves_the_published_ones_alone(tmp_path: Path) -> None:
    publish_tiny(tmp_path, seed=1)
    before = all_bytes(tmp_path / current_version(tmp_path))
    version = current_version(tmp_path)
    publish_tiny(tmp_path, seed=2)
    assert current_version(tmp_path) != version
    assert all_bytes(tmp_path / version) == before
    assert load_index(tmp_path, version=version).manifest.seed == 1


def test_what_a_dead_build_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "clusters"
    for path in (elsewhere, folder, folder / ".tmp-20200101T000000Z" / "encoder"):
        path.mkdir(parents=True)
    (folder / ".tmp-20200101T000000Z" / "encoder" / "model.onnx").write_bytes(b"half")
    (folder / ".tmp-CURRENT").write_text("2020")
    (folder / ".tmp-link").symlink_to(elsewhere)
    (folder / "labels.csv").write_text("the analysts' own")
    publish_tiny(folder)
    assert unfinished(folder) == []
    assert elsewhere.is_dir()
    assert (folder / "labels.csv").read_text() == "the analysts' own"


@contextmanager
def masked(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_an_index(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "clusters"
    with masked(umask):
        publish_tiny(folder)
    assert modes(folder) == {0o700, 0o600}


def test_a_stricter_umask_is_respected(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can write into a folder it may not write into")
    with masked(0o277):
        publish_tiny(tmp_path / "clusters")
    assert modes(tmp_path / "clusters") == {0o500, 0o400}


def modes(folder: Path) -> set[int]:
    """The modes of a folder, and of all folders and files in it."""
    paths = [folder, *folder.rglob("*")]
    return {stat.S_IMODE(path.lstat().st_mode) for path in paths}


def test_everything_is_flushed_before_the_rename_and_that_before_the_pointer(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "clusters"
    publish_tiny(folder)
    calls = calls_of(folder, publish_tiny, folder, 1)
    written = [call.path for call in calls if call.name == "open" and ".tmp-2" in str(call.path)]
    rename, replaced = first(calls, "rename"), first(calls, "replace")
    flushed = [call.path for call in calls if call.name == "fsync" and call.number < rename]
    assert sorted(flushed) == sorted(written)
    assert len(flushed) == 12
    between = [call for call in calls if rename < call.number < replaced and call.name == "fsync"]
    assert [call.path for call in between] == [folder, folder / ".tmp-CURRENT"]
    assert [call.path for call in calls if call.number > replaced] == [folder, folder]


def first(calls: list[Call], name: str) -> int:
    return next(call.number for call in calls if call.name == name)


def with_two_equal_keys(contents: IndexContents) -> IndexContents:
    first = contents.clusters[0]
    again = contents.clusters[1].model_copy(update={"cluster_key": first.cluster_key})
    return replace(contents, clusters=(first, again, contents.clusters[2]))


def with_lone_surrogate(contents: IndexContents) -> IndexContents:
    broken = contents.clusters[0].model_copy(update={"note": "\ud800"})
    return replace(contents, clusters=(broken, *contents.clusters[1:]))


def with_double_precision(contents: IndexContents) -> IndexContents:
    return replace(contents, centroids=contents.centroids.astype(np.float64))


def with_endless_bound(contents: IndexContents) -> IndexContents:
    assert contents.manifest.certificate is not None
    certificate = contents.manifest.certificate.model_copy(update={"upper_bound": float("inf")})
    return replace(
        contents, manifest=contents.manifest.model_copy(update={"certificate": certificate})
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (with_two_equal_keys, "line 2: cluster_key 'c00000000' is that of line 1"),
        (with_double_precision, r"centroids\.npy: holds float64"),
        (with_lone_surrogate, "surrogates not allowed"),
        (with_endless_bound, "not JSON compliant"),
    ],
)
def test_contents_that_would_not_load_are_not_published(
    tmp_path: Path, spoil: object, reason: str
) -> None:
    assert callable(spoil)
    publish_tiny(tmp_path, seed=1)
    before = all_bytes(tmp_path)
    with pytest.raises(BuildError, match=f"not published, because it would not load: .*{reason}"):
        publish(tmp_path, spoil(tiny_contents()))
    assert all_bytes(tmp_path) == before


def test_publishing_into_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"cannot write .*/nowhere: No such file or directory"):
        publish(tmp_path / "nowhere", tiny_contents())


def test_versions_of_libraries_are_those_installed() -> None:
    found = library_versions()
    assert found["numpy"] == np.__version__
    assert {"python", "pydantic", "faiss-cpu"} <= found.keys()
    assert list(found)[1:] == sorted(list(found)[1:])
