"""Sheets of a small index that is certified, edited as an analyst would, and what lies where."""

import dataclasses
from pathlib import Path

import numpy as np

from semroute.artifact.contents import IndexContents
from semroute.relabel import recertified
from tests.tiny_index import tiny_contents

CERTIFIED = recertified(tiny_contents())


def edited(sheet: Path, old: str, new: str) -> Path:
    content = sheet.read_text(encoding="utf-8-sig")
    assert old in content
    sheet.write_text(content.replace(old, new, 1), encoding="utf-8-sig")
    return sheet


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


RELABEL = ('"topic 2",""', '"refunds","small"')


def well_known_contents() -> IndexContents:
    """Enough queries to certify; `small` does well on cluster 0 only, `medium` not on cluster 2."""
    contents = tiny_contents(n_calibration=900)
    known = contents.calibration
    scores = np.ones_like(known.scores)
    scores[known.cluster_ids == 2, 1:] = 0.0
    scores[known.cluster_ids == 1, 2] = 0.0
    known = dataclasses.replace(known, scores=scores)
    return dataclasses.replace(contents, calibration=known)
