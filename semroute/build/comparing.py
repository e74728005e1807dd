"""How many decisions change because the encoder was compiled, and since the version before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from semroute.artifact.contents import IndexContents
from semroute.artifact.difference import Move
from semroute.artifact.serving import (
    AS_KNOWN,
    cleaned_text,
    fitted_requests,
    routing_policy,
    vocabulary,
)
from semroute.build.embed import EmbeddedLog
from semroute.encoders.export import Comparison
from semroute.features import text_features
from semroute.index import CentroidIndex
from semroute.policy import Traffic
from semroute.vectors import Vectors, usable_parts


def with_changed_share(contents: IndexContents, compared: Comparison | None) -> IndexContents:
    """Record the share of compared texts that the encoder's original would send elsewhere."""
    origin = contents.manifest.encoder_origin
    if compared is None or origin is None:
        return contents
    original, compiled = (
        _columns(contents, compared.texts, [len(text) for text in compared.texts], vectors)
        for vectors in (compared.original, compared.compiled)
    )
    changed = origin.model_copy(update={"changed_share": float((original != compiled).mean())})
    manifest = contents.manifest.model_copy(update={"encoder_origin": changed})
    return replace(contents, manifest=manifest)


def moves_since(
    previous: IndexContents | None,
    contents: IndexContents,
    log: EmbeddedLog,
    whole_texts: Mapping[str, str],
) -> tuple[Move, ...] | None:
    """Say how many requests of the log went to another model by the version before.

    The pair of models with most of them comes first; a frontier that is called otherwise now is the
    same. Requests that the version before reads otherwise do not count, as their vectors there are
    not known. None if these are most, or there was no version before.

    Args:
        previous: the version before.
        contents: the version that was built of the log.
        log: as that one reads it.
        whole_texts: by the id of a query, before cleaning.
    """
    alike = () if previous is None else _read_alike(previous, contents, log, whole_texts)
    if previous is None or 2 * len(alike) < len(log.texts):
        return None
    log = log.some(np.array(alike, dtype=np.int64))
    former, frontier = (one.manifest.config.frontier for one in (previous, contents))
    before, now = (_models(one, log) for one in (previous, contents))
    if former not in contents.manifest.config.model_names:
        before = [frontier if model == former else model for model in before]
    pairs = Counter(pair for pair in zip(before, now, strict=True) if pair[0] != pair[1])
    return tuple(Move(*pair, n_requests=n) for pair, n in pairs.most_common())


def _read_alike(
    previous: IndexContents,
    contents: IndexContents,
    log: EmbeddedLog,
    whole_texts: Mapping[str, str],
) -> Sequence[int]:
    """Return the rows of requests of which both versions embed the same, and alike."""
    left, right = (
        (one.manifest.encoder, one.manifest.config.texts) for one in (previous, contents)
    )
    if left != right:
        return ()
    if np.array_equal(previous.templates.passages, contents.templates.passages):
        return range(len(log.texts))
    before = [cleaned_text(previous, whole_texts[query_id]) for query_id in log.query_ids]
    now = zip(log.texts, log.templates, strict=True)
    return [
        row
        for row, (one, looked_at) in enumerate(zip(before, now, strict=True))
        if (one.text, one.template or "") == looked_at
    ]


def _models(contents: IndexContents, log: EmbeddedLog) -> list[str]:
    config = contents.manifest.config
    found = np.full(len(log.texts), config.frontier, dtype=object)
    read = log.some(np.flatnonzero(~log.unread))
    vectors = np.concatenate([read.vectors, read.hidden], axis=1)
    columns = _columns(contents, read.texts, read.n_chars.tolist(), vectors)
    found[~log.unread] = np.array(config.model_names, dtype=object)[columns]
    return found.tolist()


def _columns(
    contents: IndexContents, texts: Sequence[str], n_chars: Sequence[int], vectors: Vectors
) -> NDArray[np.int64]:
    """Return the column of the model each text would get; an unusable vector gets the frontier."""
    policy, estimator = routing_policy(contents), contents.estimator
    columns = np.full(len(texts), policy.frontier, dtype=np.int64)
    dimension = contents.manifest.encoder.dimension
    rows = np.flatnonzero(usable_parts(vectors, dimension))
    usable = [texts[row] for row in rows.tolist()]
    near = CentroidIndex(contents.centroids).search(
        vectors[rows, :dimension], estimator.n_neighbours
    )
    lengths = np.array(n_chars, dtype=np.int64)[rows]
    similarities = _as_known(contents, usable, lengths.tolist(), near.similarities[:, 0])
    features = text_features(usable, lengths.tolist())
    found = estimator.estimate(
        near.cluster_ids, near.similarities, vectors[rows], features, lengths
    )
    traffic = Traffic(
        cluster_ids=near.cluster_ids[:, 0],
        similarities=similarities,
        losses=found.losses,
        costs_usd=found.costs_usd,
        n_chars=lengths,
    )
    columns[rows] = policy.choose(traffic).columns
    return columns


def _as_known(
    contents: IndexContents,
    texts: Sequence[str],
    n_chars: Sequence[int],
    similarities: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Let what is unknown, or known by its text alone, be so whatever its similarity is."""
    words, fitted, known = vocabulary(contents), fitted_requests(contents), similarities.copy()
    is_far = contents.manifest.ood.rule.is_unknown(similarities)
    for row, (text, n) in enumerate(zip(texts, n_chars, strict=True)):
        if not is_far[row] and not words.is_new(text):
            continue
        known[row] = AS_KNOWN if fitted.knows(text, n) else -1
    return known
