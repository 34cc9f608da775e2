"""What the distinct cells of a column mean under a codebook, and how that is logged or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trustsem.instruments import Codebook, MissingIndex, canonical_cell, number_text
from trustsem.survey.scored import LogAction, LogEntry

EMPTY = "empty"
_SHOWN_CODES = 6
_LARGEST_SHOWN_CODE = 9999  # beyond this a number may be a respondent's datum, not a code


@dataclass(frozen=True, slots=True, eq=False)
class ScoredColumn:
    """One column after the codebook; with faults its values must not be used."""

    values: np.ndarray  # (n_rows,) float64 with NaN, or object with text and NaN
    log: tuple[LogEntry, ...]
    faults: tuple[str, ...]


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


def column_faults(name: str, meanings: Sequence[Meaning], counts: np.ndarray, codebook: Codebook) -> Iterator[str]:
    """Yield one sentence for each kind of fault in a column: counts, and codes where they are codes, never texts."""
    kinds: dict[str, list[tuple[float | None, int]]] = {}
    for meaning, count in zip(meanings, counts, strict=True):
        if meaning.fault is not None and count:
            kinds.setdefault(meaning.fault, []).append((meaning.code, int(count)))
    for fault, found in kinds.items():
        total = sum(count for _, count in found)
        cells = "1 cell holds" if total == 1 else f"{total} cells hold"
        yield f"{name}: {cells} {fault}{_shown_codes([code for code, _ in found])}.{_declared(name, codebook)}"


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
    return f" Declared missing: {', '.join(shown)}." if shown else " No missing code is declared."
