"""Words that name clusters: what requests ask, and which prompt template they come in."""

from collections import Counter
from itertools import chain, zip_longest

import numpy as np

from semroute.build.embed import EmbeddedLog
from semroute.clusters import MOST_SHARED, N_KEYWORDS, Grouping, distinct_terms, keywords

Keywords = tuple[tuple[str, ...], ...]

_TEMPLATED_SHARE = 0.5
"""A cluster with fewer requests in a template is named by what they ask alone."""


def naming_words(log: EmbeddedLog, grouping: Grouping) -> Keywords:
    """Return keywords per cluster, most telling first.

    Where applications are clusters of their own, what their requests ask is of every kind, and the
    words of their templates, which alternate with it then, say more. Words of a template that more
    than `MOST_SHARED` of the clusters have tell none from the others, and are left out.
    """
    n_clusters = len(grouping.centroids)
    asked = keywords(log.texts, grouping.cluster_ids, n_clusters)
    if not any(log.templates):
        return asked
    own = _of_templates(log, grouping)
    n_holding = Counter(chain.from_iterable(own))
    most = max(MOST_SHARED * n_clusters, 2)
    telling = [[word for word in words if n_holding[word] <= most] for words in own]
    return tuple(map(_alternating, telling, asked))


def _of_templates(log: EmbeddedLog, grouping: Grouping) -> Keywords:
    """Return the keywords of the templates in which most requests of a cluster come."""
    n_clusters = len(grouping.centroids)
    held = np.array([bool(template) for template in log.templates], dtype=np.float64)
    n_held = np.bincount(grouping.cluster_ids, held, n_clusters)
    sizes = np.bincount(grouping.cluster_ids, minlength=n_clusters)
    words = keywords(log.templates, grouping.cluster_ids, n_clusters)
    is_templated = n_held >= np.maximum(_TEMPLATED_SHARE * sizes, 1)
    return tuple(own if is_it else () for own, is_it in zip(words, is_templated, strict=True))


def _alternating(first: list[str], second: tuple[str, ...]) -> tuple[str, ...]:
    pairs = chain.from_iterable(zip_longest(first, second))
    return distinct_terms([word for word in pairs if word is not None])[:N_KEYWORDS]
