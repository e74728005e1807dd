"""Points of cost and quality: their hull, and figures of a router that follow from it.

Source: Hu et al., "RouterBench: A Benchmark for Multi-LLM Routing System" (arXiv:2403.12031): the
non-decreasing convex hull of a router's points, which mixing two of them at random attains, and the
average improvement in quality (AIQ), its mean height over a range of costs.
"""

from dataclasses import dataclass

import numpy as np

from semroute.evaluate.frozen import Numbers

_EQUAL_COSTS = 1e-9


@dataclass(frozen=True)
class Hull:
    """The corners of a non-decreasing concave line, ascending in cost; flat beyond the last."""

    cost_usd: Numbers
    score: Numbers


def hull(cost_usd: Numbers, score: Numbers) -> Hull:
    """Return the non-decreasing convex hull of points of shape (n,), from the null router up.

    The null router costs nothing and scores 0. Points without a score are left out.

    >>> found = hull(np.array([1.0, 2.0, 3.0]), np.array([0.6, 0.5, 0.8]))
    >>> found.cost_usd.tolist(), found.score.tolist()
    ([0.0, 1.0, 3.0], [0.0, 0.6, 0.8])
    """
    known = np.isfinite(score)
    points = sorted(
        {(0.0, 0.0), *zip(cost_usd[known].tolist(), score[known].tolist(), strict=True)}
    )
    corners: list[tuple[float, float]] = []
    for point in points:
        if corners and point[1] <= corners[-1][1]:
            continue
        while corners and corners[-1][0] == point[0]:
            corners.pop()
        while len(corners) > 1 and _is_below(corners[-1], corners[-2], point):
            corners.pop()
        corners.append(point)
    costs, scores = zip(*corners, strict=True)
    return Hull(np.array(costs), np.array(scores))


def _is_below(
    middle: tuple[float, float], left: tuple[float, float], right: tuple[float, float]
) -> bool:
    """Whether `middle` is on or below the line from `left` to `right`."""
    rise, run = right[1] - left[1], right[0] - left[0]
    return (middle[1] - left[1]) * run <= rise * (middle[0] - left[0])


def aiq(found: Hull, cheapest_usd: float, dearest_usd: float) -> float | None:
    """Return the mean height of the hull between two costs; None if there is nothing between."""
    if dearest_usd <= cheapest_usd:
        return None
    inside = found.cost_usd[(found.cost_usd > cheapest_usd) & (found.cost_usd < dearest_usd)]
    costs = np.concatenate([[cheapest_usd], inside, [dearest_usd]])
    heights = np.interp(costs, found.cost_usd, found.score)
    return float(np.trapezoid(heights, costs) / (dearest_usd - cheapest_usd))


def saving_at(
    cost_usd: Numbers, score: Numbers, kept: float, frontier: tuple[float, float]
) -> float | None:
    """Return the share of the frontier's cost saved by the cheapest point that is good enough.

    None if no point's score is known, or none of a point that saves anything though there are such.

    Args:
        cost_usd: of the points, shape (n,); `score` likewise, NaN where unknown.
        kept: the share of the frontier's mean score to keep, 0.95 for example.
        frontier: the frontier's mean cost and mean score; always using it is a point too.
    """
    known, saves = np.isfinite(score), cost_usd < frontier[0] * (1 - _EQUAL_COSTS)
    if not known.any() or (saves.any() and not known[saves].any()):
        return None
    with np.errstate(invalid="ignore"):
        enough = score >= kept * frontier[1] - 1e-12
    cheapest = min([*cost_usd[enough].tolist(), frontier[0]])
    return 1 - cheapest / frontier[0] if frontier[0] else 0.0
