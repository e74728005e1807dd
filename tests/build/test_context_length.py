"""Requests whose answers depend on what they hold beside the last message."""

from pathlib import Path

import numpy as np

from semroute.artifact.loading import load_index
from semroute.decision import RouteDecision
from semroute.router import SemanticRouter
from tests.build.small import build_small, rows_of, write_rows, write_small_files
from tests.tiny import TinyEncoder

LONG, SHORT = 20_000, 300


def chat(text: str, n_beside: int) -> list[dict[str, str]]:
    return [{"role": "system", "content": "x" * n_beside}, {"role": "user", "content": text}]


def test_a_model_that_fails_on_long_contexts_is_spared_them(tmp_path: Path) -> None:
    """The small model fails where 20,000 characters come before the question, nowhere else."""
    files, random = write_small_files(tmp_path, n_queries=1_200), np.random.default_rng(0)
    rows = rows_of(files)
    is_long = random.random(len(rows)) < 0.4
    for row, long in zip(rows, is_long, strict=True):
        row["messages"] = chat(row.pop("text"), LONG if long else SHORT)
    write_rows(files, rows)
    fails = {row["query_id"] for row, long in zip(rows, is_long, strict=True) if long}
    lines = ["query_id,model,score"]
    for row in rows:
        lines.append(f"{row['query_id']},large,1.0")
        lines.append(f"{row['query_id']},small,{0.0 if row['query_id'] in fails else 1.0}")
    files.evals.write_text("\n".join(lines) + "\n")
    build_small(files, tmp_path / "i")
    router = SemanticRouter.load(tmp_path / "i", encoder=TinyEncoder())
    texts = [
        f"topic{n % 4}a topic{n % 4}b topic{n % 4}c topic{n % 4}d detail{n}" for n in range(40)
    ]
    known = [text for text in texts if router.route(chat(text, SHORT)).reason != "ood"]
    assert len(known) > 20
    for n_beside, model, loss in ((SHORT, "small", 0.0), (LONG, "large", 1.0)):
        decisions = router.route_batch([chat(text, n_beside) for text in known])
        assert {one.model for one in decisions} == {model}
        assert abs(np.mean([_loss(one) for one in decisions]) - loss) < 0.1
    moved = router.explain(chat(known[0], LONG)).estimates[0].features
    assert max(moved, key=moved.__getitem__) == "characters beside the text"
    # Certified on requests of both kinds: what is promised is what the held-out queries show.
    certificate = load_index(tmp_path / "i").manifest.certificate
    assert certificate is not None
    assert certificate.mean_loss < 0.02
    assert certificate.model_shares["small"] > 0.5


def _loss(decision: RouteDecision) -> float:
    found = next(one.expected_loss for one in decision.candidates if one.model == "small")
    assert found is not None
    return found
