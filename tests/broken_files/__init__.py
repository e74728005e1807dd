"""Input files that must be refused, each with what the error has to say."""

from tests.broken_files.case import (
    CANARY,
    GOOD_CONFIG,
    GOOD_EVALS,
    GOOD_QUERIES,
    BrokenFile,
    InputFiles,
    parquet,
)
from tests.broken_files.configs import CONFIGS
from tests.broken_files.evals import EVALS
from tests.broken_files.query_rows import CSV, JSONL
from tests.broken_files.whole_files import ENCODINGS, FILES, PARQUET

__all__ = [
    "BROKEN_FILES",
    "CANARY",
    "GOOD_CONFIG",
    "GOOD_EVALS",
    "GOOD_QUERIES",
    "BrokenFile",
    "InputFiles",
    "parquet",
]

BROKEN_FILES = (*FILES, *ENCODINGS, *CSV, *JSONL, *PARQUET, *EVALS, *CONFIGS)
