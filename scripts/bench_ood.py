"""OOD detection on `clinc150`: part of `bench_quality.py`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bench_data import DataSet, add, print_means, vectors_of
from bench_peers import route_scores

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
        test = np.flatnonzero(parts == "test")
        oos = np.flatnonzero(np.char.startswith(parts.astype(str), "oos"))
        outcomes: dict[str, list[float]] = {}
        for seed in seeds:
            out = Path(folder) / f"index-{seed}"
            summary = source.build(np.flatnonzero(parts == "train"), out, seed, encoder)
            router = SemanticRouter.load(out, encoder=encoder)
            known = router.route_batch(source.texts(test))
            strange = router.route_batch(source.texts(oos))
            add(outcomes, "clusters", summary.counts.n_clusters)
            add(outcomes, "labels with insufficient evidence", summary.n_insufficient_evidence)
            add(outcomes, "OOD AUROC", _auroc(*map(_similarities, (known, strange))))
            add(outcomes, "max_false_fallback", summary.max_false_fallback)
            add(outcomes, "false fallback on in-scope test", _share_unknown(known))
            add(outcomes, "out-of-scope sent to the frontier as unknown", _share_unknown(strange))
        _add_semantic_router(outcomes, source, encoder, test, oos)
        print_means(outcomes)


def _add_semantic_router(
    outcomes: dict[str, list[float]],
    source: DataSet,
    encoder: Encoder,
    test: np.ndarray,
    oos: np.ndarray,
) -> None:
    """Add aurelio's semantic-router, which is told the true intents: they are its routes.

    Its threshold lets 2% of the validation queries pass as unlike every route.
    """
    parts = source.column("split")
    train, held_out = (np.flatnonzero(parts == part) for part in ("train", "val"))
    _, routes = np.unique(source.column("intent")[train], return_inverse=True)
    utterances = vectors_of(source, encoder, train)
    known, strange, calibrating = (
        route_scores(vectors_of(source, encoder, rows), utterances, routes).max(axis=1)
        for rows in (test, oos, held_out)
    )
    threshold = np.quantile(calibrating, 0.02)
    add(outcomes, "semantic-router: OOD AUROC", _auroc(known, strange))
    add(outcomes, "semantic-router: false fallback", float((known < threshold).mean()))
    add(outcomes, "semantic-router: out-of-scope found", float((strange < threshold).mean()))


def _similarities(decisions: Sequence[RouteDecision]) -> np.ndarray:
    return np.array([decision.similarity or -1.0 for decision in decisions])


def _auroc(known: np.ndarray, strange: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    is_known = [1] * len(known) + [0] * len(strange)
    return float(roc_auc_score(is_known, np.concatenate([known, strange])))


def _share_unknown(decisions: Sequence[RouteDecision]) -> float:
    return sum(decision.reason == "ood" for decision in decisions) / len(decisions)
