"""Parquet files as plain values, a column at a time."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from semroute.errors import InputError, MissingExtraError


class ParquetTable:
    """A Parquet file that is open.

    Args:
        path: of the file, for errors.
        file: it.

    Raises:
        InputError: it is damaged, or no Parquet file.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        try:
            from pyarrow import ArrowException
            from pyarrow.parquet import ParquetFile
        except ImportError as error:
            raise MissingExtraError("reading Parquet files", "build", "pyarrow") from error
        self._path = path
        self._damage = (ArrowException, OSError, ValueError, OverflowError)
        with self._damage_told():
            self._file = ParquetFile(file, page_checksum_verification=True)
            self.names: list[str] = self._file.schema_arrow.names
            """Of the columns."""

    def rows(self, used: Collection[str] | None) -> Iterator[dict[str, Any]]:
        """Read the rows; a column that is not among `used` is not read, and None.

        Dates and times are ISO 8601 strings. None for `used` reads all columns.

        Raises:
            InputError: the file is damaged, or a column holds what Python has no value for.
        """
        wanted = [name for name in self.names if used is None or name in used]
        with self._damage_told():
            for batch in self._file.iter_batches(1_000, columns=wanted, use_threads=False):
                columns: dict[str, Any] = dict.fromkeys(self.names, [None] * len(batch))
                columns |= {name: self._values(name, batch.column(name)) for name in wanted}
                for values in zip(*columns.values(), strict=True):
                    yield dict(zip(columns, values, strict=True))

    def _values(self, name: str, column: Any) -> list[Any]:
        try:
            values: list[Any] = _plain(column).to_pylist()
        except (ValueError, OverflowError) as error:
            problem = f"holds values of the type {column.type} that cannot be read; write them as"
            problem += " text, or leave the column out"
            raise InputError(problem, path=self._path, column=name) from error
        return values

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except self._damage as error:
            problem = f"the Parquet file is damaged or cannot be read ({type(error).__name__})"
            raise InputError(f"{problem}; write it again", path=self._path) from error


def _plain(column: Any) -> Any:
    """Turn times to text, and durations to what Python holds, to the microsecond."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_duration(kind):
        return column.cast(pa.duration("us"), safe=False)
    is_time = pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind)
    return column.cast(pa.string()) if is_time else column
