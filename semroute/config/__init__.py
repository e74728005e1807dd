"""`semroute.toml`: what the owner decides."""

from semroute.config.reading import read_config
from semroute.config.settings import (
    ClustererSettings,
    Config,
    EncoderSettings,
    ModelPrice,
    Quality,
    Texts,
)

__all__ = [
    "ClustererSettings",
    "Config",
    "EncoderSettings",
    "ModelPrice",
    "Quality",
    "Texts",
    "read_config",
]
