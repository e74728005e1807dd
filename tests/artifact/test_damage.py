"""Accidents to the files of an index: every one is refused, naming the file."""

import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.errors import InvalidIndexError
from tests.artifact.indexes import VERSION, all_bytes, publish_at_moment
from tests.tiny import TinyEncoder
from tests.tiny_index import assert_same_contents, tiny_contents

KIB = 1024

Damage = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Mutant:
    """One file of an index with other bytes than were published."""

    name: str
    damage: str
    content: bytes


def other_contents() -> IndexContents:
    """An index of the same shapes, names and models as `tiny_contents(12)`, all else different."""
    contents = tiny_contents(12, n_calibration=100, seed=1, encoder=TinyEncoder(fingerprint="ynit"))
    return replace(
        contents,
        clusters=tuple(c.model_copy(update={"note": "other"}) for c in contents.clusters),
        samples=tuple(s.model_copy(update={"texts": s.texts[::-1]}) for s in contents.samples),
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage") / "clusters"
    publish_at_moment(folder, tiny_contents(12, n_calibration=100))
    (folder / ".lock").unlink()
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other") / "clusters"
    publish_at_moment(folder, other_contents())
    (folder / ".lock").unlink()
    return folder


@pytest.fixture
def folder(published: Path, memory_path: Path) -> Path:
    return Path(shutil.copytree(published, memory_path / "clusters"))


def flip_bit(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


def set_byte(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]


def zero_block(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content)) // (4 * KIB) * 4 * KIB
    size = min(4 * KIB, len(content) - start)
    return content[:start] + bytes(size) + content[start + size :]


def truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def append(content: bytes, rng: random.Random) -> bytes:
    return content + rng.randbytes(rng.randrange(1, 9))


def drop_middle(content: bytes, rng: random.Random) -> bytes:
    first, last = sorted(rng.sample(range(len(content) + 1), 2))
    return content[:first] + content[last:]


def swap_blocks(content: bytes, rng: random.Random) -> bytes:
    first, second = (rng.randrange(len(content)) for _ in range(2))
    swapped = bytearray(content)
    swapped[first : first + 16], swapped[second : second + 16] = (
        content[second : second + 16],
        content[first : first + 16],
    )
    return bytes(swapped)


DAMAGES: tuple[Damage, ...] = (
    *(flip_bit,) * 4,
    *(truncate, set_byte, zero_block, append, drop_middle, swap_blocks),
)


def mutants(published: Path, other: Path, n_random: int, seed: int) -> Iterator[Mutant]:
    rng = random.Random(seed)
    files, others = all_bytes(published), all_bytes(other)
    for name, content in files.items():
        yield Mutant(name, "of another index", others[name])
        for size in range(0, len(content), KIB):
            yield Mutant(name, f"cut at {size}", content[:size])
    for _, name in zip(range(n_random), itertools.cycle(files), strict=False):
        damage = rng.choice(DAMAGES)
        yield Mutant(name, damage.__name__, damage(files[name], rng))


def refuse_all(folder: Path, published: Path, made: Iterator[Mutant]) -> int:
    """Load with each mutant in place; return how many were refused."""
    intact, n_refused = all_bytes(published), 0
    for mutant in made:
        if mutant.content == intact[mutant.name]:
            continue
        (folder / mutant.name).write_bytes(mutant.content)
        with pytest.raises(InvalidIndexError) as caught:
            load_index(folder)
        assert Path(mutant.name).name in str(caught.value), mutant
        assert caught.value.reason, mutant
        (folder / mutant.name).write_bytes(intact[mutant.name])
        n_refused += 1
    assert len(load_index(folder).clusters) == 12
    return n_refused


def test_none_of_two_thousand_damaged_files_is_accepted(
    folder: Path, published: Path, other: Path
) -> None:
    made = mutants(published, other, n_random=2_600, seed=0)
    assert refuse_all(folder, published, made) >= 2_000


@pytest.mark.soak
def test_none_of_ten_thousand_damaged_files_is_accepted(
    folder: Path, published: Path, other: Path
) -> None:
    made = mutants(published, other, n_random=13_000, seed=1)
    assert refuse_all(folder, published, made) >= 10_000


def test_every_bit_of_the_small_files_counts(folder: Path, published: Path) -> None:
    files = all_bytes(published)
    for name in ("CURRENT", f"{VERSION}/manifest.sha256"):
        flips = (
            Mutant(name, f"bit {bit}", flipped(files[name], bit))
            for bit in range(8 * len(files[name]))
        )
        assert refuse_all(folder, published, flips) == 8 * len(files[name])


def flipped(content: bytes, bit: int) -> bytes:
    number = int.from_bytes(content, "little") ^ 1 << bit
    return number.to_bytes(len(content), "little")


def test_no_mixture_of_two_indexes_is_accepted(folder: Path, published: Path, other: Path) -> None:
    files, others = all_bytes(published), all_bytes(other)
    names = [name for name in files if name != "CURRENT"]
    assert all(files[name] != others[name] for name in names)
    for n_taken in range(1, len(names)):
        for taken in itertools.combinations(names, n_taken):
            for name in names:
                (folder / name).write_bytes((others if name in taken else files)[name])
            with pytest.raises(InvalidIndexError, match=VERSION):
                load_index(folder)


@pytest.mark.parametrize("name", ["CURRENT", "manifest.json", "manifest.sha256", "centroids.npy"])
def test_a_file_grown_beyond_all_bounds_is_refused_without_being_read(
    folder: Path, name: str
) -> None:
    path = folder / name if name == "CURRENT" else folder / VERSION / name
    os.truncate(path, 2**40)
    with pytest.raises(InvalidIndexError, match=f"{name}: has 1,099,511,627,776 bytes, at most"):
        load_index(folder)


def test_a_refused_load_leaves_what_was_loaded_before_as_it_was(folder: Path) -> None:
    before, expected = load_index(folder), load_index(folder)
    (folder / VERSION / "samples.jsonl").write_bytes(b"")
    with pytest.raises(InvalidIndexError, match=r"samples\.jsonl: has 0 bytes"):
        load_index(folder)
    assert_same_contents(before, expected)


def test_no_parser_sees_a_damaged_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{VERSION}/samples.jsonl"
    (folder / name).write_bytes(flip_bit((folder / name).read_bytes(), random.Random(0)))
    monkeypatch.setattr("semroute.artifact.loading.parse", None)
    with pytest.raises(InvalidIndexError, match=r"samples\.jsonl: does not have the SHA-256"):
        load_index(folder, samples=False)
