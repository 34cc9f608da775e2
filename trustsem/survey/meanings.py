"""What the distinct cells of a column mean under a codebook, and how that is logged or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trustsem.instruments import Codebook, MissingIndex, canonical_cell, number_text
from trustsem.survey.scored import LogAction, LogEntry

EMPTY = "empty"
_SHOWN_CODES = 6
_SHOWN_ROWS = 3
_LARGEST_SHOWN_CODE = 9999  # beyond this a number may be a respondent's datum, not a code


@dataclass(frozen=True, slots=True, eq=False)
class ScoredColumn:
    """One column after the codebook; with faults its values must not be used."""

    values: np.ndarray  # (n_rows,) float64 with NaN, or object with text and NaN
    log: tuple[LogEntry, ...]
    faults: tuple[ColumnFault, ...]


@dataclass(frozen=True, slots=True)
class ColumnFault:
    """One kind of fault in a column.

    Args:
        what: Column, number of cells and what they hold, without a full stop.
        advice: What was declared, as a sentence.
        rows: Positions of the first few rows in the table that was given, from 0.
        count: Cells with this fault.
    """

    what: str
    advice: str
    rows: tuple[int, ...]
    count: int

    def text(self, lines: Sequence[int] | None) -> str:
        """Return the fault with its first lines in the file, or its first rows where `lines` is None."""
        noun = "row" if lines is None else "line"
        places = [str(row + 1 if lines is None else lines[row]) for row in self.rows]
        listed = f"{', '.join(places[:-1])} and {places[-1]}" if len(places) > 1 else places[0]
        first = "first in" if self.count > len(places) else "in"
        return f"{self.what}, {first} {noun}{'s' if len(places) > 1 else ''} {listed}. {self.advice}"


@dataclass(frozen=True, slots=True, eq=False)
class DistinctCells:
    """The distinct cells of a column; the last one is the empty cell.

    Args:
        codes: For each row the position of its cell, (n_rows,).
        originals: The cells as they stand.
        counts: Rows of each cell.
    """

    codes: np.ndarray
    originals: list[object]
    counts: np.ndarray


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one distinct cell means: exactly one of value, reason and fault is set.

    Args:
        value: Number or category.
        reason: Kind of missing.
        fault: What is wrong with the cell, as it reads after "3 cells hold".
        detail: For a missing cell, the code and what it means.
        was_label: Whether the answer was given as a label instead of a number or value.
        code: The offending code when it may be shown.
    """

    value: float | str | None = None
    reason: str | None = None
    fault: str | None = None
    detail: str = ""
    was_label: bool = False
    code: float | None = None


def distinct_cells(column: pd.Series) -> DistinctCells:
    """Return the distinct cells of a column, so that each is interpreted once."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    codes, uniques = pd.factorize(column, use_na_sentinel=True)
    originals: list[object] = [*uniques.tolist(), None]
    codes = np.where(codes < 0, len(originals) - 1, codes)
    return DistinctCells(codes, originals, np.bincount(codes, minlength=len(originals)))


def missing_meaning(cell: str, index: MissingIndex) -> Meaning | None:
    """Return the meaning of a missing cell; None when the cell is no missing code. Empty cells are always missing."""
    code = index.find(cell)
    if code is not None:
        shown = "empty cell" if cell == "" else code.pattern or code.code or ""
        return Meaning(reason=code.reason, detail=f"{shown}: {code.label.text('en')}")
    return Meaning(reason=EMPTY, detail="empty cell") if cell == "" else None


def missing_log(name: str, meanings: Sequence[Meaning], counts: np.ndarray) -> Iterator[LogEntry]:
    """Yield one entry for each missing code that occurs."""
    totals: dict[tuple[str, str], int] = {}
    for meaning, count in zip(meanings, counts, strict=True):
        if meaning.reason is not None and count:
            key = (meaning.reason, meaning.detail)
            totals[key] = totals.get(key, 0) + int(count)
    for (reason, detail), count in totals.items():
        yield LogEntry(name, LogAction.MISSING, count, detail, reason)


def label_count(meanings: Sequence[Meaning], counts: np.ndarray) -> int:
    """Return the number of cells that held a label."""
    return sum(int(count) for meaning, count in zip(meanings, counts, strict=True) if meaning.was_label)


def number_log(name: str, column: pd.Series, count: int) -> Iterator[LogEntry]:
    """Yield the entry on digits of a text column that became numbers."""
    if count and not pd.api.types.is_numeric_dtype(column.dtype):
        yield LogEntry(name, LogAction.TEXT_TO_NUMBER, count, "digits became numbers")


def column_faults(
    column: pd.Series,
    name: str,
    meanings: Mapping[int, Meaning],
    cells: DistinctCells,
    codebook: Codebook,
) -> Iterator[ColumnFault]:
    """Yield each kind of fault in a column: counts, and codes where they are codes, never texts.

    Args:
        column: The column; its index says where the rows stood in the table that was given.
        name: Of the variable.
        meanings: By position in `cells`.
        cells: The column's distinct cells.
        codebook: What is declared.
    """
    kinds: dict[str, list[int]] = {}
    for position, meaning in meanings.items():
        if meaning.fault is not None and cells.counts[position]:
            kinds.setdefault(meaning.fault, []).append(position)
    for fault, positions in kinds.items():
        rows = np.flatnonzero(np.isin(cells.codes, positions))
        hold = "1 cell holds" if len(rows) == 1 else f"{len(rows)} cells hold"
        what = f"{name}: {hold} {fault}{_shown_codes([meanings[position].code for position in positions])}"
        first = tuple(int(row) for row in column.index[rows[:_SHOWN_ROWS]])
        yield ColumnFault(what, _declared(name, codebook), first, len(rows))


def as_number(cell: str) -> float | None:
    """Return a canonical cell as a finite number, None when it is none."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def canonical_cells(cells: DistinctCells) -> list[str]:
    """Return the distinct cells in the form in which codes are compared."""
    return [canonical_cell(cell) for cell in cells.originals]


def _shown_codes(codes: list[float | None]) -> str:
    numbers = sorted(code for code in codes if code is not None)
    if not numbers or any(code != int(code) or abs(code) > _LARGEST_SHOWN_CODE for code in numbers):
        return ""
    listed = ", ".join(number_text(code) for code in numbers[:_SHOWN_CODES])
    return f" ({listed}{', ...' if len(numbers) > _SHOWN_CODES else ''})"


def _declared(name: str, codebook: Codebook) -> str:
    declared = [code.code or code.pattern for code in codebook.missing if code.applies_to(name)]
    shown = [text for text in declared if text]
    return f"Declared missing: {', '.join(shown)}." if shown else "No missing code is declared."
