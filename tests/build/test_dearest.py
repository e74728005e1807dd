"""What a build says of the requests that cost most."""

import dataclasses

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.build.dearest import dearest_requests
from semroute.cli.build_summary import dearest_line
from tests.tiny_index import tiny_contents


def _contents(*usd_per_char: float) -> IndexContents:
    """Twenty held-out queries: all have scores, the two last cost the frontier 41 of 59 cents.

    `small` is expected to lose nothing anywhere; on the dear ones it loses 0.5 and nothing, on the
    others it loses nothing.
    """
    contents = tiny_contents(3, n_calibration=20)
    frontier, small = 0, 2
    costs = np.tile([0.01, 0.001, 0.001], (20, 1))
    costs[18:, frontier] = [0.2, 0.21]
    scores = np.ones((20, 3))
    scores[18, small] = 0.5
    expected = np.zeros((20, 3))
    expected[:, 1] = 1.0
    calibration = dataclasses.replace(
        contents.calibration,
        scores=scores,
        costs_usd=costs,
        expected_costs_usd=costs,
        expected_losses=expected,
    )
    estimator = dataclasses.replace(
        contents.estimator, usd_per_char=np.array(usd_per_char or [1e-5] * 3)
    )
    return dataclasses.replace(contents, calibration=calibration, estimator=estimator)


def test_the_dearest_tenth_is_told_with_what_it_costs_and_loses() -> None:
    found = dearest_requests(_contents())
    assert found is not None
    assert found.cost_share == pytest.approx(0.41 / 0.59)
    assert (found.elsewhere_share, found.mean_loss, found.n_scored) == (1.0, 0.25, 2)
    assert dearest_line(found, "large") == (
        "the tenth of the held-out queries that costs most, 69.5% of all cost: 100.0% of them "
        "leave large, and 0.250 of mean score is lost on the 2 of which that is known"
    )


def test_scores_that_are_missing_are_left_out_and_without_any_nothing_is_said() -> None:
    contents = _contents()
    for gone, expected in (([18], 0.0), ([19], 0.5)):
        scores = contents.calibration.scores.copy()
        scores[gone] = np.nan
        calibration = dataclasses.replace(contents.calibration, scores=scores)
        found = dearest_requests(dataclasses.replace(contents, calibration=calibration))
        assert found is not None
        assert (found.mean_loss, found.n_scored) == (expected, 1)
    scores[18:] = np.nan
    calibration = dataclasses.replace(contents.calibration, scores=scores)
    assert dearest_requests(dataclasses.replace(contents, calibration=calibration)) is None


def test_where_costs_do_not_go_by_length_or_nothing_is_certified_nothing_is_said() -> None:
    assert dearest_requests(_contents(0.0, 0.0, 0.0)) is None
    contents = _contents()
    certificate = contents.manifest.certificate
    assert certificate is not None
    bare = certificate.model_copy(update={"tolerance": None})
    manifest = contents.manifest.model_copy(update={"certificate": bare})
    assert dearest_requests(dataclasses.replace(contents, manifest=manifest)) is None


def test_where_only_cheaper_models_cost_by_length_nothing_is_said() -> None:
    """A tenth of requests that all cost the frontier the same would be any tenth."""
    assert dearest_requests(_contents(0.0, 1e-5, 1e-5)) is None
    assert dearest_requests(_contents(1e-5, 0.0, 0.0)) is not None
