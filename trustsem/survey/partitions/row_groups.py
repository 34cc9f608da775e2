"""Parquet files in parts: one row group after another, only the columns that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustsem.survey.partitions.chunks import Chunk, FileShape, row_range
from trustsem.survey.partitions.parts import FilePart
from trustsem.survey.partitions.wanted import Wanted
from trustsem.survey.readers.contract import raise_collected
from trustsem.survey.readers.header import read_header
from trustsem.survey.readers.packages import import_package
from trustsem.survey.readers.parquet import broken_parquet, index_finding
from trustsem.survey.readers.typed import settle_columns

if TYPE_CHECKING:
    import pandas as pd

_BUFFER = 1 << 20  # bytes; pages are fetched as they are needed instead of whole row groups


def parquet_shape(path: Path, format_name: str, encoding: str | None) -> FileShape:  # noqa: ARG001  (one signature)
    """Return the columns and row groups of a Parquet file.

    Raises:
        DataError: "broken-file", "duplicate-columns".
    """
    with _opened(path) as stored:
        header = read_header(stored.schema_arrow.names, path)
        raise_collected(path, header.faults)
        sizes = [stored.metadata.row_group(k).num_rows for k in range(stored.metadata.num_row_groups)]
    parts, first = [], 0
    for number, size in enumerate(sizes):
        if size:
            parts.append(FilePart(path, format_name, number, first))
        first += size
    return FileShape(header.names, tuple(parts), (*header.findings, *index_finding(header.names)))


def parquet_chunks(part: FilePart, columns: Sequence[str], wanted: Wanted) -> Iterator[Chunk]:
    """Yield some columns of a row group, a number of rows at a time.

    Raises:
        DataError: "broken-file", "unsupported-cells".
    """
    with _opened(part.path) as stored:
        stored_names = stored.schema_arrow.names
        own = dict(zip(read_header(stored_names, part.path).names, stored_names, strict=True))
        start = part.first_row
        batches = stored.iter_batches(
            wanted.chunk_rows, row_groups=[part.row_group], columns=[own[name] for name in columns], use_threads=False
        )
        for batch in batches:
            frame, findings = _frame(batch, {own[name]: name for name in columns}, part.path, start)
            place = f"{part.path}, {row_range(start, len(frame))}"
            yield Chunk(frame, place, is_raw=True, findings=findings)
            start += len(frame)


def _frame(batch: Any, names: dict[str, str], path: Path, start: int) -> tuple[pd.DataFrame, tuple[Any, ...]]:
    """Return a batch as a frame: numbers as they are, everything else as the reader of whole files has it."""
    import pandas as pd

    pa = import_package("pyarrow", purpose="Parquet files")
    numbers: dict[str, Any] = {}
    others = []
    for field in batch.schema:
        if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
            numbers[names[field.name]] = batch.column(field.name).to_numpy(zero_copy_only=False)
        else:
            others.append(field.name)
    settled, findings = settle_columns(
        batch.select(others).rename_columns([names[name] for name in others]).to_pandas(), path
    )
    columns = {name: numbers.get(name, settled.get(name)) for name in names.values()}
    index = pd.RangeIndex(start, start + batch.num_rows)
    return pd.DataFrame({name: pd.Series(values).set_axis(index) for name, values in columns.items()}), findings


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    pa = import_package("pyarrow", purpose="Parquet files")
    parquet = import_package("pyarrow.parquet", purpose="Parquet files")
    try:
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as stored:
            yield stored
    except (pa.ArrowException, OSError) as error:
        raise broken_parquet(path, error) from error
