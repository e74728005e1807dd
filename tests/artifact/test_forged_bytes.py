"""Parsers face bytes made up by someone who signs them: one type of error, or harmless."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from semroute.artifact.loading import load_index
from semroute.errors import InvalidIndexError
from tests.artifact.forging import (
    CALIBRATION,
    CENTROIDS,
    CLUSTERS,
    MANIFEST,
    PROBES,
    SAMPLES,
    rewrite,
    write_manifest,
)
from tests.artifact.indexes import VERSION

PARSED = (CENTROIDS, PROBES, CLUSTERS, SAMPLES, CALIBRATION, MANIFEST)

# The folder is the same for all examples: each puts back what it altered.
ONE_FOLDER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(ONE_FOLDER, max_examples=100)
@given(name=st.sampled_from(PARSED), content=st.binary(max_size=300))
@example(name=CENTROIDS, content=b"\x93NUMPY\x01\x00\x10\x00{'descr':'|O'}   ")
@example(name=CALIBRATION, content=b"PK\x05\x06" + b"\0" * 18)
@example(name=CLUSTERS, content=b'{"a":' * 1000 + b"\n")
def test_arbitrary_bytes_are_refused(folder: Path, name: str, content: bytes) -> None:
    refusal = refusal_of(folder / VERSION, name, content)
    assert refusal is not None or (name == SAMPLES and not content)


@settings(ONE_FOLDER, max_examples=200)
@given(data=st.data(), name=st.sampled_from(PARSED))
def test_altered_bytes_are_refused_or_still_an_index(
    folder: Path, original: Path, data: st.DataObject, name: str
) -> None:
    content = bytearray((original / VERSION / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    refusal = refusal_of(folder / VERSION, name, bytes(content))
    assert refusal is None or (refusal.reason and str(folder) in refusal.path)


def refusal_of(version: Path, name: str, content: bytes) -> InvalidIndexError | None:
    """Sign the bytes, load, and put everything back."""
    before = {file: (version / file).read_bytes() for file in (name, MANIFEST)}
    try:
        if name == MANIFEST:
            write_manifest(version, content)
        else:
            rewrite(version, name, content)
        load_index(version.parent)
    except InvalidIndexError as error:
        return error
    finally:
        (version / name).write_bytes(before[name])
        write_manifest(version, before[MANIFEST])
    return None
