"""How much of a certified saving is the luck of which queries are held out."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.artifact.serving import calibration_rows, policy_to_certify
from semroute.certify import CalibrationRows, certify
from semroute.policy import Traffic

N_DRAWS = 20
QUANTILES = (0.1, 0.9)


def saving_range(contents: IndexContents) -> tuple[float, float] | None:
    """Return between which savings four fifths of other certificates would lie.

    Each is of as many held-out queries, drawn with replacement from those there are, all copies of
    a text together: the bootstrap (Efron, "Bootstrap methods: another look at the jackknife",
    Annals of Statistics 7, 1979). Estimates stay as they are. None without held-out queries.
    """
    quality, rows = contents.manifest.config.quality, calibration_rows(contents)
    if not len(rows.scores):
        return None
    policy, models = policy_to_certify(contents), contents.manifest.config.model_names
    random = np.random.default_rng(0)
    asked = quality.max_loss, quality.confidence
    drawn = (_drawn(rows, random) for _ in range(N_DRAWS))
    savings = [certify(policy, models, one, *asked).promised_saving for one in drawn]
    low, high = np.quantile(savings, QUANTILES).tolist()
    return low, high


def _drawn(rows: CalibrationRows, random: np.random.Generator) -> CalibrationRows:
    """Draw as many texts as there are; each time one is drawn it counts as another text."""
    _, texts, sizes = np.unique(rows.text_ids, return_inverse=True, return_counts=True)
    by_text = np.split(np.argsort(texts, kind="stable"), np.cumsum(sizes)[:-1])
    drawn = random.integers(len(sizes), size=len(sizes))
    picked = np.concatenate([by_text[text] for text in drawn])
    return replace(
        rows,
        traffic=_some(rows.traffic, picked),
        scores=rows.scores[picked],
        costs_usd=rows.costs_usd[picked],
        text_ids=np.repeat(np.arange(len(drawn)), sizes[drawn]),
    )


def _some(traffic: Traffic, rows: NDArray[np.intp]) -> Traffic:
    return Traffic(
        cluster_ids=traffic.cluster_ids[rows],
        similarities=traffic.similarities[rows],
        losses=traffic.losses[rows],
        costs_usd=traffic.costs_usd[rows],
        n_chars=traffic.n_chars[rows],
    )
