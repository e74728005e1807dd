"""Checksums all right, but one thing in the data is not: refused, naming file and reason."""

import io
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from semroute.artifact.contents import Sample
from semroute.artifact.loading import load_index
from semroute.errors import InvalidIndexError
from tests.artifact.forging import (
    CALIBRATION,
    CENTROIDS,
    CLUSTERS,
    ESTIMATOR,
    PROBES,
    SAMPLES,
    Forge,
    Forgery,
    array,
    calibration,
    calibration_arrays,
    cluster,
    edit_array,
    edit_calibration,
    edit_line,
    edit_manifest,
    estimator,
    manifest,
    npy,
    put,
    put_cell,
    rewrite,
    sample,
    text,
)
from tests.artifact.indexes import VERSION


def with_pickled_centroids(version: Path) -> None:
    rewrite(version, CENTROIDS, npy(np.array([{}], dtype=object), allow_pickle=True))


def with_bytes_after_centroids(version: Path) -> None:
    rewrite(version, CENTROIDS, (version / CENTROIDS).read_bytes() + b"x")


def with_huge_shape(version: Path) -> None:
    header = b"(3, 32), }" + b" " * 12
    content = (version / CENTROIDS).read_bytes()
    assert header in content
    rewrite(version, CENTROIDS, content.replace(header, b"(3000000000000, 32), }"))


def with_compressed_calibration(version: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **calibration_arrays(version))
    rewrite(version, CALIBRATION, buffer.getvalue())


def with_member_missing(version: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("vectors.npy", npy(np.zeros((24, 32), dtype=np.float32)))
    rewrite(version, CALIBRATION, buffer.getvalue())


def with_last_line_open(version: Path) -> None:
    rewrite(version, CLUSTERS, (version / CLUSTERS).read_bytes().removesuffix(b"\n"))


IN_CENTROIDS: dict[str, Forgery] = {
    "another dimension": (
        r"has shape \(3, 32\), expected \(3, 33\)",
        manifest("encoder", "dimension", 33),
    ),
    "missing": (
        r"has shape \(2, 32\), expected \(3, 32\)",
        array(CENTROIDS, lambda rows: rows[:2]),
    ),
    "in double precision": (
        "holds float64, expected float32",
        array(CENTROIDS, lambda rows: rows.astype(np.float64)),
    ),
    "in other byte order": (
        "holds >f4, expected float32",
        array(CENTROIDS, lambda rows: rows.astype(">f4")),
    ),
    "flat": (r"has shape \(96,\)", array(CENTROIDS, np.ravel)),
    "NaN": ("1 rows are not finite .* the first is row 1", array(CENTROIDS, put_cell(np.nan))),
    "infinite": ("1 rows are not finite", array(CENTROIDS, put_cell(np.inf))),
    "too long": (
        "3 rows are not finite or not of length one",
        array(CENTROIDS, lambda rows: rows * np.float32(1.002)),
    ),
    "zero": (
        "not of length one",
        array(CENTROIDS, lambda rows: rows * np.float32([[1], [0], [1]])),
    ),
    "pickled": ("Object arrays cannot be loaded", with_pickled_centroids),
    "bytes after centroids": ("bytes follow after the array", with_bytes_after_centroids),
    "of impossible shape": ("cannot be read", with_huge_shape),
    "not an array": ("cannot be read: ValueError", text(CENTROIDS, "PK")),
}

IN_PROBES: dict[str, Forgery] = {
    "missing": (r"has shape \(15, 32\), expected \(16, 32\)", array(PROBES, lambda rows: rows[1:])),
    "NaN": ("1 rows are not finite", array(PROBES, put_cell(np.nan))),
    "hidden states promised": (
        r"has shape \(16, 32\), expected \(16, 40\)",
        manifest("encoder", "hidden_dimension", 8),
    ),
}

IN_CLUSTERS: dict[str, Forgery] = {
    "size in quotes": ("line 1: size: Input should be a valid int", cluster(1, "size", "10")),
    "ids swapped": ("line 2: cluster_id is 2, expected 1", cluster(2, "cluster_id", 2)),
    "id negative": ("line 1: cluster_id: Input should be greater", cluster(1, "cluster_id", -1)),
    "key twice": (
        "line 3: cluster_key 'c00000000' is that of line 1 too",
        cluster(3, "cluster_key", "c00000000"),
    ),
    "key empty": (
        "line 3: cluster_key: String should have at least 1",
        cluster(3, "cluster_key", ""),
    ),
    "label unknown": ("line 1: auto_label 'gone' is not a model", cluster(1, "auto_label", "gone")),
    "label reason unknown": (
        "line 1: auto_reason: Input should be 'matched' or",
        cluster(1, "auto_reason", "luck"),
    ),
    "override unknown": ("line 2: override 'gone' is not a model", cluster(2, "override", "gone")),
    "override empty": ("line 2: override '' is not a model", cluster(2, "override", "")),
    "evidence missing": (
        "line 1: evidence is of no model, the config's models are large, medium, small",
        cluster(1, "evidence", []),
    ),
    "evidence of an unknown model": (
        "line 1: evidence is of large, gone, small",
        cluster(1, "evidence", 1, "model", "gone"),
    ),
    "evidence twice": (
        "line 1: evidence is of large, large, small",
        cluster(1, "evidence", 1, "model", "large"),
    ),
    "loss not finite": (
        "line 1: evidence.0.mean_loss: Input should be a finite number",
        cluster(1, "evidence", 0, "mean_loss", math.nan),
    ),
    "cost negative": (
        "line 1: evidence.0.mean_cost_usd: Input should be greater",
        cluster(1, "evidence", 0, "mean_cost_usd", -0.1),
    ),
    "share above one": (
        "line 1: share: Input should be less than or equal to 1",
        cluster(1, "share", 1.5),
    ),
    "unknown field": ("line 1: colour: Extra inputs", cluster(1, "colour", "red")),
    "blank line": ("line 1: Invalid JSON", text(CLUSTERS, "\n")),
    "last line open": ("its last line has no end", with_last_line_open),
}

IN_CALIBRATION: dict[str, Forgery] = {
    "miscounted": (
        r"has shape \(24, 32\), expected \(23, 32\)",
        manifest("counts", "n_calibration", 23),
    ),
    "of other models": (
        "is of a, b, c, the config's models are large",
        calibration(models=lambda _: np.array(["a", "b", "c"])),
    ),
    "models not text": ("models are not text", calibration(models=lambda _: np.arange(3))),
    "scores too few": (
        r"scores has shape \(24, 2\), expected \(24, 3\)",
        calibration(scores=lambda rows: rows[:, :2]),
    ),
    "costs in single precision": (
        "costs_usd holds float32, expected float64",
        calibration(costs_usd=lambda rows: rows.astype(np.float32)),
    ),
    "score above one": (
        "scores holds a number below 0, above 1 or infinite",
        calibration(scores=put_cell(1.5)),
    ),
    "cost negative": ("costs_usd holds a number below 0", calibration(costs_usd=put_cell(-0.1))),
    "cost infinite": ("costs_usd holds .* or infinite", calibration(costs_usd=put_cell(np.inf))),
    "vector NaN": ("1 rows are not finite", calibration(vectors=put_cell(np.nan))),
    "compressed": ("a member is compressed", with_compressed_calibration),
    "incomplete": (r"holds \['vectors'\]", with_member_missing),
    "not an archive": ("cannot be read: BadZipFile", text(CALIBRATION, "vectors")),
}

IN_CALIBRATION |= {
    "of no cluster": (
        "cluster_ids holds a number below 0 or above 2",
        calibration(cluster_ids=lambda rows: rows + 1),
    ),
    "cluster before the first": (
        "cluster_ids holds a number below 0",
        calibration(cluster_ids=lambda rows: rows - 1),
    ),
    "clusters as fractions": (
        "cluster_ids holds float64, expected int64",
        calibration(cluster_ids=lambda rows: rows.astype(float)),
    ),
    "similarity above one": (
        "similarities holds a number below -1.01, above 1.01",
        calibration(similarities=lambda rows: rows + 2),
    ),
    "similarities in a table": (
        r"similarities has shape \(24, 1\)",
        calibration(similarities=lambda rows: rows[:, None]),
    ),
    "expected loss above one": (
        "expected_losses holds a number below -1, above 1",
        calibration(expected_losses=put_cell(1.5)),
    ),
    "expected cost negative": (
        "expected_costs_usd holds a number below 0",
        calibration(expected_costs_usd=put_cell(-0.1)),
    ),
    "length negative": ("n_chars holds a number below 0", calibration(n_chars=lambda n: -n)),
    "text out of range": (
        "text_ids holds a number below 0 or above",
        calibration(text_ids=lambda n: n + 1),
    ),
}

IN_ESTIMATOR: dict[str, Forgery] = {
    "of other models": (
        "is of a, b, c, the config's models are large",
        estimator(models=lambda _: np.array(["a", "b", "c"])),
    ),
    "of other features": (
        "other text features than this semroute",
        estimator(features=lambda names: names[::-1]),
    ),
    "no neighbours": ("n_neighbours is not a number", estimator(n_neighbours=lambda _: 0)),
    "half a neighbour": ("n_neighbours is not a number", estimator(n_neighbours=lambda _: 1.5)),
    "temperature unknown": (
        "temperature is not a number",
        estimator(temperature=lambda _: np.nan),
    ),
    "share above one": ("blend_share is above 1", estimator(blend_share=lambda _: 1.5)),
    "evidence too short": (
        r"evidence has shape \(2, 3\), expected \(3, 3\)",
        estimator(evidence=lambda rows: rows[:2]),
    ),
    "evidence a number": ("evidence is not an array", estimator(evidence=lambda _: 0.5)),
    "wording in single precision": (
        "wording holds float32, expected float64",
        estimator(wording=lambda rows: rows.astype(np.float32)),
    ),
    "one weight unknown": (
        "products holds a number that is not finite",
        estimator(products=put_cell(np.nan)),
    ),
    "one weight infinite": (
        "topic holds a number that is not finite",
        estimator(topic=put_cell(np.inf)),
    ),
    "cost negative": ("costs_usd holds a number", estimator(costs_usd=put_cell(-1.0))),
    "length negative": ("n_chars holds a number", estimator(n_chars=lambda n: n - 1e9)),
    "length infinite": ("n_chars holds a number", estimator(n_chars=lambda n: n * np.inf)),
    "characters that earn": ("usd_per_char holds a", estimator(usd_per_char=lambda u: u - 1e-9)),
    "characters of no model": (r"char has shape \(2,", estimator(usd_per_char=lambda u: u[:2])),
    "spread zero": ("spread holds a number", estimator(spread=lambda rows: rows * 0)),
    "centre infinite": ("centre or spread holds", estimator(centre=lambda rows: rows + np.inf)),
    "not an archive": ("cannot be read: BadZipFile", text(ESTIMATOR, "evidence")),
}

IN_SAMPLES: dict[str, Forgery] = {
    "of no cluster": ("line 1: cluster_id 3 is unknown or repeated", sample(1, "cluster_id", 3)),
    "twice": ("line 2: cluster_id 0 is unknown or repeated", sample(2, "cluster_id", 0)),
    "not text": (r"line 1: texts\.0: Input should be a valid string", sample(1, "texts", [1])),
}

FORGERIES = [
    pytest.param(file, reason, forge, id=f"{file}: {name}")
    for file, table in (
        (CENTROIDS, IN_CENTROIDS),
        (PROBES, IN_PROBES),
        (CLUSTERS, IN_CLUSTERS),
        (CALIBRATION, IN_CALIBRATION),
        (ESTIMATOR, IN_ESTIMATOR),
        (SAMPLES, IN_SAMPLES),
    )
    for name, (reason, forge) in table.items()
]


@pytest.mark.parametrize(("file", "reason", "forge"), FORGERIES)
def test_one_broken_invariant_is_refused_with_file_and_reason(
    folder: Path, file: str, reason: str, forge: Forge
) -> None:
    forge(folder / VERSION)
    with pytest.raises(InvalidIndexError, match=reason) as caught:
        load_index(folder)
    assert caught.value.path == str(folder / VERSION / file)


def test_forging_itself_breaks_nothing(folder: Path) -> None:
    version = folder / VERSION
    edit_manifest(version, len)
    edit_line(version, CLUSTERS, 1, len)
    edit_array(version, CENTROIDS, np.copy)
    edit_calibration(version)
    assert len(load_index(folder).clusters) == 3


def test_centroids_stored_by_columns_are_loaded_by_rows(folder: Path) -> None:
    before = load_index(folder).centroids
    edit_array(folder / VERSION, CENTROIDS, np.asfortranarray)
    loaded = load_index(folder).centroids
    assert loaded.flags.c_contiguous
    assert (loaded == before).all()


def test_a_model_that_was_never_scored_has_evidence_that_says_so(folder: Path) -> None:
    unknown = {
        **dict.fromkeys(("mean_score", "mean_loss", "loss_variance"), None),
        **dict.fromkeys(("expected_loss", "loss_upper_bound"), None),
        **dict.fromkeys(("n_scored", "n_paired"), 0),
    }
    for line in (1, 2, 3):
        edit_line(folder / VERSION, CLUSTERS, line, lambda d: d["evidence"][1].update(unknown))
    assert load_index(folder).clusters[0].evidence[1].mean_score is None


def test_refusals_never_show_the_texts_of_samples(folder: Path) -> None:
    canary = "where is my secret parcel"
    for wrong in ([1, canary], {canary: 1}, canary, [canary, None]):
        edit_line(folder / VERSION, SAMPLES, 1, put("texts", wrong))
        with pytest.raises(InvalidIndexError, match=r"samples\.jsonl: line 1") as caught:
            load_index(folder)
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_sample_that_cannot_be_made_does_not_show_its_text() -> None:
    with pytest.raises(ValidationError, match="texts") as caught:
        Sample.model_validate({"cluster_id": 0, "texts": [["where is my secret parcel"]]})
    assert "secret" not in str(caught.value)
