"""OOD detection on `clinc150`: part of `bench_quality.py`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bench_data import DataSet, add, print_means

from semroute.decision import RouteDecision
from semroute.encoders.contract import Encoder
from semroute.router import SemanticRouter


def clinc150(data: Path, seeds: range, encoder: Encoder) -> None:
    """In-scope queries as the log, no evals: OOD detection and false fallback."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "semroute.toml"
        config.write_text(
            'frontier = "large"\n[[models]]\nname = "large"\nusd_per_request = 0.02\n'
            '[[models]]\nname = "small"\nusd_per_request = 0.001\n'
        )
        source = DataSet(data / "clinc150", config=config)
        parts = source.column("split")
        outcomes: dict[str, list[float]] = {}
        for seed in seeds:
            out = Path(folder) / f"index-{seed}"
            summary = source.build(np.flatnonzero(parts == "train"), out, seed, encoder)
            router = SemanticRouter.load(out, encoder=encoder)
            known = router.route_batch(source.texts(np.flatnonzero(parts == "test")))
            strange = router.route_batch(
                source.texts(np.flatnonzero(np.char.startswith(parts.astype(str), "oos")))
            )
            add(outcomes, "clusters", summary.counts.n_clusters)
            add(outcomes, "labels with insufficient evidence", summary.n_insufficient_evidence)
            add(outcomes, "OOD AUROC", _auroc(known, strange))
            add(outcomes, "max_false_fallback", summary.max_false_fallback)
            add(outcomes, "false fallback on in-scope test", _share_unknown(known))
            add(outcomes, "out-of-scope sent to the frontier as unknown", _share_unknown(strange))
        print_means(outcomes)


def _auroc(known: Sequence[RouteDecision], strange: Sequence[RouteDecision]) -> float:
    from sklearn.metrics import roc_auc_score

    similarities = [decision.similarity or -1.0 for decision in [*known, *strange]]
    return float(roc_auc_score([1] * len(known) + [0] * len(strange), similarities))


def _share_unknown(decisions: Sequence[RouteDecision]) -> float:
    return sum(decision.reason == "ood" for decision in decisions) / len(decisions)
