"""Which models answer the held-out queries of each cluster."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from semroute.artifact.contents import IndexContents
from semroute.artifact.serving import calibration_rows, routing_policy
from semroute.policy import NO_OVERRIDE

Answers = Mapping[str, int]
"""How many held-out queries of a cluster each model answers, the one of most first."""


def answers(contents: IndexContents, *, with_labels: bool = True) -> dict[int, Answers]:
    """Count per `cluster_id` what answers the held-out queries, with the analysts' labels or not.

    Queries that count as unknown are left out: no label decides them. Of equally frequent models
    the frontier comes first, then the first in the config. A cluster without any is left out.
    """
    policy = routing_policy(contents)
    if not with_labels:
        policy = replace(policy, overrides=policy.overrides * 0 + NO_OVERRIDE)
    rows = calibration_rows(contents).traffic
    chosen = policy.choose(rows).columns.tolist()
    known = ~policy.ood_rule.is_unknown(rows.similarities)
    counted: dict[int, Counter[int]] = {}
    for cluster_id, column, is_known in zip(rows.cluster_ids.tolist(), chosen, known, strict=True):
        if is_known:
            counted.setdefault(cluster_id, Counter())[column] += 1
    models = contents.manifest.config.model_names

    def by_frequency(counts: Counter[int]) -> list[int]:
        return sorted(counts, key=lambda c: (-counts[c], c != policy.frontier, c))

    return {
        cluster_id: {models[column]: counts[column] for column in by_frequency(counts)}
        for cluster_id, counts in counted.items()
    }


def shares_told(answered: Answers) -> str:
    """Write which model answers what share.

    >>> shares_told({"large": 61, "small": 39}), shares_told({"large": 999, "small": 1})
    ('large 61%, small 39%', 'large >99%, small <1%')
    """
    n = sum(answered.values())
    return ", ".join(f"{model} {whole_percent(count / n)}" for model, count in answered.items())


def whole_percent(share: float) -> str:
    """Write a share without decimals; only nothing is 0% and only all is 100%."""
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"
