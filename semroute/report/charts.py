"""What the two charts of the report show, as plain values for the page's script."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from semroute.artifact.contents import Cluster, IndexContents
from semroute.counted import counted
from semroute.evaluate.frontiers import hull
from semroute.evaluate.results import Evaluation, StrategyResult
from semroute.evaluate.verdict import telling
from semroute.report.grids import is_sensible
from semroute.report.projection import plane

# Okabe and Ito's colours, which colour-blind readers tell apart; the frontier's comes first.
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#a6761d", "#7570b3")
OTHER_COLOUR = "#8a8f98"

_GROUPS = {
    "single": ("one model for everything", "circle", 11, OTHER_COLOUR),
    "rule": ("simple rules, at the same cost", "square", 10, "#e69f00"),
    "learned": ("kNN and classifier, at the same cost", "triangle-up", 12, "#009e73"),
    "hindsight": ("hindsight: cannot be had", "x", 10, "#cc79a7"),
    "router": ("semroute as it is", "star", 19, ""),
}
_REQUESTS = 1000


def curve_chart(found: Evaluation) -> dict[str, Any]:
    """Lay out the plot of cost and quality: every strategy, the router's line, mixed models."""
    known = [point for point in found.points if point.score is not None]
    kinds = {one.kind for one in telling(found.strategies)} | {"router"}
    line = sorted(known, key=lambda point: (point.cost_usd, point.score))
    return {
        "groups": [_group(found, kind) for kind in _GROUPS if kind in kinds],
        "curve": {
            "cost": [point.cost_usd * _REQUESTS for point in line],
            "score": [point.score for point in line],
            "hover": [
                f"tolerance {_tolerance(point.tolerance)}: score {point.score:.3f}, "
                f"saved {point.saving:.1%}"
                for point in line
            ],
        },
        "mix": _mix(found),
    }


def _tolerance(tolerance: float | None) -> str:
    if tolerance is None:
        return "none: always the frontier"
    return f"{tolerance:.3f}" if is_sensible(tolerance) else "without limit"


def _group(found: Evaluation, kind: str) -> dict[str, Any]:
    name, symbol, size, colour = _GROUPS[kind]
    members = [(one, one.score) for one in found.strategies if one.kind == kind and one.score]
    shown: dict[str, Any] = {
        "name": name,
        "symbol": symbol,
        "size": size,
        "colour": colour,
        "cost": [one.cost_usd.value * _REQUESTS for one, _ in members],
        "score": [score.value for _, score in members],
        "up": [score.high - score.value for _, score in members],
        "down": [score.value - score.low for _, score in members],
        "hover": [_hover(one) for one, _ in members],
    }
    if kind == "single":
        shown["names"] = [one.name.removeprefix("always ") for one, _ in members]
    return shown


def _hover(one: StrategyResult) -> str:
    score = one.score
    told = f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})" if score else "unknown"
    return f"{one.name}: score {told}, saved {one.saving.value:.1%}"


def _mix(found: Evaluation) -> dict[str, list[float]]:
    alone = [one for one in found.strategies if one.kind == "single" and one.score]
    corners = hull(
        np.array([one.cost_usd.value for one in alone]),
        np.array([one.score.value for one in alone if one.score]),
    )
    # The corner at nothing for nothing would flatten the picture.
    return {
        "cost": (corners.cost_usd[1:] * _REQUESTS).tolist(),
        "score": corners.score[1:].tolist(),
    }


def colours(models: Sequence[str], frontier: str) -> Mapping[str, str]:
    """Give every model a colour, the frontier always the same one."""
    others = [model for model in models if model != frontier]
    given = dict(zip(others, COLOURS[1:], strict=False))
    return {frontier: COLOURS[0], **{model: given.get(model, OTHER_COLOUR) for model in others}}


def cluster_map(contents: IndexContents) -> list[dict[str, Any]]:
    """Lay out the map of clusters: one group of marks per label and whether an analyst gave it."""
    placed = plane(contents.centroids)
    config = contents.manifest.config
    colour_of = colours(config.model_names, config.frontier)
    groups: list[dict[str, Any]] = []
    for model in config.model_names:
        for is_override in (False, True):
            members = [
                one
                for one in contents.clusters
                if one.label == model and (one.override is not None) == is_override
            ]
            if members:
                rows = [one.cluster_id for one in members]
                groups.append(
                    {
                        "name": f"{model} (analyst)" if is_override else model,
                        "colour": colour_of[model],
                        "symbol": "diamond" if is_override else "circle",
                        "x": placed[rows, 0].tolist(),
                        "y": placed[rows, 1].tolist(),
                        "size": [float(8 + 70 * np.sqrt(one.share)) for one in members],
                        "hover": [_cluster_hover(one) for one in members],
                    }
                )
    return groups


def _cluster_hover(cluster: Cluster) -> list[str]:
    return [
        cluster.name,
        f"{counted(cluster.size, 'query')}, {cluster.share:.1%} of the log",
        f"answered by {cluster.label}" + (", an analyst's label" if cluster.override else ""),
    ]
