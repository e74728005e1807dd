"""What differs between two versions of an index."""

from dataclasses import replace

import numpy as np

from semroute.artifact.contents import IndexContents
from semroute.artifact.difference import Change, changed_clusters, difference
from semroute.vectors import unit_rows
from tests.tiny import tiny_config
from tests.tiny_index import tiny_contents, with_cluster


def _reset(contents: IndexContents, cluster_id: int, noise: float, key: str) -> IndexContents:
    """Move a centroid by `noise` and give its cluster another key."""
    centroids = contents.centroids.copy()
    rng = np.random.default_rng(1)
    moved = centroids[cluster_id] + noise * unit_rows(rng.normal(size=(1, 32)))[0]
    centroids[cluster_id] = moved / np.linalg.norm(moved)
    return replace(with_cluster(contents, cluster_id, cluster_key=key), centroids=centroids)


def test_a_version_does_not_differ_from_itself() -> None:
    contents = tiny_contents()
    found = difference(contents, contents)
    assert (found.clusters.n_kept, found.clusters.n_rekeyed) == (3, 0)
    assert (found.clusters.n_new, found.clusters.n_gone) == (0, 0)
    assert found.clusters.relabelled == found.new == found.gone == ()
    assert found.settings == found.versions == ()


def test_labels_that_changed_come_by_size_and_say_whose_they_are() -> None:
    before = tiny_contents(3)
    after = with_cluster(before, 1, auto_label="large", share=0.2)
    after = with_cluster(after, 0, override="large", share=0.5)
    labels = {cluster.cluster_key: cluster.label for cluster in before.clusters}
    found = changed_clusters(before, after).relabelled
    assert [one.share for one in found] == [0.5, 0.2]
    assert [one.by_label for one in found] == [True, False]
    assert [one.label_before for one in found] == [labels[one.cluster_key] for one in found]
    assert {one.label for one in found} == {"large"}
    taken_back = changed_clusters(after, with_cluster(after, 0, override=None)).relabelled
    assert [(one.label_before, one.by_label) for one in taken_back] == [("large", True)]


def test_a_topic_under_another_key_is_the_same_if_it_is_plainly_there() -> None:
    before = tiny_contents(3)
    after = with_cluster(_reset(before, 1, 0.3, "another"), 1, auto_label="large")
    found = changed_clusters(before, after)
    assert (found.n_kept, found.n_rekeyed, found.n_new, found.n_gone) == (2, 1, 0, 0)
    former = before.clusters[1].cluster_key
    assert [(one.former_key, one.cluster_key) for one in found.relabelled] == [(former, "another")]


def test_another_topic_is_new_and_the_one_that_was_there_gone() -> None:
    before = tiny_contents(3)
    after = _reset(before, 1, 5.0, "another")
    found = difference(before, after)
    assert (found.clusters.n_kept, found.clusters.n_rekeyed) == (2, 0)
    assert [cluster.cluster_key for cluster in found.new] == ["another"]
    assert found.gone == before.clusters[1:2]


def test_new_and_gone_clusters_come_by_size() -> None:
    before = after = tiny_contents(3)
    for cluster_id, size in enumerate((5, 9, 7)):
        before = with_cluster(before, cluster_id, size=size)
        after = with_cluster(after, cluster_id, size=20 - size, cluster_key=f"k{cluster_id}")
    elsewhere = replace(after, centroids=-after.centroids)
    found = difference(before, elsewhere)
    assert [cluster.size for cluster in found.gone] == [9, 7, 5]
    assert [cluster.size for cluster in found.new] == [15, 13, 11]


def test_of_other_vectors_keys_alone_tell_which_clusters_are_the_same() -> None:
    before, after = tiny_contents(3), _reset(tiny_contents(3), 1, 0.3, "another")
    turned = replace(after, probes=np.roll(after.probes, 1, axis=1))
    found = changed_clusters(before, turned)
    assert (found.n_kept, found.n_rekeyed, found.n_new, found.n_gone) == (2, 0, 1, 1)


def test_settings_are_told_one_by_one_and_those_of_a_model_by_its_name() -> None:
    before, after = tiny_contents(), tiny_contents()
    models = [
        {"name": "small", "usd_per_request": 0.0007},
        {"name": "large", "usd_per_request": 0.02},
        {"name": "tiny", "usd_per_request": 0.0001},
    ]
    config = tiny_config(models=models, quality={"max_loss": 0.03})
    after = replace(after, manifest=after.manifest.model_copy(update={"config": config}))
    found = {change.name: change for change in difference(before, after).settings}
    assert found["quality.max_loss"].after == 0.03
    assert found["models.small.usd_per_request"] == Change(
        "models.small.usd_per_request", 0.0005, 0.0007
    )
    assert found["models.medium.usd_per_request"].after is None
    assert found["models.tiny.usd_per_request"].before is None
    assert not [name for name in found if name.startswith("models.large")]


def test_a_frontier_of_another_name_is_the_same_model() -> None:
    before = with_cluster(tiny_contents(), 0, override="large")
    models = [
        {"name": name, "usd_per_request": price}
        for name, price in (("large-2", 0.02), ("medium", 0.004), ("small", 0.0005))
    ]
    config = tiny_config(frontier="large-2", models=models)
    clusters = tuple(
        cluster.model_copy(
            update={
                "auto_label": cluster.auto_label.replace("large", "large-2"),
                "override": cluster.override and "large-2",
            }
        )
        for cluster in before.clusters
    )
    manifest = before.manifest.model_copy(update={"config": config})
    after = replace(before, manifest=manifest, clusters=clusters)
    assert {cluster.label for cluster in clusters} > {"large-2"}
    assert changed_clusters(before, after).relabelled == ()


def test_versions_of_libraries_are_told() -> None:
    before, after = tiny_contents(), tiny_contents()
    libraries = {**after.manifest.library_versions, "faiss-cpu": "99"}
    changes = {"library_versions": libraries, "semroute_version": "99.0"}
    after = replace(after, manifest=after.manifest.model_copy(update=changes))
    found = {change.name: change.after for change in difference(before, after).versions}
    assert found == {"faiss-cpu": "99", "semroute": "99.0"}


def test_input_files_are_other_ones_by_what_they_hold_whatever_their_order() -> None:
    def of(**hashes: str) -> IndexContents:
        manifest = contents.manifest.model_copy(update={"input_sha256": hashes})
        return replace(contents, manifest=manifest)

    contents = tiny_contents(1)
    before = of(queries="a", evals="b", **{"evals-2": "c"}, config="d")
    swapped = of(queries="a", evals="c", **{"evals-2": "b"}, config="e")
    assert difference(before, swapped).inputs == ()
    assert difference(before, of(queries="a", evals="b", config="d")).inputs == ("evals",)
    assert difference(before, of(queries="b", config="d")).inputs == ("queries", "evals")
