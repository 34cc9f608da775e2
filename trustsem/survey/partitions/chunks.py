"""Pieces of a survey as they come out of a file, a data frame or an array, before anything is summed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from trustsem.errors import DataError
from trustsem.records import Finding
from trustsem.suggestions import count_of
from trustsem.survey.selection import require_unique

if TYPE_CHECKING:
    from trustsem.survey.partitions.parts import FilePart


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some rows.

    Args:
        frame: The columns that are wanted; the index counts rows in the file or frame, from 0.
        place: Where the rows stand, for messages.
        is_raw: The cells stand as in a file: digits may be text, and an empty text is a missing answer.
        lines: Lines of the rows in a text file.
        findings: What was noticed on the way in.
    """

    frame: pd.DataFrame
    place: str
    is_raw: bool
    lines: Sequence[int] | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class FileShape:
    """What a file tells without being read.

    Args:
        columns: Names of its columns.
        parts: What of it is summed in one go, in order.
        findings: What the header gave to note.
    """

    columns: tuple[str, ...]
    parts: tuple[FilePart, ...]
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True, slots=True, eq=False)
class TablePart:
    """A data frame, or an array made one, that was handed in as one of many."""

    frame: pd.DataFrame
    number: int

    def chunks(self, columns: Iterable[str], chunk_rows: int) -> Iterator[Chunk]:
        """Yield some columns, a number of rows at a time."""
        chosen = self.frame[list(columns)]
        for start in range(0, len(chosen), chunk_rows):
            rows = chosen.iloc[start : start + chunk_rows]
            place = f"Part {self.number} of the data, {row_range(start, len(rows))}"
            yield Chunk(rows.set_axis(pd.RangeIndex(start, start + len(rows))), place, is_raw=False)


def table_part(table: object, number: int, names: Sequence[str]) -> TablePart:
    """Return a frame or an array as a part; the columns of an array are the names.

    Raises:
        DataError: something else, an array of another width, or a frame with two columns of one name.
    """
    if isinstance(table, np.ndarray):
        if table.ndim != 2 or table.shape[1] != len(names) or table.dtype.kind not in "fiub":
            raise DataError(
                f"Part {number} of the data is an array of shape {table.shape} and type {table.dtype}; numbers in "
                f"{count_of(len(names), 'column')} are needed, one for each of columns=.",
                remedy="Give arrays of two dimensions with columns=, or data frames.",
                code="not-a-table",
            )
        return TablePart(pd.DataFrame(table, columns=list(names)), number)
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"Part {number} of the data is no DataFrame and no array, but {type(table).__name__}.",
            remedy="Give paths, or an iterable of data frames.",
            code="not-a-table",
        )
    frame = table if all(isinstance(name, str) for name in table.columns) else table.rename(columns=str)
    require_unique(frame)
    return TablePart(frame, number)


def row_range(start: int, count: int) -> str:
    """Return rows as a reader counts them.

    >>> row_range(0, 20)
    'rows 1 to 20'
    """
    return f"rows {start + 1:,} to {start + count:,}"
