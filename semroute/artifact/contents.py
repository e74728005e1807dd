"""What an index holds. `FORMAT_VERSION` goes up when an older semroute would misread it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from semroute.config import Config
from semroute.encoders.contract import EncoderIdentity
from semroute.vectors import Vectors

FORMAT_VERSION = 1

MANIFEST = "manifest.json"
CENTROIDS = "centroids.npy"
CLUSTERS = "clusters.jsonl"
PROBES = "probes.npy"
CALIBRATION = "calibration.npz"
SAMPLES = "samples.jsonl"

REQUIRED_FILES = frozenset({CENTROIDS, CLUSTERS, PROBES, CALIBRATION})
OPTIONAL_FILES = frozenset({SAMPLES})


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelEvidence(_Record):
    """What is known of one model on one cluster; None where nothing was measured.

    Losses are against the frontier model on the same queries (positive: worse). `expected_loss` and
    `loss_upper_bound` are shrunk estimates, the others plain measurements.
    """

    model: str
    n_scored: int
    mean_score: float | None
    n_paired: int
    mean_loss: float | None
    loss_variance: float | None
    mean_cost_usd: float
    expected_loss: float | None
    loss_upper_bound: float | None


class Cluster(_Record):
    """One line of `clusters.jsonl`; its line number from 0 is `cluster_id` and its centroid's row.

    `size` counts the queries of the log nearest to it, `share` is that over the whole log.
    `name` is the analyst's if there is one, else `auto_name`. `override` and `note` are the
    analyst's, `auto_label` and `auto_reason` the policy's.
    """

    cluster_id: int
    cluster_key: str
    name: str
    auto_name: str
    keywords: tuple[str, ...]
    size: int
    share: float
    medoid_query_id: str
    auto_label: str
    auto_reason: str
    override: str | None = None
    note: str = ""
    evidence: tuple[ModelEvidence, ...]

    @property
    def label(self) -> str:
        """The model in force: the analyst's, else the policy's."""
        return self.override or self.auto_label


class FileRecord(_Record):
    """Size and SHA-256 of one file of the index."""

    n_bytes: int
    sha256: str


class OODRecord(_Record):
    """The threshold in force; text less similar than it to every centroid is unknown."""

    threshold: float
    max_false_fallback: float
    n_calibration: int


class Counts(_Record):
    """How many of what the build saw."""

    n_queries: int
    n_duplicate_rows: int
    n_unusable_queries: int
    n_groups: int
    n_fit: int
    n_calibration: int
    n_clusters: int
    n_noise: int
    n_scores: int


class Manifest(_Record):
    """`manifest.json`: everything about an index but its numbers and names.

    `input_sha256` holds the hash of each input file by role (`queries`, `evals`, `config`);
    `hash_key` keys the hashes of texts and is kept from version to version in one folder;
    `certificate` is None until a policy has been certified.
    """

    format_version: int
    index_version: str
    created_at: str
    semroute_version: str
    config: Config
    encoder: EncoderIdentity
    seed: int
    hash_key: str
    library_versions: dict[str, str]
    input_sha256: dict[str, str]
    counts: Counts
    ood: OODRecord
    certificate: dict[str, Any] | None = None
    files: dict[str, FileRecord] = {}


@dataclass(frozen=True)
class Calibration:
    """The held-out queries, without their text: what certifying labels again needs.

    `vectors` is float32 (n, dimension); `scores` and `costs_usd` are float64 (n, n_models), NaN
    where unknown, columns in the order of `models`.
    """

    vectors: Vectors
    scores: NDArray[np.float64]
    costs_usd: NDArray[np.float64]
    models: tuple[str, ...]


class Sample(_Record):
    """Example queries of one cluster, for analysts; the first is the medoid."""

    cluster_id: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class IndexContents:
    """One version of an index in memory.

    `centroids` is float32 (n_clusters, dimension), `probes` float32 (n_probes, dimension): the
    embeddings of `PROBE_TEXTS` at build time. `samples` is empty if they were left out.
    """

    manifest: Manifest
    clusters: tuple[Cluster, ...]
    centroids: Vectors
    probes: Vectors
    calibration: Calibration
    samples: tuple[Sample, ...] = ()
