"""Load the bytes of a text file, plain or gzip-compressed, within limits of size and line length."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO

from trustsem.errors import DataError
from trustsem.survey.readers.records import MAX_LINE, line_too_long

# Larger files are no surveys of people; they would take several times their size in memory.
MAX_TEXT_BYTES = 1 << 30


def load_text_bytes(path: Path, *, limit: int = MAX_TEXT_BYTES) -> bytes:
    """Return all bytes of a text file, decompressed when its name ends in .gz.

    Raises:
        DataError: "line-too-long", "file-too-large" or "broken-file".
    """
    is_compressed = path.suffix.lower() == ".gz"
    try:
        # The plain case stays with the ordinary file object; a compressed one is never unpacked beyond the limit.
        with gzip.open(path, "rb") if is_compressed else path.open("rb") as stream:
            data = _read_within(stream, path, limit)  # pyright: ignore[reportArgumentType]  # GzipFile reads like one
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise damaged_gzip(path) from error
    if not data:
        raise DataError(f"{path} holds no data when unpacked.", code="empty-file", remedy="Export the survey again.")
    return data


def damaged_gzip(path: Path) -> DataError:
    """Return the error for a compressed file that cannot be unpacked."""
    return DataError(f"{path} is a damaged gzip file.", code="broken-file", remedy="Copy or compress the file again.")


def _read_within(stream: BinaryIO, path: Path, limit: int) -> bytes:
    start = stream.read(MAX_LINE + 1)
    # Looking for a line end first refuses a file without any before the rest of it is in memory.
    if len(start) > MAX_LINE and b"\n" not in start and b"\r" not in start:
        raise line_too_long(path, 1)
    data = start + stream.read(limit + 1 - len(start))
    if len(data) > limit:
        raise DataError(
            f"{path} holds more than {limit:,} bytes of text.",
            code="file-too-large",
            remedy="Keep the columns that the study needs, or save the file as Parquet.",
        )
    return data
