"""No text is embedded twice: builds take up what those before, cut short or not, have embedded."""

import os
import shutil
import signal
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import list_versions, load_index
from semroute.artifact.publishing import publish
from semroute.build import BuildSummary, build_index, pipeline, saved_vectors
from semroute.build.saved_vectors import FOLDER
from semroute.errors import BuildError
from semroute.planning import plan_evals
from semroute.progress import Advance, ignore
from semroute.vectors import Vectors
from tests.artifact.killing import start
from tests.build.small import CONFIG, SmallFiles, write_small_files
from tests.tiny import TinyEncoder

PER_FILE = 200
N_QUERIES = 4 * PER_FILE
N_BEFORE_DEATH = 2 * PER_FILE + 50
KEPT = 2 * PER_FILE
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
def _short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_vectors, "TEXTS_PER_FILE", PER_FILE)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_small_files(tmp_path, n_queries=N_QUERIES)


def _build(files: SmallFiles, out: Path, encoder: TinyEncoder | None = None) -> BuildSummary:
    encoder = encoder or TinyEncoder()
    return build_index(files.queries, files.evals, files.config, out, encoder=encoder)


def _build_and_die(files: SmallFiles, out: Path, notes: Path, signal_number: int) -> None:
    saved_vectors.TEXTS_PER_FILE = PER_FILE
    _build(files, out, NotingEncoder(notes, N_BEFORE_DEATH, signal_number))


def _cut_short(files: SmallFiles, out: Path, signal_number: int = signal.SIGKILL) -> set[str]:
    """Kill a build within its third file of vectors; return the texts of the first two."""
    notes = files.queries.with_name(f"killed-{out.name}.txt")
    child = start(_build_and_die, files, out, notes, signal_number)
    child.join(60)
    assert child.exitcode, "it was cut short"
    assert not (out / "CURRENT").exists()
    return set(notes.read_text().splitlines()[:KEPT])


def _index_bytes(out: Path) -> dict[str, bytes]:
    files = [path for path in out.rglob("*") if path.is_file() and path.name != ".lock"]
    found = [path for path in files if path.parent.name != FOLDER]
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
    assert summary.n_reused == KEPT
    assert _build(files, whole).n_reused == 0
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
    told = "embedded texts are kept, and the same command takes up those it needs"
    with pytest.raises(KeyboardInterrupt, match=f"^nothing was published; {KEPT} {told}$"):
        _build(files, out, InterruptedEncoder())
    _build(files, out)
    others = write_small_files(tmp_path, n_queries=N_QUERIES, seed=1)
    left = rf"^what was published stays as it was; {N_QUERIES + KEPT:,} {told}$"
    with pytest.raises(KeyboardInterrupt, match=left):
        _build(others, out, InterruptedEncoder())


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
    assert before[-1] == f"{KEPT} of {N_QUERIES} texts are embedded already"


def test_a_log_that_has_grown_embeds_only_what_is_new(files: SmallFiles, tmp_path: Path) -> None:
    out, notes = tmp_path / "out", tmp_path / "notes.txt"
    _build(files, out)
    grown = write_small_files(tmp_path, n_queries=N_QUERIES + 3)
    rng, former = np.random.default_rng(0), N_QUERIES
    lines = grown.queries.read_text().splitlines()
    grown.queries.write_text("\n".join(rng.permutation(lines)) + "\n")
    assert _build(grown, out, NotingEncoder(notes)).n_reused == former
    embedded = sorted(text.split()[-1] for text in notes.read_text().splitlines())
    assert embedded == [f"detail{former + number}" for number in range(3)]


def test_an_index_of_vectors_taken_up_is_that_of_vectors_made_anew(
    files: SmallFiles, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for out in (first, second):
        _build(files, out)
    shutil.rmtree(second / FOLDER)
    summaries = [_build(files, out) for out in (first, second)]
    assert [summary.n_reused for summary in summaries] == [N_QUERIES, 0]
    assert _index_bytes(first) == _index_bytes(second)


def test_a_plan_for_the_same_log_embeds_nothing(files: SmallFiles, tmp_path: Path) -> None:
    out, notes = tmp_path / "out", tmp_path / "notes.txt"
    _build(files, out)
    known = plan_evals(out, files.queries, files.evals, 20, encoder=NotingEncoder(notes))
    assert not notes.read_text()
    shutil.rmtree(out / FOLDER)
    assert known == plan_evals(out, files.queries, files.evals, 20, encoder=NotingEncoder(notes))
    assert len(notes.read_text().splitlines()) == N_QUERIES


def test_files_of_vectors_hold_no_text_and_only_their_owner_reads_them(
    files: SmallFiles, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _cut_short(files, out)
    saved = list((out / FOLDER).iterdir())
    assert not any(b"topic" in path.read_bytes() for path in saved)
    assert {path.stat().st_mode & 0o777 for path in saved} == {0o600}
    assert (out / FOLDER).stat().st_mode & 0o777 == 0o700


def test_the_live_index_serves_and_verifies_beside_vectors(
    files: SmallFiles, tmp_path: Path
) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    version = _build(files, out).index_version
    _cut_short(files, other)
    shutil.copytree(other / FOLDER, out / FOLDER, dirs_exist_ok=True)
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
    assert _build(files, out, NotingEncoder(notes)).n_reused == N_QUERIES
    assert not notes.read_text()


def test_vectors_of_another_log_are_not_mixed_in(files: SmallFiles, tmp_path: Path) -> None:
    out, whole, there = tmp_path / "out", tmp_path / "whole", tmp_path / "there"
    there.mkdir()
    _cut_short(files, out)
    others = write_small_files(there, n_queries=N_QUERIES, seed=1)
    assert _build(others, out).n_reused == 0
    _build(others, whole)
    assert _index_bytes(out) == _index_bytes(whole)


def test_vectors_of_another_encoder_are_not_used(files: SmallFiles, tmp_path: Path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    _cut_short(files, out)
    other = TinyEncoder(fingerprint="another")
    assert _build(files, out, other).n_reused == 0
    _build(files, whole, other)
    assert _index_bytes(out) == _index_bytes(whole)


def test_a_damaged_file_of_vectors_is_embedded_again(files: SmallFiles, tmp_path: Path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    _cut_short(files, out)
    damaged = min((out / FOLDER).iterdir())
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    assert _build(files, out).n_reused == PER_FILE
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
    assert "what was embedded is not kept for another build" in told[0]
    assert list_versions(out)


def test_a_disk_that_does_not_tell_its_free_space_costs_the_build_nothing(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise OSError("Function not implemented")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    _build(files, tmp_path / "out")
    assert list_versions(tmp_path / "out")


def test_an_interruption_after_publishing_says_that_it_was_published(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(out: Path, contents: IndexContents) -> None:
        publish(out, contents)
        raise KeyboardInterrupt

    _build(files, tmp_path / "out")
    monkeypatch.setattr(pipeline, "publish", stop)
    with pytest.raises(KeyboardInterrupt, match=r"^the index was published before that") as stopped:
        _build(files, tmp_path / "out")
    assert f"version {list_versions(tmp_path / 'out')[-1]} is live" in str(stopped.value)
