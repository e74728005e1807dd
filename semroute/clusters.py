"""From labels to clusters: centroids, members, medoids, and the words and examples people read."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from itertools import count, pairwise
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semroute.clustering.contract import NOISE
from semroute.errors import BuildError, MissingExtraError
from semroute.index import CentroidIndex
from semroute.masks import mask
from semroute.terms import words_of
from semroute.texts import printable
from semroute.vectors import Vectors, unit_rows, usable_rows

Rows = NDArray[np.int64]

FEWEST_MEMBERS_TO_SHOW = 5
"""A smaller cluster shows no example and no word of its own: it could be one person's queries."""

N_KEYWORDS = 8
"""The most words that describe a cluster."""

NO_KEYWORDS = ("other",)
"""Of a cluster that nothing may or can be said of."""

_SAME = 1e-6


@dataclass(frozen=True)
class Grouping:
    """Clusters, and the cluster of every row.

    Ids are canonical: by size, largest first, then by the tie-breaker of the medoid. `centroids` is
    float32 (k, dimension), unit rows; `cluster_ids` int64 (n,) the nearest centroid of every row,
    `similarities` float32 (n,) the cosine to it; `medoids` int64 (k,) the row most similar to each
    centroid. `n_noise` counts the clustered rows that belonged to no cluster.
    """

    centroids: Vectors
    cluster_ids: Rows
    similarities: NDArray[np.float32]
    medoids: Rows
    n_noise: int


def sample_rows(n_rows: int, max_sample: int, seed: int) -> Rows:
    """Choose at most `max_sample` of `n_rows` row numbers, in ascending order."""
    if n_rows <= max_sample:
        return np.arange(n_rows, dtype=np.int64)
    chosen = np.random.default_rng(seed).choice(n_rows, max_sample, replace=False)
    return np.sort(chosen).astype(np.int64)


def group(vectors: Vectors, fit_rows: Rows, labels: Rows, tie_breakers: Sequence[str]) -> Grouping:
    """Form clusters from labels and assign every row to the nearest.

    A centroid is the unit mean of its labelled members. Rows that were noise, or not clustered, go
    to their nearest centroid too. Clusters that are nearest to no row are dropped.

    Args:
        vectors: float32, shape (n, dimension), unit rows.
        fit_rows: the rows of `vectors` that were clustered, shape (m,).
        labels: their labels, shape (m,); `NOISE` belongs to no cluster.
        tie_breakers: one per row of `vectors`; what orders rows and clusters that are otherwise
            equal. Texts do, or their hashes.

    Raises:
        BuildError: every label is noise.
    """
    n_noise = int(np.count_nonzero(labels == NOISE))
    return grouped(vectors, _centroids(vectors[fit_rows], labels), tie_breakers, n_noise)


def grouped(
    vectors: Vectors, centroids: Vectors, tie_breakers: Sequence[str], n_noise: int
) -> Grouping:
    """Assign every row to the nearest of some centroids; the arguments are those of `group`.

    `centroids` is float32, shape (k, dimension), unit rows; `n_noise` is taken as it is.
    """
    # As serving does: by another search a similarity may be a rounded bit above that of its copy.
    found = CentroidIndex(centroids).search(vectors, 1)
    nearest, similarities = found.cluster_ids[:, 0], found.similarities[:, 0]
    won = np.unique(nearest)
    cluster_ids = np.searchsorted(won, nearest)
    members = _members(cluster_ids, len(won))
    medoids = [_medoid(rows, similarities, tie_breakers) for rows in members]
    order = sorted(range(len(won)), key=lambda c: (-len(members[c]), tie_breakers[medoids[c]]))
    return Grouping(
        centroids=centroids[won[order]],
        cluster_ids=np.argsort(order)[cluster_ids],
        similarities=similarities,
        medoids=np.array(medoids, dtype=np.int64)[order],
        n_noise=n_noise,
    )


def _centroids(vectors: Vectors, labels: Rows) -> Vectors:
    clustered = np.flatnonzero(labels != NOISE)
    if not clustered.size:
        raise BuildError(
            f"none of the {len(labels)} queries clustered belongs to a cluster; in the "
            '[clustering] table lower min_cluster_size, or set kind = "kmeans"'
        )
    members = _members(labels[clustered], int(labels.max()) + 1)
    means = [vectors[clustered[rows]].mean(axis=0, dtype=np.float64) for rows in members]
    centroids = unit_rows(np.array(means))
    # Opposite members have no mean direction.
    return np.asarray(centroids[usable_rows(centroids)])


def _members(cluster_ids: Rows, n_clusters: int) -> list[Rows]:
    """List the rows of each cluster, ascending."""
    order = np.argsort(cluster_ids, kind="stable")
    starts = np.searchsorted(cluster_ids[order], np.arange(1, n_clusters))
    return np.split(order, starts)


def _medoid(rows: Rows, similarities: NDArray[np.float32], tie_breakers: Sequence[str]) -> int:
    best = rows[similarities[rows] >= similarities[rows].max() - _SAME]
    return int(min(best, key=lambda row: tie_breakers[row]))


_TOPICAL = frozenset(
    ["amount", "bill", "call", "describe", "detail", "fire", "interest", "move", "name", "system"]
)
"""Words scikit-learn counts as stop words that say what a request is about."""

_CHATTER = frozenset(
    ["did", "does", "doing", "don", "doesn", "didn", "isn", "know", "like", "need", "tell", "want"]
)
"""Words every request uses, which scikit-learn does not list."""

_FEWEST_CLUSTERS = 8
"""From as many on a log shows which of its words are stop words."""
_STOP_WORD_CLUSTERS = 0.5
_STOP_WORD_TEXTS = 0.05
"""A stop word stands in this share of the texts, and two at least, of that share of clusters."""


def keywords(
    texts: Sequence[str], cluster_ids: Rows, n_clusters: int
) -> tuple[tuple[str, ...], ...]:
    """Say what sets each cluster apart, in words of its own texts, most telling first.

    From one to `N_KEYWORDS` for each.

    Class-based TF-IDF: how often a term occurs in the cluster, times the logarithm of 1 + mean
    terms per cluster / occurrences in all. A term counts once per text, so that no single text
    speaks for a cluster, and must occur in two texts unless nothing does. Terms are words and
    pairs of words; secrets are masked before, and what looks like an identifier is left out. Stop
    words are those of English and, for every other language, what half of the clusters say. A
    cluster below `FEWEST_MEMBERS_TO_SHOW` gets only terms that as many texts of the log hold.

    Args:
        texts: n texts.
        cluster_ids: of each text, shape (n,).
        n_clusters: how many clusters there are.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    Source: Grootendorst (2022), BERTopic: neural topic modeling with a class-based TF-IDF
    procedure, arXiv:2203.05794, section 3.3.
    """
    members = [[texts[row] for row in rows] for rows in _members(cluster_ids, n_clusters)]
    chosen = map(distinct_terms, _ranked_terms(members))
    return tuple(
        words or (_plain_words(own) if _may_show(own) else NO_KEYWORDS)
        for words, own in zip(chosen, members, strict=True)
    )


def _may_show(members: Sized) -> bool:
    return len(members) >= FEWEST_MEMBERS_TO_SHOW


def _ranked_terms(members: list[list[str]]) -> list[list[str]]:
    spoken = [[[intern(word) for word in words_of(text)] for text in texts] for texts in members]
    vectoriser = _vectoriser(_shared_words(spoken))
    try:
        counts = vectoriser.fit_transform(spoken)
    except ValueError:  # scikit-learn's way of saying that there is no word at all
        return [[] for _ in members]
    terms = vectoriser.get_feature_names_out()
    in_all = np.asarray(counts.sum(axis=0)).ravel()
    weight = np.log1p(in_all.sum() / len(members) / in_all)
    ranked = []
    for row, texts in enumerate(members):
        own = counts[row]
        columns, n_texts = own.indices, own.data
        if not _may_show(texts):
            shared = in_all[columns] >= FEWEST_MEMBERS_TO_SHOW
            columns, n_texts = columns[shared], n_texts[shared]
        elif (n_texts > 1).any():
            columns, n_texts = columns[n_texts > 1], n_texts[n_texts > 1]
        # Rounded, so that equal scores fall back on the alphabet.
        best = np.lexsort((columns, -(n_texts * weight[columns]).round(9)))[: 8 * N_KEYWORDS]
        ranked.append([str(terms[column]) for column in columns[best]])
    return ranked


def _shared_words(spoken: list[list[list[str]]]) -> frozenset[str]:
    """Return the stop words that the log itself shows: words that tell no cluster from the others.

    Source: `max_df` of scikit-learn's vectorisers, with clusters as documents.
    """
    if len(spoken) < _FEWEST_CLUSTERS:
        return frozenset()
    n_clusters: Counter[str] = Counter()
    for texts in spoken:
        n_texts = Counter(word for said in texts for word in set(said))
        fewest = max(2.0, _STOP_WORD_TEXTS * len(texts))
        n_clusters.update(word for word, n in n_texts.items() if n >= fewest)
    return frozenset(w for w, n in n_clusters.items() if n >= _STOP_WORD_CLUSTERS * len(spoken))


def _vectoriser(shared: frozenset[str]) -> Any:
    try:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
    except ImportError as error:
        raise MissingExtraError("naming clusters", "build", "scikit-learn") from error
    stop_words = (ENGLISH_STOP_WORDS - _TOPICAL) | _CHATTER | shared

    def terms_of_cluster(texts: list[list[str]]) -> Iterator[str]:
        for said in texts:
            words = [w for w in said if w not in stop_words and not w.isnumeric()]
            yield from {*words, *(f"{a} {b}" for a, b in pairwise(words) if a != b)}

    return CountVectorizer(analyzer=terms_of_cluster, dtype=np.int64)


def distinct_terms(terms: Sequence[str]) -> tuple[str, ...]:
    """Leave out terms that say again what a better one says: "orders", "my order" after "order"."""
    kept: list[str] = []
    for term in terms:
        stems = {word[:5] for word in term.split()}
        if not any(stems & {word[:5] for word in other.split()} for other in kept):
            kept.append(term)
    return tuple(kept[:N_KEYWORDS])


def _plain_words(texts: list[str]) -> tuple[str, ...]:
    """Name a cluster without telling words: stop words, numbers, else single symbols."""
    for pieces in (words_of, lambda text: set(printable(mask(text)).replace(" ", ""))):
        counted = Counter(piece for text in texts for piece in set(pieces(text)))
        if counted:
            ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
            return tuple(piece for piece, _ in ranked[:N_KEYWORDS])
    return NO_KEYWORDS


MOST_SHARED = 0.25
"""Of the clusters, for a keyword to tell one from the others; two may share any."""


def readable_name(keywords: Sequence[str]) -> str:
    """Name a cluster by its three most telling keywords.

    >>> readable_name(("refund", "order", "late delivery", "parcel"))
    'refund, order, late delivery'
    """
    return ", ".join(keywords[:3])


def readable_names(keywords: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Name clusters; names that would be equal are numbered in the order of the clusters.

    Keywords that more than `MOST_SHARED` of the clusters have, as the words of a prompt's template,
    are named last.

    >>> readable_names([("refund",), ("parcel",), ("refund",)])
    ('refund', 'parcel', 'refund (2)')
    """
    taken: dict[str, None] = {}
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))
    n_clusters = Counter(word for words in keywords for word in set(words))
    most = max(MOST_SHARED * len(keywords), 2)
    for words in keywords:
        telling_first = sorted(words, key=lambda word: n_clusters[word] > most)
        name = free = readable_name(telling_first)
        while free in taken:
            free = f"{name} ({next(numbers[name])})"
        taken[free] = None
    return tuple(taken)


def examples(
    texts: Sequence[str], grouping: Grouping, n_examples: int = 3
) -> tuple[tuple[str, ...], ...]:
    """Choose texts that show what each cluster holds, masked: the medoid, then ever farther ones.

    They are spread evenly over the distinct texts in order of similarity, the farthest left out
    as likely outliers. Clusters below `FEWEST_MEMBERS_TO_SHOW` give none.

    Args:
        texts: n texts, the rows of `grouping`.
        grouping: of `group`.
        n_examples: the most to give per cluster.
    """
    members = _members(grouping.cluster_ids, len(grouping.centroids))
    return tuple(
        _spread(texts, rows, int(medoid), grouping.similarities, n_examples)
        for rows, medoid in zip(members, grouping.medoids, strict=True)
    )


def _spread(
    texts: Sequence[str],
    rows: Rows,
    medoid: int,
    similarities: NDArray[np.float32],
    n_examples: int,
) -> tuple[str, ...]:
    if not _may_show(rows):
        return ()
    by_similarity = sorted(rows, key=lambda row: (-similarities[row], texts[row]))
    distinct = list(dict.fromkeys([texts[medoid], *(texts[row] for row in by_similarity)]))
    places = np.linspace(0, len(distinct), n_examples, endpoint=False).astype(int)
    return tuple(dict.fromkeys(mask(distinct[place]) for place in places))
