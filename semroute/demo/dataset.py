"""The demo's files: a simulated query log with scores, a held-out set, a config and a README.

Nothing here was measured. The texts come from phrase grammars, the scores from stated success
rates of models that do not exist; the files say so themselves.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from semroute.demo.handouts import config_text, readme_text
from semroute.demo.kinds import KINDS, MODELS, Kind
from semroute.demo.phrases import Dice, typed
from semroute.demo.simulation import Outcomes, simulate
from semroute.errors import PublishError
from semroute.seen import word_runs
from semroute.texts import fold

N_QUERIES = 2000
N_TEST_QUERIES = 500

REPEATED_SHARE = 0.015
"""Share of the log that repeats an earlier query word for word, as traffic does."""

TEST_COVERAGE = 0.98
"""Share of the held-out queries that each model is scored on."""

MOST_ATTEMPTS = 50
"""After so many draws a kind has nothing new to say, and repeats itself."""

LOG_STARTS = datetime(2025, 3, 3, 6, 0, tzinfo=UTC)
TEST_STARTS = datetime(2025, 4, 7, 6, 0, tzinfo=UTC)
SECONDS_BETWEEN = 1200


@dataclass(frozen=True)
class DemoFiles:
    """Where the demo's files are; the test files hold queries that are not in the log."""

    queries: Path
    evals: Path
    queries_test: Path
    evals_test: Path
    config: Path
    readme: Path


@dataclass(frozen=True)
class SampleRequest:
    """A request to route, and why it is among the samples."""

    text: str
    why: str


@dataclass(frozen=True)
class Traffic:
    """Simulated queries in the order they arrived, with what each model made of them."""

    ids: tuple[str, ...]
    kinds: tuple[Kind, ...]
    texts: tuple[str, ...]
    timestamps: tuple[datetime, ...]
    outcomes: Outcomes


@dataclass(frozen=True)
class DemoTraffic:
    """The log a build may see, and the held-out queries it must not."""

    log: Traffic
    test: Traffic


def demo_traffic(
    seed: int = 0, n_queries: int = N_QUERIES, n_test_queries: int = N_TEST_QUERIES
) -> DemoTraffic:
    """Draw the demo's data; the same numbers give the same data.

    No text of the held-out queries is in the log, not even nearly so. The
    held-out queries depend on `seed` and `n_test_queries` alone.
    """
    test_texts = _Texts(Dice(seed, 0), _HeldOut(()), repeated_share=0.0)
    evenly = [TEST_COVERAGE] * len(MODELS)
    test = _traffic("t", n_test_queries, TEST_STARTS, test_texts, evenly, Dice(seed, 1))
    held_out = _HeldOut(test.texts)
    log_texts = _Texts(Dice(seed, 2), held_out, repeated_share=REPEATED_SHARE)
    coverage = [model.coverage for model in MODELS]
    log = _traffic("q", n_queries, LOG_STARTS, log_texts, coverage, Dice(seed, 3))
    return DemoTraffic(log, test)


def write_dataset(folder: Path, seed: int = 0, n_queries: int = N_QUERIES) -> DemoFiles:
    """Write the demo's files into `folder`, which is made if missing.

    Everything in them is simulated, and says so. The same arguments give the same bytes.

    Args:
        folder: where to write.
        seed: of every random choice, at least 0.
        n_queries: how many queries the log holds; the held-out set has 500 more.

    Raises:
        PublishError: a file of one of their names, with another content, is there already, or the
            operating system refused a write.
    """
    traffic = demo_traffic(seed, n_queries)
    files = DemoFiles(
        queries=folder / "queries.jsonl",
        evals=folder / "evals.csv",
        queries_test=folder / "queries_test.jsonl",
        evals_test=folder / "evals_test.csv",
        config=folder / "semroute.toml",
        readme=folder / "README.txt",
    )
    contents = {
        files.queries: _queries_jsonl(traffic.log),
        files.evals: _evals_csv(traffic.log),
        files.queries_test: _queries_jsonl(traffic.test),
        files.evals_test: _evals_csv(traffic.test),
        files.config: config_text(),
        files.readme: readme_text(n_queries, len(traffic.test.texts), len(KINDS), seed),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            _refuse_to_replace(path, content)
        for path, content in contents.items():
            path.write_bytes(content.encode())
    except OSError as error:
        raise PublishError(error.filename or folder, error.strerror or str(error)) from error
    return files


def _refuse_to_replace(path: Path, content: str) -> None:
    """Keep somebody's own `queries.jsonl` from being lost to a demo run beside it."""
    if path.exists() and path.read_bytes() != content.encode():
        raise PublishError(path, "a file that this demo did not write is there; give a new folder")


class _Texts:
    """Draws texts that are new, not held out, and now and then a word-for-word repetition."""

    def __init__(self, dice: Dice, forbidden: "_HeldOut", repeated_share: float) -> None:
        self._dice = dice
        self._forbidden = forbidden
        self._repeated_share = repeated_share
        self._said: set[str] = set()
        self._by_kind: dict[str, list[str]] = {}

    def next(self, kind: Kind) -> str:
        earlier = self._by_kind.setdefault(kind.name, [])
        if earlier and self._dice.share() < self._repeated_share:
            return self._dice.pick(earlier)
        text = self._new(kind)
        self._said.add(fold(text))
        earlier.append(text)
        return text

    def _new(self, kind: Kind) -> str:
        attempt = 0
        while True:
            text = typed(kind.grammar.text(self._dice), self._dice)
            attempt += 1
            is_new = attempt > MOST_ATTEMPTS or fold(text) not in self._said
            if is_new and not self._forbidden.resembles(text):
                return text


class _HeldOut:
    """Texts the log must not resemble: a build refuses to be judged by what it has seen."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._runs = [word_runs(fold(text)) for text in texts]

    def resembles(self, text: str) -> bool:
        """Whether two in five of their runs of three words are the same."""
        asked = word_runs(fold(text))
        shared = ((len(asked & held), len(asked) + len(held)) for held in self._runs)
        return any(7 * n_shared >= 2 * n_both for n_shared, n_both in shared)


def _traffic(
    prefix: str, n: int, start: datetime, texts: _Texts, coverage: Sequence[float], dice: Dice
) -> Traffic:
    kinds = _shuffled(_kinds_by_weight(n), dice)
    said = tuple(texts.next(kind) for kind in kinds)
    pauses = np.cumsum(2 * SECONDS_BETWEEN * dice.shares(n))
    return Traffic(
        ids=tuple(f"{prefix}{number:05d}" for number in range(1, n + 1)),
        kinds=kinds,
        texts=said,
        timestamps=tuple(start + timedelta(seconds=int(pause)) for pause in pauses),
        outcomes=simulate(kinds, said, coverage, dice),
    )


def _kinds_by_weight(n: int) -> list[Kind]:
    """Give every kind its share of `n`, rounded so that the whole is exactly `n`."""
    weights = np.array([kind.weight for kind in KINDS])
    ends = np.round(np.cumsum(weights) / weights.sum() * n).astype(int)
    counts = np.diff(ends, prepend=0)
    return [kind for kind, count in zip(KINDS, counts, strict=True) for _ in range(count)]


def _shuffled(kinds: Sequence[Kind], dice: Dice) -> tuple[Kind, ...]:
    order = np.argsort(dice.shares(len(kinds)), kind="stable")
    return tuple(kinds[place] for place in order)


def _queries_jsonl(traffic: Traffic) -> str:
    rows = (
        {"query_id": key, "text": text, "kind": kind.name, "timestamp": _iso(moment)}
        for key, text, kind, moment in zip(
            traffic.ids, traffic.texts, traffic.kinds, traffic.timestamps, strict=True
        )
    )
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _evals_csv(traffic: Traffic) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["query_id", "model", "score", "cost_usd"])
    writer.writerows(_eval_rows(traffic))
    return text.getvalue()


def _eval_rows(traffic: Traffic) -> Iterator[tuple[str, str, str, str]]:
    outcomes = traffic.outcomes
    for key, scores, costs in zip(traffic.ids, outcomes.scores, outcomes.costs_usd, strict=True):
        for model, score, cost_usd in zip(MODELS, scores, costs, strict=True):
            if not np.isnan(score):
                yield key, model.name, f"{score:g}", "" if np.isnan(cost_usd) else f"{cost_usd:.8f}"


def requests() -> tuple[SampleRequest, ...]:
    """Return requests to try the router on; none of them is in the demo's files."""
    return (
        SampleRequest(
            "hi, my parcel with the green teapot was due on Tuesday and still isn't here. "
            "Order 48-2213, where is it?",
            "easy and frequent: a small model finds a parcel too",
        ),
        SampleRequest(
            "Get supplier, invoice number and total out of this: Invoice 77-1420 dated 9 May. "
            "3 x door handles at 18.90; 20 wall hooks, 2.10 each. Total 98.70 EUR.",
            "easy although it looks technical: copying fields from a document",
        ),
        SampleRequest(
            "Write a Python function that merges overlapping intervals and keeps the labels of "
            "both. With type hints, please.",
            "code: work for the specialised model",
        ),
        SampleRequest(
            "Draft a warm email to my colleague Ruth: I have to miss her farewell lunch, and the "
            "handover moves to Thursday.",
            "writing: middling models do it well, the smallest does not",
        ),
        SampleRequest(
            "Review this indemnity for the buyer: the Seller shall indemnify the Buyer against all "
            "losses up to 20% of the price, notified within six months. Which risks remain?",
            "hard: contract review, where a cheap model's mistakes are expensive",
        ),
        SampleRequest(
            "Prove by induction that a connected graph with n vertices and n edges has exactly one "
            "cycle. Be rigorous.",
            "hard: proofs need the frontier model",
        ),
        SampleRequest(
            "Which mitochondrial haplogroups occur in the Neolithic cattle of Anatolia?",
            "unlike anything in the log: nobody asked about ancient genetics before",
        ),
    )
