"""How many processors there are to embed with."""

import math
import os
from pathlib import Path

_CONTROL_GROUP = Path("/sys/fs/cgroup")


def available_cores(control_group: Path = _CONTROL_GROUP) -> int:
    """Return how many processors this process may use, at least 1.

    What it is pinned to counts, and the processor time its container may take: two of 64 cores
    are two. joblib counts like that too, but a plain install does not have it.

    Args:
        control_group: where Linux mounts the control groups. Inside a container its root is the
            container's own group.

    Source of the files: "Control Group v2" and "CFS Bandwidth Control" in the Linux documentation.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    n_cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(n_cores, math.ceil(_quota(control_group, n_cores))))


def _quota(group: Path, unlimited: int) -> float:
    """Return how many processors' time a group may take; `unlimited` if nothing limits it."""
    first_version = ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
    words = _words(group / "cpu.max") or [w for name in first_version for w in _words(group / name)]
    # "max" and -1 stand for no limit.
    if len(words) != 2 or not all(word.isdecimal() for word in words) or not int(words[1]):
        return unlimited
    return int(words[0]) / int(words[1])


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return []
