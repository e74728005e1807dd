"""Whether traffic is still like the held-out queries that the promise of an index speaks of."""

from semroute.monitoring.comparing import traffic_drift
from semroute.monitoring.decisions import read_decisions
from semroute.monitoring.results import ClusterDrift, ExpectedSaving, Figure, TrafficDrift

__all__ = [
    "ClusterDrift",
    "ExpectedSaving",
    "Figure",
    "TrafficDrift",
    "read_decisions",
    "traffic_drift",
]
