"""Clusters are named by what requests ask, and by the template they come in where that differs."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from semroute.build.naming import naming_words

APPLICATIONS = ("Write an audit memo.", "Fill in the schema.", "Teach apprentices.")
CHATTER = ("parcel lamp", "parcel chair", "invoice lamp", "invoice chair", "refund", "refund desk")


def _words(templates: list[str], n_templated: int = 6) -> list[set[str]]:
    """Keywords of one cluster per template; of its six requests so many come in the template."""
    log: Any = SimpleNamespace(
        texts=CHATTER * len(templates),
        templates=[
            template if row < n_templated else "" for template in templates for row in range(6)
        ],
    )
    n_clusters = len(templates)
    ids = np.repeat(np.arange(n_clusters), 6)
    grouping: Any = SimpleNamespace(centroids=np.zeros((n_clusters, 2)), cluster_ids=ids)
    return [set(words) for words in naming_words(log, grouping)]


def test_clusters_that_are_applications_are_named_by_their_templates() -> None:
    audit, schema, teach = _words(list(APPLICATIONS))
    assert "audit" in " ".join(audit)
    assert "schema" in " ".join(schema)
    assert "apprentices" in " ".join(teach)
    assert "memo" not in " ".join(schema | teach)
    assert all(words & {"parcel", "refund", "lamp"} for words in (audit, schema, teach))


@pytest.mark.parametrize(
    ("templates", "n_templated"),
    [([APPLICATIONS[0]] * 4, 6), (list(APPLICATIONS), 2), ([""] * 3, 6)],
)
def test_a_template_of_all_clusters_or_of_few_requests_names_none(
    templates: list[str], n_templated: int
) -> None:
    plain = _words([""] * len(templates))
    assert _words(templates, n_templated) == plain
