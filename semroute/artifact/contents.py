"""What an index holds.

`FORMAT_VERSION` goes up when an older semroute would misread an index: a file changes its meaning,
a required file or field comes or goes, `PROBE_TEXTS` or the rule of `semroute.split` change.
`OLDEST_FORMAT` goes up with it where this semroute would misread an older one. Format 3 brought
hidden states: behind the embeddings of `probes.npy`, and in the estimator's `wording`; an index of
format 2 has none. Format 4 brought the words of the log: `words.npy` and `max_new_words`; older
indexes ask for none. Format 6 brought the length of
requests: `n_chars` and `usd_per_char` of the estimator, its last text feature, and `told_apart_by`;
in older indexes cost goes by topic alone, and a query is its text. Format 7 brought
`too_long_goes_to`, in older indexes to the frontier, and `templates.npy`, in older indexes none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt

from semroute.certificate import Certificate
from semroute.config import Config
from semroute.encoders.contract import EncoderIdentity, EncoderOrigin
from semroute.estimator import LossEstimator
from semroute.ood import OODRule, SimilarityThreshold
from semroute.policy import LabelReason
from semroute.seen import SeenTexts, no_texts
from semroute.templates import Templates, no_templates
from semroute.vectors import Vectors
from semroute.vocabulary import Words, no_words

FORMAT_VERSION = 8
OLDEST_FORMAT = 2

MANIFEST = "manifest.json"
CENTROIDS = "centroids.npy"
CLUSTERS = "clusters.jsonl"
PROBES = "probes.npy"
CALIBRATION = "calibration.npz"
ESTIMATOR = "estimator.npz"
SAMPLES = "samples.jsonl"
SEEN = "seen.npy"
WORDS = "words.npy"
TEMPLATES = "templates.npy"

REQUIRED_FILES = frozenset({CENTROIDS, CLUSTERS, PROBES, CALIBRATION, ESTIMATOR})
OPTIONAL_FILES = frozenset({SAMPLES, SEEN, WORDS, TEMPLATES})


Share = Annotated[float, Field(ge=0, le=1)]
SHA256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Record(BaseModel):
    # Errors hide inputs: some are queries. Infinities stay, so that publishing refuses them.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        ser_json_inf_nan="constants",
        hide_input_in_errors=True,
    )


class ModelEvidence(_Record):
    """What is known of one model on one cluster; None where nothing was measured.

    Losses are against the frontier model on the same queries (positive: worse). `expected_loss` and
    `loss_upper_bound` are shrunk estimates, the others plain measurements. A bound that is infinite
    is None too: files hold finite numbers only.
    """

    model: str
    n_scored: NonNegativeInt
    mean_score: float | None
    n_paired: NonNegativeInt
    mean_loss: float | None
    loss_variance: NonNegativeFloat | None
    mean_cost_usd: NonNegativeFloat
    expected_loss: float | None
    loss_upper_bound: float | None


class Cluster(_Record):
    """One line of `clusters.jsonl`; its line number from 0 is `cluster_id` and its centroid's row.

    `size` counts the queries of the log nearest to it, `share` is that over the whole log.
    `name` is the analyst's if there is one, else `auto_name`. `override` and `note` are the
    analyst's. The policy decides text by text: `auto_label` is the model that most held-out queries
    of the cluster get, the frontier if none got here; `auto_reason` is why.
    `evidence` has one entry for each model of the config, in its order; of a model that was never
    scored it says just that.
    """

    cluster_id: NonNegativeInt
    cluster_key: Annotated[str, Field(min_length=1)]
    name: str
    auto_name: str
    keywords: tuple[str, ...]
    size: NonNegativeInt
    share: Share
    auto_label: str
    auto_reason: LabelReason
    override: str | None = None
    note: str = ""
    evidence: tuple[ModelEvidence, ...]

    @property
    def label(self) -> str:
        """The model in force: the analyst's, else the policy's."""
        return self.override or self.auto_label

    @property
    def evidence_of_label(self) -> ModelEvidence:
        """What is known of the model in force."""
        return next(known for known in self.evidence if known.model == self.label)


class FileRecord(_Record):
    """Size and SHA-256 of one file of the index."""

    n_bytes: NonNegativeInt
    sha256: SHA256


class OODRecord(_Record):
    """What makes a text unknown, for at most `max_false_fallback` of known traffic.

    It is less similar than `threshold` to every centroid, or a larger share of its words than
    `max_new_words` is in no query of the log; None: words do not count.
    """

    threshold: float
    max_new_words: Share | None = None
    max_false_fallback: Share
    n_calibration: NonNegativeInt

    @property
    def rule(self) -> OODRule:
        """What says by its similarity to the nearest centroid whether a text is known."""
        return SimilarityThreshold(self.threshold)


class Counts(_Record):
    """How many of what the build saw."""

    n_queries: NonNegativeInt
    n_duplicate_rows: NonNegativeInt
    n_unusable_queries: NonNegativeInt
    n_groups: NonNegativeInt
    n_fit: NonNegativeInt
    n_calibration: NonNegativeInt
    n_clusters: NonNegativeInt
    n_noise: NonNegativeInt
    n_scores: NonNegativeInt


class Manifest(_Record):
    """`manifest.json`: everything about an index but its numbers and names.

    `input_sha256` holds the hash of each input file by role (`queries`, `evals`, `config`; further
    files of scores are `evals-2` and so on); `hash_key` keys the hashes of texts and is kept from
    version to version in one folder; `certificate` holds the tolerance in force; None: everything
    goes to the frontier, but for analysts' labels. `index_version`, `created_at` (UTC) and `files`
    are filled in when the index is published; `files` goes by the path in the version's folder,
    either a bare name or `encoder/` and a bare name. `encoder` is the one that made every vector of
    the index and serves it, `encoder_origin` says what it was made from; None: it was given to the
    build. `told_apart_by` says what a query is in its split, its repeats and what it has seen: its
    text, as before format 6, or the whole request, as `semroute.texts.told_apart` has it.
    `too_long_goes_to` says what answers a request that may not fit the context window of the model
    that the policy would choose: the frontier, as before format 7, or the next best that it fits.
    """

    format_version: int
    index_version: str
    created_at: str
    semroute_version: str
    config: Config
    encoder: EncoderIdentity
    encoder_origin: EncoderOrigin | None = None
    seed: int
    hash_key: Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
    told_apart_by: Literal["text", "request"] = "text"
    too_long_goes_to: Literal["frontier", "next_best"] = "frontier"
    library_versions: dict[str, str]
    input_sha256: dict[str, SHA256]
    counts: Counts
    ood: OODRecord
    certificate: Certificate | None = None
    files: dict[str, FileRecord] = {}

    @property
    def tolerance(self) -> float | None:
        """The tolerance in force; None without a certificate too."""
        return self.certificate.tolerance if self.certificate else None


@dataclass(frozen=True)
class Calibration:
    """The held-out queries, without their text: what certifying labels again needs.

    `vectors` is float32 (n, dimension); `scores` and `costs_usd` are float64 (n, n_models), NaN
    where unknown, columns in the order of `models`; costs nobody measured are priced by
    the config. `cluster_ids` (int64) and `similarities`
    (float32) are those of the nearest cluster, the similarity -1 for a text of mostly
    new words and for a request that more than its text decides, such as an image.
    `expected_losses` (NaN where unknown) and `expected_costs_usd` (float64, (n, n_models)) are what
    the estimator says, `n_chars` (int64) the length of the request. `text_ids` (int64) are equal
    for queries that are near duplicates; a certificate looks at queries in their order.
    """

    vectors: Vectors
    scores: NDArray[np.float64]
    costs_usd: NDArray[np.float64]
    cluster_ids: NDArray[np.int64]
    similarities: NDArray[np.float32]
    expected_losses: NDArray[np.float64]
    expected_costs_usd: NDArray[np.float64]
    n_chars: NDArray[np.int64]
    text_ids: NDArray[np.int64]
    models: tuple[str, ...]


class Sample(_Record):
    """Example queries of one cluster, for analysts; the first is the medoid."""

    cluster_id: NonNegativeInt
    texts: tuple[str, ...]


@dataclass(frozen=True)
class IndexContents:
    """One version of an index in memory.

    `centroids` is float32 (n_clusters, dimension), `probes` float32 (n_probes, dimension): the
    embeddings of `PROBE_TEXTS` at build time. `samples` is empty if they were left out. `seen`
    holds keyed hashes of every text of the log, as `semroute.seen` makes them, `words` those of its
    words, as `semroute.vocabulary` does, `templates` those of the passages that its texts share, as
    `semroute.templates` does. `encoder_files` are the files of the encoder by name; empty if it is
    served by its own library.
    """

    manifest: Manifest
    clusters: tuple[Cluster, ...]
    centroids: Vectors
    probes: Vectors
    calibration: Calibration
    estimator: LossEstimator
    samples: tuple[Sample, ...] = ()
    seen: SeenTexts = field(default_factory=no_texts)
    words: Words = field(default_factory=no_words)
    templates: Templates = field(default_factory=no_templates)
    encoder_files: Mapping[str, bytes] = field(default_factory=dict)
