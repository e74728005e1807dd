"""Time and peak memory of each step of a build, shown while it runs."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from semroute.progress import Advance, Progress, ignore


@dataclass(frozen=True)
class StepTime:
    """What one step took; `peak_memory_mb` is the process's high-water mark at its end."""

    name: str
    seconds: float
    peak_memory_mb: float


@dataclass
class Watch:
    """Collects a `StepTime` per step and passes progress on to whoever shows it."""

    progress: Progress | None = None
    steps: list[StepTime] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Time a step of `total` items; the context gives the callback that advances it."""
        started = time.perf_counter()
        shown = nullcontext(ignore) if self.progress is None else self.progress.step(name, total)
        with shown as advance:
            yield advance
        seconds = time.perf_counter() - started
        self.steps.append(StepTime(name, round(seconds, 3), peak_memory_mb()))

    def tell(self, sentence: str) -> None:
        """Show one line, if anyone watches."""
        if self.progress is not None:
            self.progress.tell(sentence)


def peak_memory_mb() -> float:
    """Return the largest resident memory this process has had, in megabytes (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)
