"""Logs whose last messages are a few fixed instructions, with documents in other messages."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semroute import queries
from semroute.artifact.contents import IndexContents
from semroute.artifact.loading import load_index
from semroute.artifact.serving import seen_requests
from semroute.build import build_index
from semroute.errors import InputError
from semroute.evaluate.frozen import read_frozen_set
from semroute.planning import plan_evals
from semroute.seen import remember
from semroute.texts import Query, query_text, request_chars, told_apart
from tests.build.small import SmallFiles, write_rows, write_small_files
from tests.tiny import TinyEncoder

TEXTS = [f"topic{n % 4}a topic{n % 4}b topic{n % 4}c sum{n} it up in {n} words" for n in range(12)]


def _rows(n: int, seed: int) -> list[dict[str, Any]]:
    """Requests of twelve texts with documents of 100 to 400,000 characters.

    Those of one seed are as long as those of the other nowhere.
    """
    random = np.random.default_rng(seed)
    return [
        {
            "query_id": f"s{seed}-{number:05}",
            "messages": [
                {
                    "role": "system",
                    "content": "x" * (200 * int(random.integers(1, 2_000)) - 100 * seed),
                },
                {"role": "user", "content": TEXTS[number % 12]},
            ],
        }
        for number in range(n)
    ]


def _write(folder: Path, rows: list[dict[str, Any]]) -> SmallFiles:
    files = write_small_files(folder, n_queries=8)
    write_rows(files, rows)
    lines = ["query_id,model,score"]
    for number, row in enumerate(rows):
        lines += [f"{row['query_id']},large,1.0", f"{row['query_id']},small,{number % 4 > 0:d}.0"]
    files.evals.write_text("\n".join(lines) + "\n")
    return files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fixed")
    files = _write(folder, _rows(1_200, 0))
    build_index(files.queries, files.evals, files.config, folder / "i", encoder=TinyEncoder())
    return folder


def test_requests_with_documents_of_their_own_each_count_in_the_promise(folder: Path) -> None:
    manifest = load_index(folder / "i").manifest
    certificate = manifest.certificate
    assert certificate is not None
    assert certificate.n_queries > 400
    assert certificate.n_repeated < 50
    assert certificate.model_shares["small"] == pytest.approx(0.75, abs=0.1)


def test_a_test_set_of_the_same_instructions_with_other_documents_is_no_seen_one(
    folder: Path, tmp_path: Path
) -> None:
    contents, fresh = load_index(folder / "i"), _write(tmp_path, _rows(60, 1))
    assert len(read_frozen_set(fresh.queries, fresh.evals, contents).texts) == 60
    again = _write(tmp_path, _rows(1_200, 0)[:60])
    with pytest.raises(InputError, match=r"has seen 60 of these 60 queries, by the last user mess"):
        read_frozen_set(again.queries, again.evals, contents)


def test_an_index_that_tells_queries_apart_by_text_has_seen_them_all(folder: Path) -> None:
    contents = load_index(folder / "i")
    by_text = contents.manifest.model_copy(update={"told_apart_by": "text"})
    requests = [row["messages"] for row in _rows(60, 1)]
    texts, lengths = list(map(query_text, requests)), list(map(request_chars, requests))
    assert not seen_requests(contents, texts, lengths).seen.any()
    key = contents.manifest.hash_key
    older = IndexContents(**{**vars(contents), "manifest": by_text, "seen": remember(TEXTS, key)})
    assert seen_requests(older, texts, lengths).same.all()


def test_what_tells_requests_apart_is_the_text_unless_there_is_more() -> None:
    text = "Sum this up, please!"
    alone, short, long, longer, noisy = told_apart(
        [text] * 4 + ["sum this up -- PLEASE"], [len(text), len(text) + 99, 520, 620, 521]
    )
    assert (alone, short) == (text, text)
    assert long == noisy
    assert len({alone, long, longer}) == 3
    assert told_apart(["", "???"], [900, 903]) == ["", "???x9"]


def test_a_plan_counts_the_characters_of_each_request_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long log of long chats counting them for every row would take for ever."""
    counted: list[int] = []

    def count(request: Query) -> int:
        counted.append(1)
        return request_chars(request)

    monkeypatch.setattr(queries, "request_chars", count)
    plan_evals(folder / "i", folder / "queries.jsonl", None, 100, encoder=TinyEncoder())
    assert len(counted) == 1_200
