"""Building over a version that is there: what stays, what returns, what stops it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from semroute.artifact.contents import FORMAT_VERSION, Cluster
from semroute.artifact.layout import digest_line
from semroute.artifact.loading import list_versions, load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.build import build_index
from semroute.cli.build_summary import print_summary
from semroute.clustering.spherical import SphericalKMeans
from semroute.errors import CheckFailedError, InvalidIndexError
from semroute.progress import Advance, ignore
from semroute.relabel import apply_labels, export_labels
from semroute.vectors import Vectors
from tests.build.small import (
    SmallFiles,
    build_small,
    write_small_files,
)
from tests.tiny import TinyEncoder


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_small_files(tmp_path)


def test_building_again_keeps_the_old_version(files: SmallFiles, tmp_path: Path) -> None:
    first = build_small(files, tmp_path / "i").index_version
    second = build_small(files, tmp_path / "i", seed=1).index_version
    assert list_versions(tmp_path / "i") == sorted([first, second])
    assert load_index(tmp_path / "i").manifest.index_version == second
    assert load_index(tmp_path / "i", version=first).manifest.seed == 0


def test_a_build_without_scores_over_one_with_scores_says_so(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    version = build_small(files, out).index_version
    summary = build_index(files.queries, None, files.config, out, encoder=TinyEncoder())
    told = " ".join(summary.warnings)
    assert "no scores were given" in told
    assert f"{version}, had 1,600 scores" in told


def test_without_current_the_newest_version_gives_its_keys(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    build_small(files, out)
    key = load_index(out).manifest.hash_key
    (out / "CURRENT").unlink()
    files.queries.write_text(files.queries.read_text() + '{"query_id": "n", "text": "new one"}\n')
    build_small(files, out)
    assert load_index(out).manifest.hash_key == key


def test_a_live_version_of_an_older_format_stops_the_build_and_names_what_keeps_its_labels(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    manifest = out / build_small(files, out).index_version / "manifest.json"
    this = f'"format_version": {FORMAT_VERSION}'.encode()
    older = manifest.read_bytes().replace(this, b'"format_version": 1')
    manifest.write_bytes(older)
    manifest.with_name("manifest.sha256").write_bytes(digest_line(older))
    told = r"has format 1, .* would be lost; export them with the semroute that"
    with pytest.raises(InvalidIndexError, match=told) as caught:
        build_small(files, out)
    assert str(caught.value).endswith("or build with --discard-labels")
    assert "run build-index again" not in str(caught.value)


def test_a_damaged_live_version_stops_the_build_unless_its_labels_may_go(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    version = build_small(files, out).index_version
    (out / version / "centroids.npy").write_bytes(b"damaged")
    told = r"would be lost; restore it from a copy, .* --discard-labels"
    with pytest.raises(InvalidIndexError, match=told) as caught:
        build_small(files, out)
    assert "run build-index again" not in str(caught.value)
    summary = build_index(
        files.queries,
        files.evals,
        files.config,
        out,
        encoder=TinyEncoder(),
        discard_labels=True,
    )
    assert load_index(out).manifest.index_version == summary.index_version
    (out / "CURRENT").write_bytes(b"no such version")
    with pytest.raises(InvalidIndexError, match=r"CURRENT.* --discard-labels"):
        build_small(files, out)
    summary = build_index(
        files.queries, files.evals, files.config, out, encoder=TinyEncoder(), discard_labels=True
    )
    assert load_index(out).manifest.index_version == summary.index_version


def test_a_rebuild_tells_what_would_be_saved_without_the_labels_it_carries_over(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = build_small(files, tmp_path / "i")
    assert bare.saving > 0
    assert bare.saving_without_labels is None
    sheet = export_labels(tmp_path / "i")
    text = sheet.read_text("utf-8-sig")
    first = next(c for c in load_index(tmp_path / "i").clusters if c.auto_label == "small")
    old = f'"{first.cluster_key}","{first.name}",""'
    assert old in text
    sheet.write_text(text.replace(old, old[:-2] + '"large"'), "utf-8-sig")
    apply_labels(tmp_path / "i", sheet)
    again = build_small(files, tmp_path / "i")
    assert again.saving < bare.saving
    assert again.saving_without_labels == bare.saving
    print_summary(again)
    assert f"without labels {bare.saving:.1%} would be saved" in capsys.readouterr().out


class Renamed(TinyEncoder):
    """Gives the vectors of the tiny encoder, or others, under another kind."""

    def __init__(self, fingerprint: str = "tiny") -> None:
        super().__init__(fingerprint=fingerprint)
        self.identity = self.identity.model_copy(update={"kind": "onnx-fp32"})


def _with_a_label_of_the_frontier(files: SmallFiles, out: Path) -> str:
    """Build, send a cluster that `small` answers to `large`, and return its key."""
    build_small(files, out)
    cheap = next(one for one in load_index(out).clusters if one.auto_label == "small")
    sheet = out.with_name("labels.csv")
    sheet.write_text(f"cluster_key,label\n{cheap.cluster_key},large\n")
    apply_labels(out, sheet)
    return cheap.cluster_key


@pytest.mark.parametrize(("fingerprint", "n_kept_up"), [("tiny", 1), ("another", 0)])
def test_labels_of_the_frontier_outlast_an_encoder_of_another_kind_but_the_same_vectors(
    files: SmallFiles, tmp_path: Path, fingerprint: str, n_kept_up: int
) -> None:
    out = tmp_path / "i"
    _with_a_label_of_the_frontier(files, out)
    # Other details are other medoids, so that no cluster has the key it had.
    files.queries.write_text(files.queries.read_text().replace("detail", "matter"))
    summary = build_index(
        files.queries, files.evals, files.config, out, encoder=Renamed(fingerprint)
    )
    assert len(summary.kept_up) == n_kept_up
    lost = [one for one in summary.warnings if "the clusters or the encoder have changed" in one]
    assert len(lost) == 1 - n_kept_up


def test_another_seed_than_before_is_told_to_hold_out_other_queries(
    files: SmallFiles, tmp_path: Path
) -> None:
    build_small(files, tmp_path / "i")
    assert not any("seed" in told for told in build_small(files, tmp_path / "i").warnings)
    told = build_small(files, tmp_path / "i", seed=3).warnings
    assert any("the seed is 3 and was 0, so other queries are held out" in one for one in told)


def test_labels_of_the_frontier_follow_it_to_another_name(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    key = _with_a_label_of_the_frontier(files, out)
    for file in (files.evals, files.config):
        file.write_text(file.read_text().replace("large", "large-2"))
    summary = build_small(files, out)
    (labelled,) = [one for one in load_index(out).clusters if one.override]
    assert (labelled.cluster_key, labelled.override) == (key, "large-2")
    assert not summary.suggestions


def test_labels_of_the_former_frontier_keep_topics_with_the_one_in_its_place(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    _with_a_label_of_the_frontier(files, out)
    # Other details are other medoids, so that no cluster has the key it had.
    files.queries.write_text(files.queries.read_text().replace("detail", "matter"))
    evals = files.evals.read_text()
    best = [line.replace("large", "larger") for line in evals.splitlines() if "large" in line]
    files.evals.write_text(evals + "\n".join(best) + "\n")
    config = files.config.read_text().replace('frontier = "large"', 'frontier = "larger"')
    files.config.write_text(config + '[[models]]\nname = "larger"\nusd_per_request = 0.03\n')
    summary = build_small(files, out)
    (labelled,) = [one for one in load_index(out).clusters if one.override]
    assert labelled.override == "larger"
    assert [one.cluster_key for one in summary.kept_up] == [labelled.cluster_key]
    assert not summary.suggestions


def _labelled(out: Path, change: Callable[[Cluster], str | None]) -> None:
    """Publish the live version again with analysts' labels."""
    contents = load_index(out)
    clusters = tuple(
        cluster.model_copy(update={"override": change(cluster)}) for cluster in contents.clusters
    )
    with locked(out):
        publish(out, replace(contents, clusters=clusters))


def test_a_label_that_contradicts_the_evidence_is_told_by_each_build(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    assert not [one for one in build_small(files, out).warnings if "expected to lose" in one]
    _labelled(out, lambda cluster: "small" if cluster.auto_label == "large" else None)
    for _ in range(2):
        told = build_small(files, out).warnings
        assert any("'small' is expected to lose" in one for one in told)


def _with_medium(files: SmallFiles) -> None:
    """Add a model that does what the small one does, for more."""
    medium = '[[models]]\nname = "medium"\nusd_per_request = 0.01\n[quality]'
    files.config.write_text(files.config.read_text().replace("[quality]", medium))
    lines = files.evals.read_text().splitlines()
    alike = [line.replace(",small,", ",medium,") for line in lines if ",small," in line]
    files.evals.write_text("\n".join([*lines, *alike]) + "\n")


def test_a_label_that_is_lost_is_told_where_a_cheaper_model_answers_instead(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    _with_medium(files)
    build_small(files, out)
    _labelled(out, lambda cluster: "medium" if cluster.auto_label == "small" else None)
    files.queries.write_text(files.queries.read_text().replace("detail", "matter"))
    live = load_index(out).manifest.index_version
    with pytest.raises(
        CheckFailedError, match=r"^3 analysts' labels cannot be .* published: medium of topic"
    ):
        build_index(
            files.queries,
            files.evals,
            files.config,
            out,
            encoder=TinyEncoder(),
            require_labels=True,
        )
    assert load_index(out).manifest.index_version == live
    told = [one for one in build_small(files, out).warnings if "where an analyst had chosen" in one]
    assert len(told) == 3
    assert all(one.startswith("small answers most of what is now called") for one in told)


def test_with_all_labels_in_place_a_build_that_requires_them_goes_on(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "i"
    _with_a_label_of_the_frontier(files, out)
    summary = build_index(
        files.queries, files.evals, files.config, out, encoder=TinyEncoder(), require_labels=True
    )
    assert summary.n_reattached == 1


def _clustered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the rows of each clustering from now on."""
    found: list[int] = []
    cluster = SphericalKMeans.cluster

    def counted(self: SphericalKMeans, vectors: Vectors, seed: int) -> NDArray[np.int64]:
        found.append(len(vectors))
        return cluster(self, vectors, seed)

    monkeypatch.setattr(SphericalKMeans, "cluster", counted)
    return found


def test_where_scores_and_prices_alone_have_changed_the_clusters_are_not_sought_again(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_small(files, tmp_path / "i")
    clustered = _clustered(monkeypatch)
    files.evals.write_text(files.evals.read_text().replace(",small,1.0", ",small,0.9"))
    files.config.write_text(files.config.read_text().replace("0.05", "0.2"))
    build_small(files, tmp_path / "i")
    assert clustered == []
    build_small(files, tmp_path / "fresh")
    assert len(clustered) == 1
    again, fresh = load_index(tmp_path / "i"), load_index(tmp_path / "fresh")
    assert again.centroids == pytest.approx(fresh.centroids, abs=1e-6)
    assert again.manifest.counts == fresh.manifest.counts
    assert [c.size for c in again.clusters] == [c.size for c in fresh.clusters]
    assert again.clusters[0].evidence == fresh.clusters[0].evidence


class _Prompted(TinyEncoder):
    """A tiny encoder that puts a prompt before every text, which its identity does not say."""

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        return super().encode([f"find what is like this: {text}" for text in texts], advance)


@pytest.mark.parametrize("change", ["log", "clustering", "texts", "seed", "encoder", "prompt"])
def test_where_anything_else_has_changed_they_are(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    build_small(files, tmp_path / "i")
    clustered = _clustered(monkeypatch)
    seed, encoder, config = 0, TinyEncoder(), files.config.read_text()
    if change == "log":
        more = '{"query_id": "n", "text": "topic1a topic1b new"}\n'
        files.queries.write_text(files.queries.read_text() + more)
    elif change == "clustering":
        files.config.write_text(config.replace("n_clusters = 4", "n_clusters = 5"))
    elif change == "texts":
        files.config.write_text(f"{config}[texts]\nmax_chars = 500\n")
    elif change == "seed":
        seed = 1
    else:
        encoder = _Prompted() if change == "prompt" else TinyEncoder(fingerprint="1" * 64)
    build_index(
        files.queries, files.evals, files.config, tmp_path / "i", seed=seed, encoder=encoder
    )
    assert len(clustered) == 1
