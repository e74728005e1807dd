"""Which encoder a build may take from the version before."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from semroute import __version__
from semroute.artifact.contents import IndexContents, Manifest
from semroute.artifact.layout import CURRENT
from semroute.artifact.lock import locked
from semroute.artifact.publishing import library_versions, publish
from semroute.build.previous import former_encoder, previous_version
from semroute.encoders.contract import EncoderOrigin
from tests.tiny_index import tiny_contents

IDENTITY = tiny_contents().manifest.encoder


def _previous(**changes: Any) -> IndexContents:
    contents = tiny_contents()
    changes = {
        "encoder_origin": EncoderOrigin(original=contents.manifest.encoder),
        "semroute_version": __version__,
        "library_versions": library_versions(),
        **changes,
    }
    return replace(contents, manifest=contents.manifest.model_copy(update=changes))


def test_the_encoder_of_the_same_settings_and_versions_may_stay() -> None:
    previous = _previous()
    former = former_encoder(previous, previous.manifest.config)
    assert former is not None
    assert former.files == previous.encoder_files
    assert former.origin == previous.manifest.encoder_origin


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder_origin": None},
        {"encoder_origin": EncoderOrigin(original=IDENTITY, departure="no int8")},
        {"semroute_version": "0.0.1"},
        {"library_versions": {**library_versions(), "onnxruntime": "1.0"}},
    ],
)
def test_one_of_other_versions_or_of_unknown_origin_is_made_anew(changes: dict[str, Any]) -> None:
    previous = _previous(**changes)
    assert former_encoder(previous, previous.manifest.config) is None


def _with_encoder(manifest: Manifest) -> Manifest:
    other = manifest.config.encoder.model_copy(update={"model": "another"})
    config = manifest.config.model_copy(update={"encoder": other})
    return manifest.model_copy(update={"config": config})


def _with_cut(manifest: Manifest) -> Manifest:
    other = manifest.config.texts.model_copy(update={"cut": "head_tail"})
    config = manifest.config.model_copy(update={"texts": other})
    return manifest.model_copy(update={"config": config})


@pytest.mark.parametrize("change", [_with_encoder, _with_cut])
def test_one_of_other_settings_is_made_anew(change: Callable[[Manifest], Manifest]) -> None:
    previous = _previous()
    now = change(previous.manifest).config
    assert now != previous.manifest.config
    assert former_encoder(previous, now) is None


def test_without_a_version_before_or_without_its_files_there_is_none() -> None:
    previous = _previous()
    config = previous.manifest.config
    assert former_encoder(None, config) is None
    assert former_encoder(replace(previous, encoder_files={}), config) is None


def test_where_none_is_live_the_newest_counts_and_no_copy_beside_it(tmp_path: Path) -> None:
    with locked(tmp_path):
        published = publish(tmp_path, tiny_contents())
    version = published.manifest.index_version
    shutil.copytree(tmp_path / version, tmp_path / "before-labels")
    (tmp_path / CURRENT).unlink()
    previous = previous_version(tmp_path, discard_labels=False)
    assert previous is not None
    assert previous.manifest.index_version == version
