"""Split delimited text into records of equal length, and report every record that is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from trustsem.errors import DataError
from trustsem.suggestions import count_of
from trustsem.survey.readers.delimiter import Dialect

# The longest line that is read; longer ones mean lost line ends, and parsing them would take gigabytes.
MAX_LINE = 1 << 20
_SHOWN_FAULTS = 5


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a text file.

    Args:
        header: Cells of the first record.
        rows: All other records with as many cells as the header.
        lines: Line in which each row starts; the header is line 1.
        blank_lines: Lines between records that hold nothing at all.
        faults: Errors that make the table unusable, for the caller to raise with those of the header.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    blank_lines: int
    faults: tuple[DataError, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record with the wrong number of fields; lines count from 1, the header is line 1."""

    first_line: int
    last_line: int
    n_fields: int


def parse_records(data: bytes, encoding: str, dialect: Dialect, path: Path) -> Records:
    """Parse the whole file.

    Args:
        data: Bytes that are known to be valid in the encoding.
        encoding: Python's name of it.
        dialect: Delimiter and hint line.
        path: The file, for messages.

    Raises:
        DataError: "empty-file" without a header, "line-too-long"; ragged rows and quotes are returned as faults.
    """
    # A wrapper decodes piece by piece; StringIO would hold four bytes per character.
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    misfits: list[Misfit] = []
    faults: list[DataError] = []
    blanks: list[tuple[int, int]] = []  # rows before it, and its line
    try:
        for start, end, row in stream_records(stream, dialect, path):
            if not row:
                blanks.append((len(rows), start))
            elif not header:
                header = row
            elif len(row) == len(header):
                rows.append(row)
                lines.append(start)
            else:
                misfits.append(Misfit(start, end, len(row)))
    except UnbalancedQuotesError as error:
        faults.append(error)
    if not header and not faults:
        raise DataError(f"{path} holds nothing but blank lines.", code="empty-file", remedy="Export the survey again.")
    if misfits:
        faults.append(ragged_fault(path, misfits, len(header), n_good=len(rows)))
    return _place_blanks(Records(header, rows, lines, len(blanks), tuple(faults)), blanks)


def _place_blanks(records: Records, blanks: list[tuple[int, int]]) -> Records:
    """Keep blank lines as rows where they are rows: inside a table of one column, whose empty cell looks like that."""
    if len(records.header) != 1:
        return records
    inner = [blank for blank in blanks if 0 < blank[0] < len(records.rows)]
    rows, lines = list(records.rows), list(records.lines)
    for place, line in reversed(inner):
        rows.insert(place, [""])
        lines.insert(place, line)
    return Records(records.header, rows, lines, len(blanks) - len(inner), records.faults)


def _bounded_lines(stream: TextIO, path: Path, offset: int) -> Iterator[str]:
    number = offset
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise line_too_long(path, number)
        yield line


def line_too_long(path: Path, number: int) -> DataError:
    """Return the error for a line above the limit."""
    return DataError(
        f"Line {number} of {path} is longer than {MAX_LINE:,} characters.",
        code="line-too-long",
        remedy="The line ends are missing or were replaced; export the survey again.",
    )


class UnbalancedQuotesError(DataError):
    """A record of a text file that has no end: the rest of the file cannot be read."""


def stream_records(stream: TextIO, dialect: Dialect, path: Path) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the records of a text one by one, header and blank lines included.

    Args:
        stream: The text, opened with newline="".
        dialect: Delimiter and hint line.
        path: The file, for messages.

    Returns:
        First line, last line (counted from 1) and cells of each record; no cell for a blank line.

    Raises:
        UnbalancedQuotesError: the quotes of a record do not match.
        DataError: "line-too-long".
    """
    if dialect.has_hint_line:
        stream.readline()
    offset = int(dialect.has_hint_line)
    reader = csv.reader(_bounded_lines(stream, path, offset), delimiter=dialect.delimiter, strict=True)
    line = 0
    try:
        for row in reader:
            start, line = line + 1, reader.line_num
            yield start + offset, line + offset, row
    except csv.Error as error:
        raise _quote_fault(path, line + 1 + offset, error) from None


def _quote_fault(path: Path, line: int, error: csv.Error) -> UnbalancedQuotesError:
    if "field larger" in str(error):
        limit = f"{csv.field_size_limit():,}"
        text = f"The record of {path} that starts in line {line} has a cell of more than {limit} characters."
    else:
        text = f"The quotes in the record of {path} that starts in line {line} do not match; the rest was not read."
    return UnbalancedQuotesError(
        text,
        code="unbalanced-quotes",
        remedy='A cell in quotes must end with a quote, and a quote inside it is written twice ("").',
    )


def ragged_fault(path: Path, misfits: list[Misfit], expected: int, *, n_good: int) -> DataError:
    """Return the error for records that do not have as many fields as the header.

    Args:
        path: The file.
        misfits: Those records.
        expected: Fields of the header.
        n_good: Records that fit.
    """
    shown = [_describe(misfit, expected) for misfit in misfits[:_SHOWN_FAULTS]]
    if len(misfits) > _SHOWN_FAULTS:
        shown.append(f"and {len(misfits) - _SHOWN_FAULTS} more")
    noun = "row has" if len(misfits) == 1 else "rows have"
    return DataError(
        f"{len(misfits)} {noun} another number of fields than the header of {path} ({expected}).",
        code="ragged-rows",
        remedy=_ragged_remedy(misfits, expected, n_good),
        faults=shown,
    )


def _describe(misfit: Misfit, expected: int) -> str:
    fields = count_of(misfit.n_fields, "field")
    if misfit.first_line == misfit.last_line:
        return f"line {misfit.first_line} has {fields}, expected {expected}"
    return f"lines {misfit.first_line}-{misfit.last_line}, joined by a quoted cell, have {fields}, expected {expected}"


def _ragged_remedy(misfits: list[Misfit], expected: int, n_good: int) -> str:
    if n_good == 0 and all(misfit.n_fields == expected + 1 for misfit in misfits):
        return (
            "Every row has one field more than the header: give the first column a name "
            "(in R: write.csv(..., row.names = FALSE)), or remove the delimiter at the end of each row."
        )
    return "Put cells that contain the delimiter or a line end into quotes, and delete notes above or below the table."
