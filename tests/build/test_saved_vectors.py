"""Vectors saved beside an index: they come back as they were saved, or not at all."""

import hashlib
import io
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from semroute.build import saved_vectors
from semroute.build.saved_vectors import FOLDER, MOST_KEPT, SavedVectors, n_saved
from semroute.errors import PublishError
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors, unit_rows
from tests.artifact.killing import calls_of, die_at
from tests.tiny import TinyEncoder

PER_FILE = 200
TEXTS = [f"text {number}" for number in range(PER_FILE)]
IDENTITY = TinyEncoder().identity


@pytest.fixture(autouse=True)
def _short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_vectors, "TEXTS_PER_FILE", PER_FILE)


def _saver(
    folder: Path, encoder: TinyEncoder | None = None, texts: Sequence[str] = TEXTS
) -> SavedVectors:
    return SavedVectors(folder, encoder or TinyEncoder(), texts)


def _found(folder: Path, texts: Sequence[str] = TEXTS) -> Vectors | None:
    """Return the vectors of all texts; None if there is none of any."""
    rows = [row for row in _saver(folder, texts=texts).find(texts) if row is not None]
    assert len(rows) in {0, len(texts)}
    return np.array(rows) if rows else None


def _saved(folder: Path) -> tuple[Path, Vectors]:
    vectors = TinyEncoder().encode(TEXTS)
    _saver(folder).save(TEXTS, vectors)
    return next((folder / FOLDER).iterdir()), vectors


def _forged(path: Path, change: Callable[[np.ndarray, np.ndarray], tuple[object, ...]]) -> None:
    """Write what has a right checksum but is not what was asked for."""
    content = io.BytesIO(path.read_bytes()[32:])
    digests, rows = np.load(content), np.load(content)
    buffer = io.BytesIO()
    for array in change(digests, rows):
        np.save(buffer, array, allow_pickle=False)
    checksum = hashlib.blake2b(path.name.encode() + buffer.getvalue(), digest_size=32).digest()
    path.write_bytes(checksum + buffer.getvalue())


def _forged_header(path: Path) -> None:
    """Write a right checksum over a header that no parser of Python text can read."""
    rest = path.read_bytes()[32:].replace(b"{'descr'", b"{('descr'", 1)
    checksum = hashlib.blake2b(path.name.encode() + rest, digest_size=32).digest()
    path.write_bytes(checksum + rest)


def test_vectors_come_back_to_the_last_bit_and_so_do_texts_that_have_none(tmp_path: Path) -> None:
    vectors = TinyEncoder().encode(TEXTS)
    vectors[3] = np.nan
    _saver(tmp_path).save(TEXTS, vectors)
    found = _found(tmp_path)
    assert found is not None
    assert found.tobytes() == vectors.tobytes()


def test_each_text_is_found_by_itself_whatever_log_it_is_in(tmp_path: Path) -> None:
    _, vectors = _saved(tmp_path)
    log = ["a new text", TEXTS[7], "text", TEXTS[0]]
    found = _saver(tmp_path, texts=log).find(log)
    assert found[0] is found[2] is None
    assert np.array_equal([found[1], found[3]], vectors[[7, 0]])


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(path.read_bytes()[32:]),
        lambda path: path.write_bytes(bytes(len(path.read_bytes()))),
        lambda path: _forged(path, lambda digests, rows: (digests, rows[1:])),
        lambda path: _forged(path, lambda digests, rows: (digests[1:], rows)),
        lambda path: _forged(path, lambda digests, rows: (digests[:, :8], rows)),
        lambda path: _forged(path, lambda digests, rows: (digests.astype(np.int64), rows)),
        lambda path: _forged(path, lambda digests, rows: (digests, rows.astype(np.float64))),
        lambda path: _forged(path, lambda digests, rows: (digests, rows.T)),
        lambda path: _forged(path, lambda digests, rows: (digests, 2 * rows)),
        lambda path: _forged(path, lambda digests, rows: (digests, rows - np.inf)),
        lambda path: _forged(path, lambda digests, _: (digests,)),
        _forged_header,
        lambda path: path.rename(path.with_name("elsewhere")),
        lambda path: path.symlink_to(path.rename(path.with_name("elsewhere"))),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: path.chmod(0) if os.getuid() else path.unlink(),
    ],
)
def test_a_file_that_is_not_what_was_saved_is_not_used(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    path, _ = _saved(tmp_path)
    damage(path)
    assert _found(tmp_path) is None


@pytest.mark.parametrize("place", [0, 31, 32, 40, 100, 160, 2000, -1])
def test_a_file_with_one_bit_flipped_is_not_used(tmp_path: Path, place: int) -> None:
    path, _ = _saved(tmp_path)
    content = bytearray(path.read_bytes())
    content[place] ^= 16
    path.write_bytes(content)
    assert _found(tmp_path) is None


def test_a_file_under_the_name_of_another_is_not_used(tmp_path: Path) -> None:
    path, _ = _saved(tmp_path)
    others = [f"{text}!" for text in TEXTS]
    _saver(tmp_path).save(others, unit_rows(np.ones((PER_FILE, IDENTITY.dimension))))
    other = next(p for p in (tmp_path / FOLDER).iterdir() if p != path)
    other.replace(path)
    assert _found(tmp_path) is None


def test_texts_in_another_order_are_found_all_the_same(tmp_path: Path) -> None:
    _, vectors = _saved(tmp_path)
    found = _found(tmp_path, TEXTS[::-1])
    assert found is not None
    assert found.tobytes() == vectors[::-1].tobytes()


def test_another_encoder_or_another_rounding_finds_nothing(tmp_path: Path) -> None:
    _saved(tmp_path)
    others = [
        _saver(tmp_path, TinyEncoder(fingerprint="another")),
        _saver(tmp_path, RoundingEncoder()),
    ]
    assert all(row is None for other in others for row in other.find(TEXTS))


class RoundingEncoder(TinyEncoder):
    """The same encoder where the last bit comes out otherwise, as on another processor."""

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        return np.nextafter(super().encode(texts, advance), np.float32(2))


def test_vectors_of_other_logs_go_once_they_are_many(tmp_path: Path) -> None:
    _saved(tmp_path)
    saver, encoder = _saver(tmp_path), TinyEncoder()
    for number in range(MOST_KEPT):
        assert _found(tmp_path) is not None, "it takes more than that"
        others = [f"{text} of log {number}" for text in TEXTS]
        vectors = encoder.encode(others)
        saver.save(others, vectors)
        saver.forget_others(others, vectors)
    assert _found(tmp_path) is None
    assert _found(tmp_path, others) is not None
    assert n_saved(tmp_path) == len(others)


def test_a_death_while_others_are_forgotten_loses_nothing_of_the_log(tmp_path: Path) -> None:
    counted = tmp_path / "counted"
    counted.mkdir()
    n_calls = len(calls_of(counted, _save_and_forget, counted))
    for number in range(1, n_calls + 1):
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        _saved(folder)
        die_at(number, folder, _save_and_forget, folder)
        assert _found(folder) is not None


def _save_and_forget(folder: Path) -> None:
    saved_vectors.TEXTS_PER_FILE = PER_FILE
    _, vectors = _saved(folder)
    saver = _saver(folder)
    for number in range(MOST_KEPT):
        others = [f"{text} of log {number}" for text in TEXTS]
        saver.save(others, TinyEncoder().encode(others))
    saver.forget_others(TEXTS, vectors)


def test_other_versions_of_the_libraries_start_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _saved(tmp_path)
    monkeypatch.setattr(saved_vectors, "library_versions", lambda: {"onnxruntime": "99"})
    assert _found(tmp_path) is None


def test_another_semroute_starts_afresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _saved(tmp_path)
    monkeypatch.setattr(saved_vectors, "__version__", "99.0.0")
    assert _found(tmp_path) is None


def test_a_folder_that_is_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    _saved(elsewhere)
    (out / FOLDER).symlink_to(elsewhere / FOLDER)
    assert _found(out) is None
    _saver(out).save(["other", *TEXTS[1:]], TinyEncoder().encode(TEXTS))
    assert len(list((elsewhere / FOLDER).iterdir())) == 1


def test_a_full_disk_ends_saving_and_gives_back_what_it_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver, vectors = _saver(tmp_path), TinyEncoder().encode(TEXTS)
    saver.save(TEXTS, vectors)
    refused = []

    def refuse(path: Path, content: bytes, *, locked: bool) -> None:
        refused.append(path)
        raise PublishError(path, "No space left on device")

    monkeypatch.setattr(saved_vectors, "replace_file", refuse)
    for first in ("a", "b"):
        saver.save([first, *TEXTS[1:]], vectors)
    assert len(refused) == 1, "it does not try again"
    assert not (tmp_path / FOLDER).exists()


def test_nothing_is_saved_where_the_index_itself_might_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    needed = saved_vectors.FREE_SPACE * 4 * PER_FILE * IDENTITY.dimension
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed - 1))
    _saver(tmp_path).save(TEXTS, TinyEncoder().encode(TEXTS))
    assert not (tmp_path / FOLDER).exists()


def _save_one(folder: Path) -> None:
    saved_vectors.TEXTS_PER_FILE = PER_FILE
    _saved(folder)


def test_a_death_at_any_moment_of_saving_leaves_a_whole_file_or_none(tmp_path: Path) -> None:
    counted = tmp_path / "counted"
    counted.mkdir()
    n_calls = len(calls_of(counted, _save_one, counted))
    vectors, found = TinyEncoder().encode(TEXTS), []
    for number in range(1, n_calls + 1):
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        assert die_at(number, folder, _save_one, folder) == -signal.SIGKILL
        left = _found(folder)
        found.append(left is not None)
        assert left is None or left.tobytes() == vectors.tobytes()
        path, _ = _saved(folder)
        assert [path] == list((folder / FOLDER).iterdir()), "the next save clears up"
    assert found == sorted(found)
    assert set(found) == {False, True}
