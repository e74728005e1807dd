"""The files a build is made of."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semroute.columns import suggest
from semroute.config import Config, read_config
from semroute.errors import InputError
from semroute.evals import EvalTable, eval_files, no_evals, read_evals
from semroute.queries import QueryLog, read_queries
from semroute.split import content_key
from semroute.tables import sha256_of
from semroute.templates import no_templates

logger = logging.getLogger("semroute")


@dataclass(frozen=True)
class Inputs:
    """The files as read, with the SHA-256 of each by role."""

    log: QueryLog
    evals: EvalTable
    config: Config
    sha256: dict[str, str]


def read_inputs(queries: Path, evals: Path | Sequence[Path] | None, config: Path) -> Inputs:
    """Read the files of a build.

    Raises:
        InputError: a file cannot be read, or scores are of a model called much like the frontier.
    """
    settings = read_config(config)
    log = read_queries(queries)
    names = settings.model_names
    scored = eval_files(evals)
    table = (
        read_evals(scored, log.query_ids, names) if scored else no_evals(len(log.query_ids), names)
    )
    if scored:
        _refuse_another_frontier(scored[0], table, settings.frontier)
    files = {"queries": queries, "config": config}
    files |= {f"evals-{n}" if n > 1 else "evals": path for n, path in enumerate(scored, 1)}
    if log.ignored_columns:
        logger.info("%s: columns not used: %s", queries, ", ".join(log.ignored_columns))
    return Inputs(log, table, settings, {role: sha256_of(path) for role, path in files.items()})


def _refuse_another_frontier(path: Path, evals: EvalTable, frontier: str) -> None:
    """Refuse scores of a model called much like the frontier, where those of it are missing."""
    column = evals.models.index(frontier)
    meant = suggest(frontier, evals.unknown_models)
    if meant and evals.n_scores and np.isnan(evals.scores[:, column]).all():
        raise InputError(
            f"no row is for the frontier model of the config, {frontier!r}, so no cheaper model "
            f"could be defended{meant} Write its name alike in both files",
            path=path,
            column="model",
        )


def key_of(inputs: Inputs) -> str:
    """Return a key of the hashes for a folder without one."""
    cleaned = (inputs.config.texts.clean(text, no_templates()).text for text in inputs.log.texts)
    return content_key([text for text in cleaned if text])
