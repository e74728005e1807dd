"""What int8 and static embeddings cost in routing quality and OOD detection.

    python scripts/bench_encoders.py [--data ../shared/data] [--seeds 5]

Two questions on the same splits of `routellm`. One index, built by int8: how many queries of the
whole set would its fp32 form send elsewhere? And an index built by each encoder: how good are they?
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from bench_data import DataSet, RememberingEncoder, add, print_means, split_rows, versions
from bench_quality import clinc150, gain_of, source_curves

from semroute.artifact.loading import load_index
from semroute.encoders import SentenceTransformerSettings, StaticSettings
from semroute.encoders.contract import Encoder
from semroute.encoders.cores import available_cores
from semroute.encoders.making import make_encoder
from semroute.evaluate.curves import apgr, saved_at
from semroute.router import SemanticRouter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    if not options.data.exists():
        raise SystemExit(f"{options.data} is not here: nothing to measure")
    print(versions())
    source = DataSet(options.data / "routellm")
    encoders = _encoders(source)
    outcomes: dict[str, list[float]] = {}
    for seed in range(options.seeds):
        _split(source, encoders, seed, outcomes)
    print("\n## routellm")
    print_means(outcomes)
    for name in ("int8", "static"):
        print(f"\n## clinc150, {name}", flush=True)
        clinc150(options.data, range(1), encoders[name])


def _encoders(source: DataSet) -> Mapping[str, Encoder]:
    texts = source.texts(np.arange(len(source.rows)))
    asked = {
        "int8": SentenceTransformerSettings(precision="int8"),
        "fp32": SentenceTransformerSettings(precision="fp32"),
        "static": StaticSettings(),
    }
    made = {name: make_encoder(a, texts, 0, available_cores()) for name, a in asked.items()}
    for name, one in made.items():
        print(f"{name}: {one.origin and one.origin.parity}", flush=True)
    return {name: RememberingEncoder(one.encoder) for name, one in made.items()}


def _split(
    source: DataSet, encoders: Mapping[str, Encoder], seed: int, outcomes: dict[str, list[float]]
) -> None:
    train, test = split_rows(len(source.rows), 0.7, seed)
    everything = source.texts(np.arange(len(source.rows)))
    with tempfile.TemporaryDirectory() as folder:
        for name, encoder in encoders.items():
            out = Path(folder) / name
            summary = source.build(train, out, seed, encoder)
            contents = load_index(out)
            router = SemanticRouter(contents, encoder)
            add(outcomes, f"built by {name}: clusters", summary.counts.n_clusters)
            add(outcomes, f"built by {name}: certified saving", summary.saving)
            _judge(f"built by {name}", router, source, test, outcomes)
            if name == "int8":
                other = SemanticRouter(contents, encoders["fp32"])
                pairs = zip(
                    router.route_batch(everything), other.route_batch(everything), strict=True
                )
                same = np.array([one.model == two.model for one, two in pairs])
                add(outcomes, "one index: decisions of int8 and fp32 alike", float(same.mean()))
                _judge("one index, asked by fp32", other, source, test, outcomes)


def _judge(
    name: str,
    router: SemanticRouter,
    source: DataSet,
    test: np.ndarray,
    outcomes: dict[str, list[float]],
) -> None:
    decisions = router.route_batch(source.texts(test))
    cheap = next(m for m in source.config.model_names if m != source.config.frontier)
    gains = np.array([gain_of(decision, cheap) for decision in decisions])
    prices = [source.config.price(m).cost_usd(0) for m in (cheap, source.config.frontier)]
    for part, curve in source_curves(source, test, gains).items():
        add(outcomes, f"{name}: {part} APGR", apgr(curve))
        add(outcomes, f"{name}: {part} saved at 95%", saved_at(curve, 0.95, *prices))
    share = np.mean([decision.model == cheap for decision in decisions])
    add(outcomes, f"{name}: share of {cheap}", float(share))


if __name__ == "__main__":
    main()
