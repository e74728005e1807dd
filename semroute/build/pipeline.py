"""The build, step by step: read, embed, split, cluster, weigh the evidence, label, publish."""

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semroute import __version__
from semroute.artifact.contents import (
    FORMAT_VERSION,
    Counts,
    IndexContents,
    Manifest,
    OODRecord,
)
from semroute.artifact.difference import changed_clusters
from semroute.artifact.loading import current_version
from semroute.artifact.lock import locked
from semroute.artifact.publishing import library_versions, publish
from semroute.build.caveats import build_warnings
from semroute.build.comparing import moves_since, with_changed_share
from semroute.build.describe import describe, sampled
from semroute.build.drift import Drift, find_drifts
from semroute.build.embed import EmbeddedLog, embed_log
from semroute.build.estimate import calibration, learn
from semroute.build.inputs import Inputs, key_of, read_inputs
from semroute.build.previous import (
    carried_over,
    former_encoder,
    of_same_clusters,
    previous_version,
    refuse_lost_labels,
)
from semroute.build.saved_vectors import n_saved
from semroute.build.summary import BuildSummary, summarise
from semroute.build.watch import Watch
from semroute.clusters import Grouping, group, grouped, sample_rows
from semroute.config import Config
from semroute.counted import counted
from semroute.encoders.contract import PROBE_TEXTS, Encoder
from semroute.encoders.cores import available_cores
from semroute.encoders.making import FormerEncoder, MadeEncoder, make_encoder
from semroute.errors import BuildError, InvalidIndexError
from semroute.index import CentroidIndex
from semroute.ood import SimilarityThreshold
from semroute.progress import Progress
from semroute.relabel import certified, with_certificate
from semroute.seen import remember
from semroute.split import group_ids, in_fit
from semroute.templates import Templates, learn_templates
from semroute.texts import keyed_hash
from semroute.vocabulary import Vocabulary, calibrated_vocabulary

logger = logging.getLogger("semroute")

_ABOVE_UNKNOWN = math.nextafter(-1.0, 0.0)
"""The lowest threshold: -1 stands for what no similarity makes known."""


def build_index(
    queries: Path,
    evals: Path | Sequence[Path] | None,
    config: Path,
    out: Path,
    *,
    seed: int = 0,
    samples: bool = True,
    discard_labels: bool = False,
    require_labels: bool = False,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
) -> BuildSummary:
    """Build an index from a query log and publish it as the live version of `out`.

    Args:
        queries: the query log (CSV, JSONL or Parquet).
        evals: scores per query and model, in one or more files; without them every label is the
            frontier model.
        config: `semroute.toml`.
        out: the folder of the index; made if missing. Versions already there are kept.
        seed: of every random choice; the same input and seed give the same index.
        samples: keep example queries (masked) for analysts.
        discard_labels: do not carry the analysts' labels over from the live version.
        require_labels: publish nothing if some of them cannot be carried over.
        progress: shows how the long steps move.
        encoder: used instead of the one the config names.

    Raises:
        InputError: a file cannot be read; nothing was published.
        BuildError: the files were read, but no index can be made of them.
        CheckFailedError: some labels cannot be carried over, and `require_labels` asks for all.
        IndexLockedError: another build is writing into `out`.
        InvalidIndexError: the live version cannot be read, so its labels would be lost.
        PublishError: the operating system refused a write.
    """
    watch = Watch(progress)
    with watch.step("read"):
        inputs = read_inputs(queries, evals, config)
    with locked(out), _interruptions_told(out):
        previous = previous_version(out, discard_labels)
        with watch.step("tell templates apart"):
            key = previous.manifest.hash_key if previous else key_of(inputs)
            templates = learn_templates(inputs.log.texts, key)
            cleaned = [inputs.config.texts.clean(text, templates) for text in inputs.log.texts]
        texts = [one.embedded for one in cleaned if one.text]
        with watch.step("make encoder"):
            former = former_encoder(previous, inputs.config)
            made = MadeEncoder(encoder) if encoder else _made(inputs.config, texts, former, seed)
        log = embed_log(inputs.log, cleaned, inputs.evals, inputs.config, made.encoder, watch, out)
        contents = _contents(log, inputs, made, previous, templates, seed, samples, watch)
        carried = carried_over(previous, contents)
        if require_labels:
            refuse_lost_labels(previous, carried)
        with watch.step("certify"):
            contents = replace(contents, clusters=carried.clusters)
            certificate = certified(contents)
            contents = with_certificate(contents, certificate)
            contents = with_changed_share(contents, made.comparison)
            whole_texts = dict(zip(inputs.log.query_ids, inputs.log.texts, strict=True))
            moves = moves_since(previous, contents, log, whole_texts)
            drifts = _drifts(log, contents)
        with watch.step("publish"):
            contents = publish(out, contents)
    n_shows_more = sum(inputs.log.shows_more)
    warnings = build_warnings(inputs.evals, previous, contents, carried, log, n_shows_more, drifts)
    return summarise(
        out,
        contents,
        certificate,
        carried,
        changed_clusters(previous, contents) if previous else None,
        moves,
        drifts,
        warnings,
        watch.steps,
        log.n_truncated,
        log.n_templated,
        log.n_reused,
    )


@contextmanager
def _interruptions_told(out: Path) -> Iterator[None]:
    """Let an interruption say what it leaves behind."""
    before = _live(out)
    try:
        yield
    except KeyboardInterrupt as stop:
        live = _live(out)
        left = "what was published stays as it was" if live else "nothing was published"
        if live != before:
            left = f"the index was published before that, version {live} is live"
        if n_kept := n_saved(out):
            left += f"; {n_kept:,} embedded texts are kept, "
            left += "and the same command takes up those it needs"
        raise KeyboardInterrupt(left) from stop


def _live(out: Path) -> str | None:
    try:
        return current_version(out)
    except InvalidIndexError:
        return None


def _made(
    config: Config, texts: Sequence[str], former: FormerEncoder | None, seed: int
) -> MadeEncoder:
    workers, cut = available_cores(), config.texts.cut
    return make_encoder(config.encoder, texts, seed, workers, cut, former)


def _contents(
    log: EmbeddedLog,
    inputs: Inputs,
    made: MadeEncoder,
    previous: IndexContents | None,
    templates: Templates,
    seed: int,
    samples: bool,
    watch: Watch,
) -> IndexContents:
    key = templates.key
    # Of requests that more than a text decides nothing is learned: the frontier answers them.
    is_fit, read = in_fit(log.told_apart, seed), np.flatnonzero(~log.unread)
    texts, fit = log.some(read) if log.unread.any() else log, is_fit[read]
    config, sha256 = inputs.config, inputs.sha256["queries"]
    former = of_same_clusters(previous, config, sha256, made.encoder, templates, seed)
    with watch.step("cluster"):
        grouping = _cluster(texts, fit, config, former, key, seed)
    with watch.step("label"):
        clusters = describe(texts, fit, grouping, inputs.config, key)
        examples = sampled(texts, grouping) if samples else ()
        vocabulary = _vocabulary(texts, fit, inputs.config)
        is_unknown = log.unread.copy()
        is_unknown[read] = [vocabulary.is_new(text) for text in texts.texts]
        similarities = np.where(is_unknown[read], np.float32(-1), grouping.similarities)
        ood = _ood(similarities[~fit], vocabulary, inputs.config)
    with watch.step("estimate"):
        learned = learn(log, is_fit & ~log.unread, grouping, inputs.config, seed)
        calibrating = calibration(log, ~is_fit, learned, is_unknown, key)
    with watch.step("remember"):
        seen = remember(texts.told_apart, key, log.some(np.flatnonzero(log.unread)).told_apart)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        index_version="",
        created_at="",
        semroute_version=__version__,
        config=inputs.config,
        encoder=made.encoder.identity,
        encoder_origin=made.origin,
        seed=seed,
        hash_key=key,
        told_apart_by="request",
        too_long_goes_to="next_best",
        library_versions=library_versions(),
        input_sha256=inputs.sha256,
        counts=_counts(log, inputs, int(fit.sum()), int((~is_fit).sum()), grouping),
        ood=ood,
    )
    return IndexContents(
        manifest=manifest,
        clusters=clusters,
        centroids=grouping.centroids,
        probes=made.encoder.encode(PROBE_TEXTS),
        calibration=calibrating,
        estimator=learned.estimator,
        samples=examples,
        seen=seen,
        words=vocabulary.words,
        templates=templates,
        encoder_files=made.files,
    )


def _drifts(log: EmbeddedLog, contents: IndexContents) -> tuple[Drift, ...]:
    config, read = contents.manifest.config, log.some(np.flatnonzero(~log.unread))
    # Copies of a request are scored alike, more often than not: one of them counts.
    read = read.some(np.unique(np.array(read.told_apart, dtype=object), return_index=True)[1])
    frontier = config.frontier_column
    losses = read.scores[:, [frontier]] - read.scores
    losses[:, frontier] = -read.scores[:, frontier]
    nearest = CentroidIndex(contents.centroids).search(read.vectors, 1).cluster_ids[:, 0]
    return find_drifts(losses, nearest, read.asked_at, config.model_names)


def _cluster(
    log: EmbeddedLog,
    fit: NDArray[np.bool_],
    config: Config,
    former: IndexContents | None,
    hash_key: str,
    seed: int,
) -> Grouping:
    """Cluster a sample of the `fit` rows, then assign every row to its nearest centroid.

    `former` is a version whose clusters would be found again.
    """
    hashes = [keyed_hash(hash_key, text) for text in log.texts]
    if former is not None:
        return grouped(log.vectors, former.centroids, hashes, former.manifest.counts.n_noise)
    rows = np.flatnonzero(fit)
    needed = config.clustering.fewest_rows
    if len(rows) < needed:
        raise BuildError(
            f"the log has {counted(len(fit), 'query')}, requests with images and too long ones "
            f"left out, of which {len(rows)} may be clustered (the others are held out), and at "
            f"least {needed} are needed; add queries, or lower the sizes in the [clustering] table"
        )
    rows = rows[sample_rows(len(rows), config.clustering.max_sample, seed)]
    labels = config.clustering.cluster(log.vectors[rows], seed)
    return group(log.vectors, rows, labels, hashes)


def _vocabulary(log: EmbeddedLog, fit: NDArray[np.bool_], config: Config) -> Vocabulary:
    used, held_out = (
        [log.texts[row] for row in np.flatnonzero(rows).tolist()] for rows in (fit, ~fit)
    )
    return calibrated_vocabulary(used, held_out, config.ood.max_false_fallback)


def _ood(similarities: NDArray[np.float32], vocabulary: Vocabulary, config: Config) -> OODRecord:
    """Set the threshold by held-out queries; one of new words counts as similar to nothing."""
    largest = config.ood.max_false_fallback
    rule = SimilarityThreshold.calibrate(similarities, largest)
    return OODRecord(
        threshold=max(rule.threshold, _ABOVE_UNKNOWN),
        max_new_words=vocabulary.max_new_words,
        max_false_fallback=largest,
        n_calibration=len(similarities),
    )


def _counts(
    log: EmbeddedLog, inputs: Inputs, n_fit: int, n_calibration: int, grouping: Grouping
) -> Counts:
    return Counts(
        n_queries=len(log.texts),
        n_duplicate_rows=inputs.log.n_duplicate_rows,
        n_unusable_queries=log.n_unusable,
        n_groups=len(set(group_ids(log.told_apart).tolist())),
        n_fit=n_fit,
        n_calibration=n_calibration,
        n_clusters=len(grouping.centroids),
        n_noise=grouping.n_noise,
        n_scores=inputs.evals.n_scores,
    )
