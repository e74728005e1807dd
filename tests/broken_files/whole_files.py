"""Files that are not there, not what their name says, or not in a readable encoding."""

import gzip
import io
import zipfile
from typing import Any

from tests.broken_files.case import CANARY, GOOD_QUERIES, BrokenFile, parquet


def _queries(kind: str, name: str, content: Any, match: str, line: int | None = None) -> BrokenFile:
    content = content.encode() if isinstance(content, str) else content
    return BrokenFile(f"queries-{kind}", "queries", name, content, match, line)


def _two_columns_of_one_name() -> bytes:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    buffer = io.BytesIO()
    arrays = [pa.array(["a"]), pa.array(["x"]), pa.array(["y"])]
    write_table(pa.Table.from_arrays(arrays, ["query_id", "text", "text"]), buffer)
    return buffer.getvalue()


def _cut_parquet() -> bytes:
    whole = parquet({"query_id": ["a"], "text": [CANARY]})()
    return whole[: len(whole) // 2]


def _overwritten_parquet() -> bytes:
    whole = parquet({"query_id": [f"q{i}" for i in range(99)], "text": [CANARY] * 99})()
    return whole[:4] + b"\xff" * 400 + whole[404:]


def _zip_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("sheet.xml", CANARY)
    return buffer.getvalue()


_ROW = f'{{"query_id": "a", "text": "{CANARY}"}}'


FILES = (
    _queries("missing", "nowhere.csv", None, "there is no such file; check the path"),
    BrokenFile(
        "queries-folder",
        "queries",
        "folder.csv",
        None,
        "is a folder; give the path",
        is_folder=True,
    ),
    _queries("name-too-long", "x" * 300 + ".csv", None, r"cannot be read \(.+\); check the path"),
    _queries("suffix-txt", "queries.txt", GOOD_QUERIES, r"'\.txt' is not one of \.csv, \.jsonl, "),
    _queries("suffix-json", "queries.json", _ROW, r"\.json' is not .+; convert or rename the file"),
    _queries("suffix-none", "queries", GOOD_QUERIES, "suffix '' is not one of .+; convert or"),
    _queries("suffix-csv-gz", "q.csv.gz", gzip.compress(b"query_id"), r"'\.gz' is not .+; convert"),
    _queries("gzip-as-csv", "q.csv", gzip.compress(b"query_id"), "with gzip; unpack it first"),
    _queries("gzip-as-jsonl", "q.jsonl", gzip.compress(b"{}"), "with gzip; unpack it first"),
    _queries("gzip-as-parquet", "q.parquet", gzip.compress(b"x"), "with gzip; unpack it first"),
    _queries("zstd-as-jsonl", "q.jsonl", b"\x28\xb5\x2f\xfd\x00", "with zstd; unpack it first"),
    _queries("excel-as-csv", "q.csv", _zip_archive, r"an Excel workbook; save it as CSV \(UTF-8\)"),
    _queries(
        "old-excel-as-csv", "q.csv", b"\xd0\xcf\x11\xe0\xa1", "old Excel workbook; save it as"
    ),
    _queries("parquet-as-csv", "q.csv", _cut_parquet, r"Parquet file; rename it to end in \.parq"),
    _queries(
        "csv-as-parquet", "q.parquet", GOOD_QUERIES, r"damaged or cannot be read .+; write it"
    ),
)

ENCODINGS = (
    _queries(
        "latin-1",
        "q.csv",
        "query_id,text\na,plain\nb,caf\xe9\n".encode("latin-1"),
        r"byte 6 of the line is not UTF-8; save it as UTF-8 \(found b'\\xe9'\)",
        3,
    ),
    _queries(
        "half-a-character-at-the-end",
        "q.csv",
        "query_id,text\na,plain\nb,caf\xe9".encode()[:-1],
        "byte 6 of the line is not UTF-8; save it as UTF-8",
        3,
    ),
    _queries(
        "jsonl-not-utf-8",
        "q.jsonl",
        _ROW.encode() + b'\n{"query_id": "b\xff", "text": "x"}\n',
        "byte 16 of the line is not UTF-8; save it as UTF-8",
        2,
    ),
    _queries(
        "utf-16-without-mark",
        "q.csv",
        GOOD_QUERIES.encode("utf-16-le"),
        "holds a NUL byte: the file is damaged or not text; save it as UTF-8",
        1,
    ),
    _queries(
        "utf-16-cut",
        "q.csv",
        GOOD_QUERIES.encode("utf-16")[:-1],
        "is not valid UTF-16-LE; save it as UTF-8",
    ),
    _queries("utf-32", "q.csv", GOOD_QUERIES.encode("utf-32"), "NUL byte.+save it as UTF-8", 1),
    _queries("nul-byte", "q.csv", b"query_id,text\na,b\0c\n", "holds a NUL byte.+save it as", 2),
    _queries("nul-byte-jsonl", "q.jsonl", b'{"query_id": "\0"}', "holds a NUL byte.+save it as", 1),
)


PARQUET = (
    _queries("parquet-cut", "q.parquet", _cut_parquet, "damaged or cannot be read .+; write it"),
    _queries(
        "parquet-overwritten", "q.parquet", _overwritten_parquet, "damaged or cannot be .+; w"
    ),
    _queries("parquet-empty", "q.parquet", b"", "is empty; write one row per record"),
    _queries(
        "parquet-no-rows",
        "q.parquet",
        parquet({"query_id": [], "text": []}),
        "has no rows; write one row per record",
    ),
    _queries(
        "parquet-no-id",
        "q.parquet",
        parquet({"queryid": ["a"], "text": [CANARY]}),
        "'query_id' is missing; .+; rename 'queryid' to query_id",
    ),
    _queries(
        "parquet-two-columns-of-one-name",
        "q.parquet",
        _two_columns_of_one_name,
        "the column 'text' is there twice; rename or remove one of them",
    ),
    _queries(
        "parquet-text-of-bytes",
        "q.parquet",
        parquet({"query_id": ["a"], "text": [CANARY.encode()]}),
        "column text: must be a string, not of type bytes; write it in quotes",
        1,
    ),
    _queries(
        "parquet-null-id",
        "q.parquet",
        parquet({"query_id": ["a", None], "text": [CANARY, CANARY]}),
        "column query_id: is empty; fill it in on every row",
        2,
    ),
)
