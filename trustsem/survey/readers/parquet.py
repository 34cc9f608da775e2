"""Read Parquet files."""

from __future__ import annotations

from pathlib import Path

from trustsem.errors import DataError
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import Parsed, ReadOptions, raise_collected
from trustsem.survey.readers.header import read_header
from trustsem.survey.readers.packages import import_package
from trustsem.survey.readers.typed import settle_columns

_INDEX_PREFIX = "__index_level_"


def read_parquet(path: Path, options: ReadOptions) -> Parsed:  # noqa: ARG001  (one signature for all readers)
    """Read a Parquet file, every stored column as a column.

    Raises:
        DataError: "broken-file", "duplicate-columns", "unsupported-cells".
    """
    import pandas as pd

    pa = import_package("pyarrow", purpose="Parquet files")
    parquet = import_package("pyarrow.parquet", purpose="Parquet files")
    try:
        with parquet.ParquetFile(path) as stored:
            # The header comes first: pandas cannot hold two columns of one name.
            header = read_header(stored.schema_arrow.names, path)
            raise_collected(path, header.faults)
            table = stored.read()
        # Nullable integers on the way: plain ones turn to floats at a gap and lose digits of long identifiers.
        nullable = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.int32(): pd.Int32Dtype()}
        read = table.rename_columns(list(header.names)).to_pandas(types_mapper=nullable.get, ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise broken_parquet(path, error) from error
    frame, settled = settle_columns(read, path)
    return Parsed(frame, None, (*header.findings, *index_finding(header.names), *settled))


def index_finding(names: tuple[str, ...]) -> tuple[Finding, ...]:
    """Return what to know of a data frame's index that was stored with it."""
    count = sum(name.startswith(_INDEX_PREFIX) for name in names)
    if not count:
        return ()
    text = f"The index of the saved data frame was kept as {count_of(count, 'column')} under the stored names."
    return (Finding("index-columns", Severity.INFO, text),)


def broken_parquet(path: Path, error: Exception) -> DataError:
    """Return the error for a file that Arrow cannot read: only its kind, since its text may quote a cell."""
    return DataError(
        f"{path} is a Parquet file that cannot be read ({type(error).__name__}).",
        code="broken-file",
        remedy="The file may be cut off or damaged: copy or write it again.",
    )
