"""Text files in parts: record after record, by the rules of the reader of whole files."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import pandas as pd

from trustsem.errors import DataError
from trustsem.records import Finding
from trustsem.survey.partitions.chunks import Chunk, FileShape
from trustsem.survey.partitions.parts import FilePart
from trustsem.survey.partitions.wanted import Wanted
from trustsem.survey.readers.contract import raise_collected
from trustsem.survey.readers.delimited import SAMPLE_CHARACTERS, blank_line_finding, whole_lines
from trustsem.survey.readers.delimiter import Dialect, find_delimiter
from trustsem.survey.readers.encoding import decode_bytes, marked_encoding
from trustsem.survey.readers.header import Header, read_header
from trustsem.survey.readers.records import Misfit, ragged_fault, stream_records
from trustsem.survey.readers.textfile import damaged_gzip

_LONGEST_MARK = 4  # bytes of a byte-order mark


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a text file is written."""

    encoding: str
    dialect: Dialect
    header: Header


def text_shape(path: Path, format_name: str, encoding: str | None, *, expected: str | None) -> FileShape:
    """Return the columns of a text file, which is one part.

    Raises:
        DataError: no header, or not the text that it should be.
    """
    layout = _layout(path, encoding, expected)
    findings: tuple[Finding, ...] = (*layout.dialect.findings, *layout.header.findings)
    return FileShape(layout.header.names, (FilePart(path, format_name),), findings)


def text_chunks(part: FilePart, columns: Sequence[str], wanted: Wanted, *, expected: str | None) -> Iterator[Chunk]:
    """Yield some columns of a text file, a number of rows at a time.

    Raises:
        DataError: "ragged-rows", "unbalanced-quotes", "invalid-utf8" and others of docs/data-files.md.
    """
    path = part.path
    layout = _layout(path, wanted.encoding, expected)
    width, positions = len(layout.header.names), [layout.header.names.index(name) for name in columns]
    rows: list[list[str]] = []
    lines: list[int] = []
    misfits: list[Misfit] = []
    n_good = n_blank = 0
    has_header = False
    with _opened(path, layout.encoding) as stream:
        for first, last, row in stream_records(stream, layout.dialect, path):
            if not row:
                n_blank += 1
            elif not has_header:
                has_header = True
            elif len(row) != width:
                misfits.append(Misfit(first, last, len(row)))
            else:
                rows.append([row[position] for position in positions])
                lines.append(first)
            if len(rows) + len(misfits) == wanted.chunk_rows:
                yield _chunk(path, columns, rows, lines, misfits, width, n_good)
                n_good += len(rows)
                rows, lines = [], []
    yield _chunk(path, columns, rows, lines, misfits, width, n_good, blank_line_finding(n_blank))


def _chunk(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    misfits: list[Misfit],
    width: int,
    n_good: int,
    findings: tuple[Finding, ...] = (),
) -> Chunk:
    if misfits:
        raise ragged_fault(path, misfits, width, n_good=n_good + len(rows))
    cells = zip(*rows, strict=True) if rows else [()] * len(columns)
    frame = pd.DataFrame(dict(zip(columns, map(_column, cells), strict=True)))
    place = f"{path}, lines {lines[0]:,} to {lines[-1]:,}" if lines else str(path)
    return Chunk(frame, place, is_raw=True, lines=lines, findings=findings)


def _column(cells: Sequence[str]) -> pd.Series:
    return pd.Series(list(cells), dtype=object)


def _layout(path: Path, encoding: str | None, expected: str | None) -> _Layout:
    used = _encoding(path, encoding)
    with _opened(path, used) as stream:
        sample = whole_lines(stream.read(SAMPLE_CHARACTERS + 1))
    dialect = find_delimiter(sample, path, expected)
    with _opened(path, used) as stream:
        first = next((row for _, _, row in stream_records(stream, dialect, path) if row), None)
    if first is None:
        raise DataError(f"{path} holds nothing but blank lines.", code="empty-file", remedy="Export the survey again.")
    header = read_header(first, path)
    raise_collected(path, header.faults)
    return _Layout(used, dialect, header)


def _encoding(path: Path, given: str | None) -> str:
    """Return the encoding that was named, that of a byte-order mark, or UTF-8; the whole file is never looked at."""
    with _bytes_of(path) as stream:
        marked = marked_encoding(stream.read(_LONGEST_MARK))
    if given is None:
        return marked or "utf-8"
    named = decode_bytes(b"", path, given).encoding
    return "utf-8-sig" if named == "utf-8" and marked == "utf-8-sig" else named


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    with _bytes_of(path) as stream:
        try:
            yield io.TextIOWrapper(stream, encoding=encoding, newline="")
        except UnicodeDecodeError as error:
            raise _undecodable(path, encoding) from error


@contextmanager
def _bytes_of(path: Path) -> Iterator[BinaryIO]:
    is_compressed = path.suffix.lower() == ".gz"
    try:
        with gzip.open(path, "rb") if is_compressed else path.open("rb") as stream:
            yield cast(BinaryIO, stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise damaged_gzip(path) from error


def _undecodable(path: Path, encoding: str) -> DataError:
    return DataError(
        f"{path} is not written in {encoding.removesuffix('-sig')}.",
        code="wrong-encoding",
        remedy="Name its encoding (encoding=, --encoding), or save it as UTF-8. Of files that are read in parts the "
        "encoding is not found out: that takes the whole file.",
    )
