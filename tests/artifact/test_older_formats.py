"""Indexes of older formats are read as they were meant."""

import dataclasses
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semroute.artifact.contents import FORMAT_VERSION, IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.older_estimators import CURVE
from semroute.artifact.serving import routing_policy
from semroute.errors import InvalidIndexError
from semroute.features import FEATURES
from tests.artifact.forging import (
    ESTIMATOR,
    archive_arrays,
    edit_archive,
    edit_manifest,
    rewrite,
)
from tests.artifact.indexes import VERSION
from tests.tiny_index import assert_same_contents

HAS_LAST = np.triu_indices(len(FEATURES))[1] == len(FEATURES) - 1
"""Which products are with the feature that format 6 brought."""


def with_weights(version: Path) -> None:
    """Give every text feature and product a weight of its own, but what format 6 brought none."""
    random, n_models = np.random.default_rng(0), 3
    text = random.normal(size=(len(FEATURES), n_models))
    products, typical = (
        random.normal(size=(n, n_models)) for n in (len(HAS_LAST), 2 + len(FEATURES))
    )
    text[-1] = typical[-1] = products[HAS_LAST] = 0.0
    changed = {
        "text": text,
        "products": products,
        "typical": typical,
        "centre": np.append(random.normal(size=len(FEATURES) - 1), 0.0),
        "spread": np.append(random.uniform(1, 2, size=len(FEATURES) - 1), 1.0),
        "n_chars": np.zeros(3),
        "usd_per_char": np.zeros(n_models),
    }
    edit_archive(version, ESTIMATOR, **{k: lambda _, v=v: v for k, v in changed.items()})


def without_curve(version: Path) -> None:
    """Leave out of the estimator what format 7 brought."""
    arrays = archive_arrays(version, ESTIMATOR)
    _write(version, {name: array for name, array in arrays.items() if name not in CURVE})


def without_product(version: Path) -> None:
    """Leave out of the curve what format 8 brought."""
    arrays = archive_arrays(version, ESTIMATOR)
    assert not arrays["curve"][4].any()
    _write(version, arrays | {"curve": np.delete(arrays["curve"], 4, axis=0)})


def _write(version: Path, arrays: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    rewrite(version, ESTIMATOR, buffer.getvalue())


def without_lengths(version: Path) -> None:
    """Leave out of the estimator what format 6 brought, and format 7."""
    without_curve(version)
    arrays = archive_arrays(version, ESTIMATOR)
    del arrays["n_chars"], arrays["usd_per_char"]
    for name in ("features", "text", "centre", "spread", "typical"):
        arrays[name] = arrays[name][:-1]
    arrays["products"] = arrays["products"][~HAS_LAST]
    _write(version, arrays)


TURN_BACK = {2: without_lengths, 5: without_lengths, 6: without_curve, 7: without_product}


def read_as_new(folder: Path, new: IndexContents) -> IndexContents:
    """Return the contents of an older index, called one of this format."""
    as_new = {"format_version": FORMAT_VERSION, "files": new.manifest.files}
    old = load_index(folder)
    return dataclasses.replace(old, manifest=old.manifest.model_copy(update=as_new))


@pytest.mark.parametrize("format_version", TURN_BACK)
def test_an_older_index_is_read_as_it_is(folder: Path, format_version: int) -> None:
    with_weights(folder / VERSION)
    if format_version == 7:
        curve = np.random.default_rng(1).normal(size=(7, 3))
        curve[4] = 0.0
        edit_archive(folder / VERSION, ESTIMATOR, curve=lambda _: curve)
    new = load_index(folder)

    def turn_back(document: dict[str, Any]) -> None:
        document["format_version"] = format_version
        if format_version == 2:
            del document["encoder"]["hidden_dimension"]
            del document["ood"]["max_new_words"]

    TURN_BACK[format_version](folder / VERSION)
    edit_manifest(folder / VERSION, turn_back)
    assert_same_contents(read_as_new(folder, new), new)


def test_a_model_nothing_is_known_of_stays_unknown_in_all_its_weights(folder: Path) -> None:
    """Every weight of the cheapest model is NaN, also those that format 6 brought."""
    learned = ("evidence", "topic", "wording", "text", "products", "intercept", "typical")

    def forget(weights: np.ndarray) -> np.ndarray:
        weights[..., -1] = np.nan
        return weights

    edit_archive(folder / VERSION, ESTIMATOR, **dict.fromkeys(learned, forget))
    without_lengths(folder / VERSION)
    edit_manifest(folder / VERSION, lambda document: document.update({"format_version": 5}))
    estimator = load_index(folder).estimator
    assert np.isnan(estimator.text[-1]).tolist() == [False, False, True]


def test_before_costs_by_length_a_request_costs_what_its_topic_does(folder: Path) -> None:
    by_length = {"usd_per_char": lambda rows: rows + 1e-6}
    edit_archive(folder / VERSION, ESTIMATOR, **by_length)
    assert routing_policy(load_index(folder)).most_cost_usd < math.inf
    without_lengths(folder / VERSION)
    edit_manifest(folder / VERSION, lambda document: document.update({"format_version": 5}))
    old = load_index(folder)
    assert routing_policy(old).most_cost_usd == math.inf
    near = np.array([[0, 1, 2]]), np.array([[0.9, 0.5, 0.1]], dtype=np.float32)
    row, features = old.centroids[:1], np.zeros((1, len(old.estimator.centre)))
    short, long = (
        old.estimator.estimate(*near, row, features, np.array([n])).costs_usd.tolist()
        for n in (10, 100_000)
    )
    assert short == long


def test_costs_of_cheaper_models_by_length_limit_no_trade(folder: Path) -> None:
    """What a request counts as goes by what it costs the frontier, here by topic alone."""
    edit_archive(folder / VERSION, ESTIMATOR, usd_per_char=lambda _: np.array([0.0, 1e-6, 1e-6]))
    contents = load_index(folder)
    assert contents.manifest.config.frontier_column == 0
    assert routing_policy(contents).most_cost_usd == math.inf


@pytest.mark.parametrize("format_version", [5, FORMAT_VERSION])
def test_an_estimator_of_another_format_than_its_index_is_refused(
    folder: Path, format_version: int
) -> None:
    if format_version == FORMAT_VERSION:
        without_lengths(folder / VERSION)
    edit_manifest(
        folder / VERSION, lambda document: document.update({"format_version": format_version})
    )
    with pytest.raises(InvalidIndexError, match=r"estimator.npz: .* holds "):
        load_index(folder)


def test_before_format_7_what_may_not_fit_goes_to_the_frontier(folder: Path) -> None:
    def turn_back(document: dict[str, Any]) -> None:
        document["format_version"] = 6
        del document["too_long_goes_to"]

    assert routing_policy(load_index(folder)).passes_on_too_long
    without_curve(folder / VERSION)
    edit_manifest(folder / VERSION, turn_back)
    assert not routing_policy(load_index(folder)).passes_on_too_long
