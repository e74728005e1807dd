"""Takes up an index again and again, as a server does; run by `test_forks`.

Prints how many MB the process could have given back after each time.
"""

import ctypes
import json
import sys
from pathlib import Path

from semroute import SemanticRouter
from tests.router.children import TEXTS

N_LOADS = 6


def resident_mb() -> float:
    """Return what this process holds of the machine's memory, on Linux."""
    fields = Path("/proc/self/status").read_text().splitlines()
    (line,) = [field for field in fields if field.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def main(folder: str) -> None:
    router, kept_back = None, []
    for _ in range(N_LOADS):
        taken_up = SemanticRouter.load(folder)
        held = resident_mb()
        ctypes.CDLL(None).malloc_trim(0)
        kept_back.append(held - resident_mb())
        router = taken_up
        router.route_batch(TEXTS)
    print(json.dumps(kept_back))


if __name__ == "__main__":
    main(sys.argv[1])
