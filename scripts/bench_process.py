"""What a whole process costs: its start, its memory, how much it answers, what it installs."""

import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
QUESTION = "where is my order?"

START = """
import sys
from semroute import SemanticRouter
router = SemanticRouter.load(sys.argv[1])
print(router.route(sys.argv[3]).model)
"""

PLAIN_START = """
import sys
import faiss
import numpy as np
from sentence_transformers import SentenceTransformer
flat = faiss.IndexFlatIP(384)
flat.add(np.load(sys.argv[2]))
model = SentenceTransformer(sys.argv[1])
print(flat.search(model.encode([sys.argv[3]], show_progress_bar=False), 1)[1][0, 0])
"""

MEMORY = """
import json, sys
from pathlib import Path
from semroute import SemanticRouter

def resident_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])

router = SemanticRouter.load(sys.argv[1], n_cached=int(sys.argv[3]))
texts = json.loads(Path(sys.argv[2]).read_text())
found = [resident_kb()]
for n, text in enumerate(texts):
    router.route(text)
    if n + 1 in (len(texts) // 2, len(texts)):
        found.append(resident_kb())
print(json.dumps(found))
"""

PLAIN_MEMORY = """
import json, sys
from pathlib import Path
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1])
for text in json.loads(Path(sys.argv[2]).read_text())[:200]:
    model.encode([text], show_progress_bar=False)
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line for line in lines if line.startswith("VmRSS")).split()[1])
"""

THROUGHPUT = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from semroute import SemanticRouter

texts = json.loads(Path(sys.argv[2]).read_text())
seconds = float(sys.argv[3])
router = SemanticRouter.load(sys.argv[1], n_cached=0)
rates = {}
for n_threads in (1, 2, 4, 8, 16):
    end = time.perf_counter() + seconds
    def count(number):
        n = 0
        while time.perf_counter() < end:
            router.route(texts[(number + n) % len(texts)])
            n += 1
        return n
    with ThreadPoolExecutor(n_threads) as threads:
        rates[f"`route`, {n_threads} threads"] = sum(threads.map(count, range(n_threads))) / seconds
for n_workers in (1, 2):
    router = SemanticRouter.load(sys.argv[1], n_cached=0, n_workers=n_workers)
    start, n = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        n += len(router.route_batch(texts))
    rates[f"`route_batch`, n_workers={n_workers}"] = n / (time.perf_counter() - start)
print(json.dumps(rates))
"""


def run(code: str, *arguments: object) -> str:
    """Run code in a new process, without network, and return its last line."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1]


def seconds_to_decision(code: str, *arguments: object) -> float:
    start = time.perf_counter()
    run(code, *arguments)
    return time.perf_counter() - start


def cold_starts(
    indexes: dict[str, Path], model: str, centroids: np.ndarray, n_rounds: int
) -> dict[str, float]:
    """Seconds from starting Python to the first decision; medians of rounds that take turns.

    The package is compiled to byte code first, as every package is that pip installs.
    """
    compileall.compile_dir(ROOT / "semroute", quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "centroids.npy")
        np.save(path, centroids)
        starts = {f"`route()`, {name}": (START, index) for name, index in indexes.items()}
        starts["plain way"] = (PLAIN_START, model)
        taken: dict[str, list[float]] = {name: [] for name in starts}
        for _ in range(n_rounds):
            for name, (code, place) in starts.items():
                taken[name].append(seconds_to_decision(code, place, path, QUESTION))
    return {name: float(np.median(seconds)) for name, seconds in taken.items()}


def varied(texts: Sequence[str], n_calls: int) -> list[str]:
    """Texts of all lengths that never repeat."""
    return [f"{n} {text}" for n, text in enumerate(texts[:n_calls])]


def resident_mb(index: Path, texts: Sequence[str], n_cached: int) -> tuple[float, float, float]:
    """Megabytes after loading and after all texts, and kilobytes a call over the second half."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.json")
        path.write_text(json.dumps(list(texts)), encoding="utf-8")
        loaded, half, whole = json.loads(run(MEMORY, index, path, n_cached))
    return loaded / 1024, whole / 1024, (whole - half) / (len(texts) - len(texts) // 2)


def plain_resident_mb(model: str, texts: Sequence[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.json")
        path.write_text(json.dumps(list(texts)), encoding="utf-8")
        return int(run(PLAIN_MEMORY, model, path)) / 1024


def throughput(index: Path, texts: Sequence[str], seconds: float) -> dict[str, float]:
    """Texts a second, by how they are asked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.json")
        path.write_text(json.dumps(list(texts)), encoding="utf-8")
        rates: dict[str, float] = json.loads(run(THROUGHPUT, index, path, seconds))
    return rates


def installed_mb() -> float:
    """Install the wheel alone into a new environment; megabytes of its packages, pip left out."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--quiet"]
        subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, str(ROOT)], check=True)
        wheel = next(Path(folder).glob("*.whl"))
        target = Path(folder, "packages")
        constraints = ROOT / "constraints.txt"
        subprocess.run(
            [*pip, "install", "-c", str(constraints), "--target", str(target), str(wheel)],
            check=True,
        )
        return sum(path.stat().st_size for path in target.rglob("*") if path.is_file()) / 2**20
