"""What it is worth to expect costs by a request's length, beside costs by topic alone.

    python scripts/bench_costs.py [--data ../shared/data] [--seeds 5] [--first-seed 0]
                                  [--spread 1.2]

`routellm` with its models' prices per token instead of a flat price: a request costs the tokens of
its text, a quarter of its characters, and of an assumed answer (`OUTPUT_TOKENS`). Each split is
built by `build_index` from files; the policy is then judged as served, and as if nothing but the
topic were known of costs. `--spread` multiplies lengths by lognormal factors with this standard
deviation of the logarithm, as if requests brought documents along that change nothing of how hard
they are; scores stay those that were measured. Of the long requests, a tenth of each test split, it
tells what they lose.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bench_data import DataSet, add, print_means, serving_encoder, split_rows, versions

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.serving import calibration_rows, cleaned_text, policy_to_certify
from semroute.build import build_index
from semroute.certify import CalibrationRows, certify
from semroute.encoders.contract import Encoder
from semroute.estimator.blending import blended, neighbour_weights
from semroute.index import CentroidIndex
from semroute.policy import RoutingPolicy, Traffic
from semroute.router import SemanticRouter

USD_PER_MILLION_TOKENS = {"gpt-4-1106-preview": 24.7, "mistralai/Mixtral-8x7B-Instruct-v0.1": 0.24}
"""What the source of the data prices the two models at."""

OUTPUT_TOKENS = {"mmlu": 5, "gsm8k": 150}
"""Assumed: a letter with a few words, and a calculation."""

TOLERANCES = np.arange(-0.5, 1.5, 0.0025)
MAX_LOSS, CONFIDENCE = 0.02, 0.95


@dataclass(frozen=True)
class Way:
    """One way to expect costs: the policy, the test queries and those held out as it sees them."""

    policy: RoutingPolicy
    traffic: Traffic
    held_out: CalibrationRows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--spread", type=float, default=0.0)
    options = parser.parse_args()
    print(versions())
    source = DataSet(options.data / "routellm")
    encoder = serving_encoder(options.data / "routellm")
    outcomes: dict[str, list[float]] = {}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        _split(source, encoder, seed, options.spread, outcomes)
    better = "by length less by topic"
    for name in [one for one in outcomes if one.startswith("by length")]:
        what = name.removeprefix("by length: ")
        paired = np.subtract(outcomes[name], outcomes[f"by topic: {what}"])
        outcomes[f"{better}: {what}"] = paired.tolist()
    print_means(outcomes)


def _split(
    source: DataSet, encoder: Encoder, seed: int, spread: float, outcomes: dict[str, list[float]]
) -> None:
    n_chars = _lengths(source, seed, spread)
    costs = _costs(source, n_chars)
    train, test = split_rows(len(source.rows), 0.7, seed)
    with tempfile.TemporaryDirectory() as folder:
        contents = _built(source, encoder, Path(folder), (train, n_chars, costs), seed)
        router = SemanticRouter(contents, encoder)
        decisions = router.route_batch([_request(source, row, n_chars) for row in test])
    names = source.config.model_names
    found = [{c.model: c for c in decision.candidates} for decision in decisions]
    served = Traffic(
        cluster_ids=np.array([d.cluster_id for d in decisions], dtype=np.int64),
        similarities=np.array([-1.0 if d.reason == "ood" else d.similarity for d in decisions]),
        losses=np.array([[one[n].expected_loss for n in names] for one in found], dtype=np.float64),
        costs_usd=np.array([[one[n].expected_cost_usd for n in names] for one in found]),
        n_chars=n_chars[test],
    )
    for name, way in _ways(contents, encoder, source, test, served):
        _judge(name, way, source, (test, costs[test], n_chars[test]), outcomes)


def _lengths(source: DataSet, seed: int, spread: float) -> np.ndarray:
    """Return the length of every request, that of its text or a multiple of it."""
    own = np.array([len(row["text"]) for row in source.rows])
    factors = np.random.default_rng(1000 + seed).lognormal(0, spread, len(own))
    return np.maximum(own, (own * factors).astype(np.int64))


def _request(source: DataSet, row: int, n_chars: np.ndarray) -> list[dict[str, str]]:
    """Return the text as a chat whose system prompt makes up for the rest of the length."""
    text = source.rows[row]["text"]
    rest = int(n_chars[row]) - len(text)
    return [{"role": "system", "content": "x" * rest}, {"role": "user", "content": text}]


def _costs(source: DataSet, n_chars: np.ndarray) -> np.ndarray:
    """Return what each request costs with each model, shape (n, n_models)."""
    answers = np.array([OUTPUT_TOKENS[kind] for kind in source.column("source")])
    prices = [USD_PER_MILLION_TOKENS[name] / 1e6 for name in source.config.model_names]
    return np.outer(n_chars / 4 + answers, prices)


def _built(
    source: DataSet,
    encoder: Encoder,
    folder: Path,
    of_log: tuple[np.ndarray, np.ndarray, np.ndarray],
    seed: int,
) -> IndexContents:
    """Build from files whose evals hold the measured costs, and load the index."""
    rows, n_chars, costs = of_log
    queries, evals = folder / "queries.jsonl", folder / "evals.csv"
    with queries.open("w") as file:
        for row in rows:
            query = {
                "query_id": source.rows[row]["query_id"],
                "messages": _request(source, row, n_chars),
            }
            file.write(json.dumps(query) + "\n")
    with evals.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("query_id", "model", "score", "cost_usd"))
        for row in rows:
            of_row = zip(
                source.config.model_names, source.evals.scores[row], costs[row], strict=True
            )
            writer.writerows((source.rows[row]["query_id"], *cell) for cell in of_row)
    build_index(queries, evals, source.config_path, folder / "i", seed=seed, encoder=encoder)
    return load_index(folder / "i")


def _ways(
    contents: IndexContents,
    encoder: Encoder,
    source: DataSet,
    test: np.ndarray,
    served: Traffic,
) -> Iterator[tuple[str, Way]]:
    policy, held_out = policy_to_certify(contents), calibration_rows(contents)
    yield "by length", Way(policy, served, held_out)
    texts = [cleaned_text(contents, text).embedded for text in source.texts(test)]
    vectors = encoder.encode(texts)
    of_test, of_held_out = (
        _by_topic(contents, np.ascontiguousarray(rows[:, : encoder.identity.dimension]))
        for rows in (vectors, contents.calibration.vectors)
    )
    yield (
        "by topic",
        Way(
            replace(policy, most_cost_usd=np.inf),
            replace(served, costs_usd=of_test),
            replace(held_out, traffic=replace(held_out.traffic, costs_usd=of_held_out)),
        ),
    )


def _by_topic(contents: IndexContents, vectors: np.ndarray) -> np.ndarray:
    """Return the blended costs of the nearest clusters, whatever a request's length."""
    estimator = contents.estimator
    near = CentroidIndex(contents.centroids).search(vectors, estimator.n_neighbours)
    k, temperature = estimator.n_neighbours, estimator.temperature
    weights = neighbour_weights(near.similarities, k, temperature)
    return blended(weights, near.cluster_ids, estimator.costs_usd)


def _judge(
    name: str,
    way: Way,
    source: DataSet,
    of_test: tuple[np.ndarray, np.ndarray, np.ndarray],
    outcomes: dict[str, list[float]],
) -> None:
    """Add the best tolerances in hindsight, and what the certified one does."""
    test, costs, n_chars = of_test
    scores, rows = source.evals.scores[test], np.arange(len(test))
    frontier, names = source.config.frontier_column, source.config.model_names
    strong, dear = scores[:, frontier].mean(), costs[:, frontier].mean()

    def saving(columns: np.ndarray) -> float:
        return float(1 - costs[rows, columns].mean() / dear)

    policies = [replace(way.policy, tolerance=t) for t in TOLERANCES]
    swept = [policy.choose(way.traffic).columns for policy in policies]
    for kept in (0.95, 0.99):
        enough = [saving(c) for c in swept if scores[rows, c].mean() >= kept * strong]
        add(outcomes, f"{name}: saved at {kept:.0%}", max(enough, default=0.0))
    found = certify(way.policy, names, way.held_out, MAX_LOSS, CONFIDENCE)
    columns = replace(way.policy, tolerance=found.tolerance).choose(way.traffic).columns
    losses, is_long = scores[:, frontier] - scores[rows, columns], n_chars >= _longest(n_chars)
    add(outcomes, f"{name}: saved, certified", saving(columns))
    add(outcomes, f"{name}: lost, certified", float(losses.mean()))
    add(outcomes, f"{name}: leave the frontier", float((columns != frontier).mean()))
    for what, chosen in (("long requests", is_long), ("other requests", ~is_long)):
        add(outcomes, f"{name}: lost by {what}", float(losses[chosen].mean()))


def _longest(n_chars: np.ndarray) -> float:
    return float(np.quantile(n_chars, 0.9))


if __name__ == "__main__":
    main()
