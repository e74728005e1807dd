"""Which encoder a build makes, and when it takes the one that an earlier build made."""

from pathlib import Path

import pytest

from semroute.encoders import SentenceTransformerSettings
from semroute.encoders.contract import EncoderOrigin
from semroute.encoders.making import FormerEncoder, MadeEncoder, make_encoder
from tests.encoders import small_models
from tests.encoders.conftest import SAMPLE

OTHERS = [f"{text} in another log" for text in SAMPLE]


def _made(folder: Path, texts: list[str], former: MadeEncoder | None = None) -> MadeEncoder:
    settings = SentenceTransformerSettings(model=str(folder))
    origin = former and former.origin
    again = FormerEncoder(former.files, origin) if former and origin else None
    return make_encoder(settings, texts, 0, 1, "head", again)


@pytest.fixture(scope="module")
def made(bert_folder: Path) -> MadeEncoder:
    return _made(bert_folder, SAMPLE)


def test_another_log_makes_another_int8_encoder(bert_folder: Path, made: MadeEncoder) -> None:
    other = _made(bert_folder, OTHERS)
    assert made.encoder.identity.kind == other.encoder.identity.kind == "onnx-int8"
    assert made.encoder.identity.fingerprint != other.encoder.identity.fingerprint


def test_the_encoder_of_the_version_before_stays_and_is_compared_on_the_new_log(
    bert_folder: Path, made: MadeEncoder
) -> None:
    again = _made(bert_folder, OTHERS, made)
    assert again.encoder.identity == made.encoder.identity
    assert again.files == made.files
    assert again.comparison is not None
    assert set(again.comparison.texts) & set(OTHERS)
    assert again.origin is not None
    assert again.origin.parity == again.comparison.parity()


def test_the_encoder_of_another_model_is_not_taken(made: MadeEncoder, tmp_path: Path) -> None:
    other = small_models.modern_bert(tmp_path / "other")
    again = _made(other, SAMPLE, made)
    assert again.encoder.identity.fingerprint != made.encoder.identity.fingerprint
    assert isinstance(again.origin, EncoderOrigin)
    assert made.origin is not None
    assert again.origin.original.fingerprint != made.origin.original.fingerprint
