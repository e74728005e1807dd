"""A build that was cut short leaves finished shards of vectors, and the next one takes them up."""

import hashlib
import io
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.loading import list_versions, load_index
from semroute.build import BuildSummary, build_index, shards
from semroute.build.shards import FOLDER, SavedShards
from semroute.errors import BuildError, PublishError
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors, unit_rows
from tests.artifact.killing import calls_of, die_at, start
from tests.build.small import CONFIG, SmallFiles, write_small_files
from tests.tiny import TinyEncoder

PER_SHARD = 200
N_QUERIES = 4 * PER_SHARD
N_BEFORE_DEATH = 2 * PER_SHARD + 50
KEPT = 2 * PER_SHARD
EPOCH = "1750000000"

CANNOT_CLUSTER = f"""{CONFIG.split("[clustering]")[0]}
[clustering]
kind = "hdbscan"
min_cluster_size = 5000
"""


class NotingEncoder(TinyEncoder):
    """Notes each text of a log in a file, and may send itself a signal before one of them."""

    def __init__(
        self,
        notes: Path,
        dies_at: int | None = None,
        signal_number: int = signal.SIGKILL,
        fingerprint: str = "tiny",
    ) -> None:
        super().__init__(fingerprint=fingerprint)
        self._notes, self._dies_at, self._signal = notes, dies_at, signal_number
        self._n_encoded = 0

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        rows = np.empty((len(texts), self.identity.dimension), dtype=np.float32)
        with self._notes.open("a") as notes:
            for row, text in enumerate(texts):
                if self._n_encoded == self._dies_at:
                    os.kill(os.getpid(), self._signal)
                rows[row] = super().encode([text])[0]
                if "detail" in text:  # the probes are not of the log
                    self._n_encoded += 1
                    notes.write(f"{text}\n")
                advance(1)
        return rows


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "TEXTS_PER_SHARD", PER_SHARD)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_small_files(tmp_path, n_queries=N_QUERIES)


def _build(files: SmallFiles, out: Path, encoder: TinyEncoder | None = None) -> BuildSummary:
    encoder = encoder or TinyEncoder()
    return build_index(files.queries, files.evals, files.config, out, encoder=encoder)


def _build_and_die(files: SmallFiles, out: Path, notes: Path, signal_number: int) -> None:
    shards.TEXTS_PER_SHARD = PER_SHARD
    _build(files, out, NotingEncoder(notes, N_BEFORE_DEATH, signal_number))


def _cut_short(files: SmallFiles, out: Path, signal_number: int = signal.SIGKILL) -> set[str]:
    """Kill a build in the middle of its third shard; return the texts of the first two."""
    notes = files.queries.with_name(f"killed-{out.name}.txt")
    child = start(_build_and_die, files, out, notes, signal_number)
    child.join(60)
    assert child.exitcode, "it was cut short"
    assert not (out / "CURRENT").exists()
    return set(notes.read_text().splitlines()[:KEPT])


def _index_bytes(out: Path) -> dict[str, bytes]:
    found = [path for path in out.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(out)): path.read_bytes() for path in found}


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_only_what_a_build_cut_short_did_not_finish_is_embedded_again(
    files: SmallFiles, tmp_path: Path, signal_number: int
) -> None:
    out, whole, notes = tmp_path / "out", tmp_path / "whole", tmp_path / "notes.txt"
    before = _cut_short(files, out, signal_number)
    summary = _build(files, out, NotingEncoder(notes))
    embedded = notes.read_text().splitlines()
    assert len(embedded) == N_QUERIES - KEPT
    assert before.isdisjoint(embedded)
    assert summary.n_resumed == KEPT
    assert _build(files, whole).n_resumed == 0
    assert _index_bytes(out) == _index_bytes(whole), "resumed or not, the index is the same"


class InterruptedEncoder(TinyEncoder):
    """Is interrupted in the middle of a log."""

    n_left = N_BEFORE_DEATH

    def encode(self, texts: Sequence[str], advance: Advance = ignore) -> Vectors:
        self.n_left -= len(texts)
        if self.n_left < 0:
            raise KeyboardInterrupt
        return super().encode(texts, advance)


def test_an_interruption_says_what_is_left_behind(files: SmallFiles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kept = f"up to {KEPT} embedded texts are kept, and the same command takes them up"
    with pytest.raises(KeyboardInterrupt, match=f"^nothing was published; {kept}$"):
        _build(files, out, InterruptedEncoder())
    _build(files, out)
    with pytest.raises(KeyboardInterrupt, match=f"^what was published stays as it was; {kept}$"):
        _build(files, out, InterruptedEncoder())


def test_an_interruption_before_anything_was_saved_promises_nothing(
    files: SmallFiles, tmp_path: Path
) -> None:
    encoder = InterruptedEncoder()
    encoder.n_left = 1
    with pytest.raises(KeyboardInterrupt, match=r"^nothing was published$"):
        _build(files, tmp_path / "out", encoder)


def test_what_is_taken_up_is_told_before_the_rest_is_embedded(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _cut_short(files, out)
    told: list[str] = []

    class Listener:
        def step(self, name: str, total: int | None) -> AbstractContextManager[Advance]:
            told.append(name)
            return nullcontext(ignore)

        def tell(self, sentence: str) -> None:
            told.append(sentence)

    encoder = TinyEncoder()
    build_index(files.queries, None, files.config, out, encoder=encoder, progress=Listener())
    before = told[: told.index("embed")]
    assert before[-1] == f"taking up {KEPT} of {N_QUERIES} embedded texts"


def test_shards_are_gone_once_the_version_is_published(files: SmallFiles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _cut_short(files, out)
    assert len(list((out / FOLDER).iterdir())) == 2
    _build(files, out)
    assert not (out / FOLDER).exists()


def test_shards_hold_no_text_and_only_their_owner_reads_them(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _cut_short(files, out)
    saved = list((out / FOLDER).iterdir())
    assert not any(b"topic" in path.read_bytes() for path in saved)
    assert {path.stat().st_mode & 0o777 for path in saved} == {0o600}
    assert (out / FOLDER).stat().st_mode & 0o777 == 0o700


def test_the_live_index_serves_and_verifies_beside_shards(
    files: SmallFiles, tmp_path: Path
) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    version = _build(files, out).index_version
    _cut_short(files, other)
    shutil.copytree(other / FOLDER, out / FOLDER)
    assert list_versions(out) == [version]
    assert load_index(out).manifest.index_version == version


def test_a_build_that_fails_later_on_leaves_its_vectors_to_the_next(
    files: SmallFiles, tmp_path: Path
) -> None:
    out, notes = tmp_path / "out", tmp_path / "notes.txt"
    files.config.write_text(CANNOT_CLUSTER)
    with pytest.raises(BuildError, match="lower the sizes"):
        _build(files, out)
    files.config.write_text(CONFIG)
    assert _build(files, out, NotingEncoder(notes)).n_resumed == N_QUERIES
    assert not notes.read_text()


def test_a_log_of_one_shard_is_not_saved(files: SmallFiles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shards.TEXTS_PER_SHARD = N_QUERIES
    files.config.write_text(CANNOT_CLUSTER)
    with pytest.raises(BuildError, match="lower the sizes"):
        _build(files, out)
    assert not (out / FOLDER).exists()


def test_shards_of_another_log_are_not_mixed_in(files: SmallFiles, tmp_path: Path) -> None:
    out, whole, there = tmp_path / "out", tmp_path / "whole", tmp_path / "there"
    there.mkdir()
    _cut_short(files, out)
    others = write_small_files(there, n_queries=N_QUERIES, seed=1)
    assert _build(others, out).n_resumed == 0
    _build(others, whole)
    assert _index_bytes(out) == _index_bytes(whole)


def test_shards_of_another_encoder_are_not_used(files: SmallFiles, tmp_path: Path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    _cut_short(files, out)
    other = TinyEncoder(fingerprint="another")
    assert _build(files, out, other).n_resumed == 0
    _build(files, whole, other)
    assert _index_bytes(out) == _index_bytes(whole)


def test_a_damaged_shard_is_embedded_again(files: SmallFiles, tmp_path: Path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    _cut_short(files, out)
    damaged = min((out / FOLDER).iterdir())
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    assert _build(files, out).n_resumed == PER_SHARD
    _build(files, whole)
    assert _index_bytes(out) == _index_bytes(whole)


def test_a_folder_that_cannot_be_written_costs_the_build_nothing_but_resumption(
    files: SmallFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / FOLDER).write_text("in the way")
    _build(files, out)
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1
    assert str(out / FOLDER) in told[0]
    assert "cannot be resumed" in told[0]
    assert list_versions(out)


# From here on, one shard at a time.

TEXTS = [f"text {number}" for number in range(PER_SHARD)]
IDENTITY = TinyEncoder().identity


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

    def refuse(path: Path, content: bytes) -> None:
        refused.append(path)
        raise PublishError(path, "No space left on device")

    monkeypatch.setattr(shards, "write_file", refuse)
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


def test_a_disk_that_does_not_tell_its_free_space_costs_the_build_nothing(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise OSError("Function not implemented")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    _build(files, tmp_path / "out")
    assert list_versions(tmp_path / "out")


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
