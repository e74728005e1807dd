"""One shard of vectors: it comes back as it was saved, or not at all."""

import hashlib
import io
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from semroute.build import shards
from semroute.build.shards import FOLDER, SavedShards
from semroute.errors import PublishError
from semroute.vectors import Vectors, unit_rows
from tests.artifact.killing import calls_of, die_at
from tests.tiny import TinyEncoder

PER_SHARD = 200
N_QUERIES = 4 * PER_SHARD
TEXTS = [f"text {number}" for number in range(PER_SHARD)]
IDENTITY = TinyEncoder().identity


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "TEXTS_PER_SHARD", PER_SHARD)


def _saver(folder: Path) -> SavedShards:
    return SavedShards(folder, IDENTITY, N_QUERIES)


def _saved(folder: Path) -> tuple[Path, Vectors]:
    vectors = TinyEncoder().encode(TEXTS)
    _saver(folder).save(TEXTS, vectors)
    return next((folder / FOLDER).iterdir()), vectors


def _forged(path: Path, rows: np.ndarray) -> None:
    """Write what has a right checksum but is not what was asked for."""
    buffer = io.BytesIO()
    np.save(buffer, rows, allow_pickle=False)
    digest = hashlib.blake2b(buffer.getvalue(), digest_size=32, key=path.name.encode()).digest()
    path.write_bytes(digest + buffer.getvalue())


def test_a_shard_comes_back_to_the_last_bit_with_texts_that_have_no_vector(tmp_path: Path) -> None:
    vectors = TinyEncoder().encode(TEXTS)
    vectors[3] = np.nan
    _saver(tmp_path).save(TEXTS, vectors)
    found = _saver(tmp_path).load(TEXTS)
    assert found is not None
    assert found.tobytes() == vectors.tobytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, _: path.write_bytes(b""),
        lambda path, _: path.write_bytes(path.read_bytes()[:-1]),
        lambda path, _: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path, _: path.write_bytes(path.read_bytes()[32:]),
        lambda path, _: path.write_bytes(bytes(len(path.read_bytes()))),
        lambda path, rows: _forged(path, rows[1:]),
        lambda path, rows: _forged(path, rows.astype(np.float64)),
        lambda path, rows: _forged(path, rows.T),
        lambda path, rows: _forged(path, 2 * rows),
        lambda path, rows: _forged(path, np.where(rows == rows[0, 0], np.inf, rows)),
        lambda path, _: path.rename(path.with_name("elsewhere")),
        lambda path, _: path.symlink_to(path.rename(path.with_name("elsewhere"))),
        lambda path, _: (path.unlink(), path.mkdir()),
        lambda path, _: (path.unlink(), os.mkfifo(path)),
        lambda path, _: path.chmod(0) if os.getuid() else path.unlink(),
    ],
)
def test_a_shard_that_is_not_what_was_saved_is_not_used(
    tmp_path: Path, damage: Callable[[Path, Vectors], object]
) -> None:
    path, vectors = _saved(tmp_path)
    damage(path, vectors)
    assert _saver(tmp_path).load(TEXTS) is None


@pytest.mark.parametrize("place", [0, 31, 32, 40, 100, 160, -1])
def test_a_shard_with_one_bit_flipped_is_not_used(tmp_path: Path, place: int) -> None:
    path, _ = _saved(tmp_path)
    content = bytearray(path.read_bytes())
    content[place] ^= 16
    path.write_bytes(content)
    assert _saver(tmp_path).load(TEXTS) is None


def test_a_shard_under_the_name_of_another_is_not_used(tmp_path: Path) -> None:
    path, _ = _saved(tmp_path)
    others = [f"{text}!" for text in TEXTS]
    _saver(tmp_path).save(others, unit_rows(np.ones((PER_SHARD, IDENTITY.dimension))))
    other = next(p for p in (tmp_path / FOLDER).iterdir() if p != path)
    other.replace(path)
    assert _saver(tmp_path).load(TEXTS) is None


def test_texts_in_another_order_or_cut_elsewhere_are_another_shard(tmp_path: Path) -> None:
    _saved(tmp_path)
    saver = _saver(tmp_path)
    assert saver.load(TEXTS[::-1]) is None
    assert saver.load(["text ", "0text 1", *TEXTS[2:]]) is None
    assert saver.load(TEXTS) is not None


def test_other_versions_of_the_libraries_start_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _saved(tmp_path)
    monkeypatch.setattr(shards, "library_versions", lambda: {"onnxruntime": "99"})
    assert _saver(tmp_path).load(TEXTS) is None


def test_another_semroute_starts_afresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _saved(tmp_path)
    monkeypatch.setattr(shards, "__version__", "99.0.0")
    assert _saver(tmp_path).load(TEXTS) is None


def test_a_folder_that_is_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    _saved(elsewhere)
    (out / FOLDER).symlink_to(elsewhere / FOLDER)
    assert _saver(out).load(TEXTS) is None
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

    monkeypatch.setattr(shards, "replace_file", refuse)
    for first in ("a", "b"):
        saver.save([first, *TEXTS[1:]], vectors)
    assert len(refused) == 1, "it does not try again"
    assert not (tmp_path / FOLDER).exists()


def test_nothing_is_saved_where_the_index_itself_might_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    needed = shards.FREE_SPACE * 4 * N_QUERIES * IDENTITY.dimension
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed - 1))
    _saver(tmp_path).save(TEXTS, TinyEncoder().encode(TEXTS))
    assert not (tmp_path / FOLDER).exists()


def _save_one(folder: Path) -> None:
    shards.TEXTS_PER_SHARD = PER_SHARD
    _saved(folder)


def test_a_death_at_any_moment_of_saving_leaves_a_whole_shard_or_none(tmp_path: Path) -> None:
    counted = tmp_path / "counted"
    counted.mkdir()
    n_calls = len(calls_of(counted, _save_one, counted))
    vectors, found = TinyEncoder().encode(TEXTS), []
    for number in range(1, n_calls + 1):
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        assert die_at(number, folder, _save_one, folder) == -signal.SIGKILL
        left = _saver(folder).load(TEXTS)
        found.append(left is not None)
        assert left is None or left.tobytes() == vectors.tobytes()
        path, _ = _saved(folder)
        assert [path] == list((folder / FOLDER).iterdir()), "the next save clears up"
    assert found == sorted(found)
    assert set(found) == {False, True}
