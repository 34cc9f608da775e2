"""Columns that no codebook describes: numbers where every cell is one, text otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened
from trustsem.survey.frames import column_of, holds_text, missing_in
from trustsem.survey.scored import LogAction, LogEntry

MISSING_TOKENS = frozenset({"", "NA", "NaN", "nan", "."})
_MOSTLY_NUMERIC = 0.8
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_LONGEST_EXACT = 15  # decimal digits that a float64 holds exactly
_SENTINELS = (
    -9999,
    -999,
    -99,
    -98,
    -97,
    -9,
    -8,
    -7,
    -1,
    7,
    8,
    9,
    66,
    77,
    88,
    97,
    98,
    99,
    777,
    888,
    999,
    998,
    997,
    9999,
)
_LEAST_POSITIVE = min(code for code in _SENTINELS if code > 0)
_SMALL_RANGE = 10
_RARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class PlainColumn:
    """A column as numbers or text; `text_cells` counts the texts that kept a mostly numeric column from being one."""

    values: pd.Series
    log: tuple[LogEntry, ...]
    text_cells: int = 0


def read_plain(column: pd.Series, name: str) -> PlainColumn:
    """Return a column without a codebook: empty cells and NA become missing, digits become numbers."""
    if not holds_text(column):
        empty = int(missing_in(column).sum())
        log = (LogEntry(name, LogAction.MISSING, empty, "empty cell", "empty"),) if empty else ()
        return PlainColumn(column, log)
    codes, uniques = pd.factorize(column)
    cells = [cell.strip() if isinstance(cell, str) else cell for cell in uniques.tolist()]
    counts = np.bincount(codes[codes >= 0], minlength=len(cells))
    absent = np.array([isinstance(cell, str) and cell in MISSING_TOKENS for cell in cells], dtype=bool)
    log = _missing_log(name, cells, counts, absent, int((codes < 0).sum()))
    numbers = [np.nan if gone else _number(cell) for cell, gone in zip(cells, absent, strict=True)]
    if all(number is not None for number in numbers) and _is_quantity(cells):
        table = np.array([*numbers, np.nan], dtype=np.float64)
        turned = int(counts[~absent].sum())
        if turned:
            log.insert(0, LogEntry(name, LogAction.TEXT_TO_NUMBER, turned, "digits became numbers"))
        return PlainColumn(pd.Series(table[codes], index=column.index), tuple(log))
    return _text_column(column, name, codes, cells, counts, absent, numbers, log)


def suspicious_codes(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Return warnings on codes such as -9 or 99 that look like missing answers counted as numbers.

    A code is suspicious when it is rare and lies outside the range of the column's other values, which are whole
    numbers of a small range, or, for negative codes and 999, of any range.
    """
    found: dict[str, list[float]] = {}
    for name in frame.columns:
        column = column_of(frame, name)
        if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            found[str(name)] = codes_among(*np.unique(values[np.isfinite(values)], return_counts=True))
    return code_findings(found)


def code_findings(found: Mapping[str, Sequence[float]]) -> tuple[Finding, ...]:
    """Return the warnings on codes that were found in columns, one for each code."""
    columns_of: dict[float, list[str]] = {}
    for name, codes in found.items():
        for code in codes:
            columns_of.setdefault(code, []).append(name)
    return tuple(
        Finding(
            "possible-missing-code",
            Severity.WARNING,
            f"{code:g} looks like a code for a missing answer in {len(names)} column{'s' * (len(names) > 1)} "
            f"({shortened(names)}) but counts as a number.",
            "Declare it under [[missing]] in a codebook and read the file with that codebook.",
            shortened(names, 3),
        )
        for code, names in sorted(columns_of.items())
    )


def suspicious_codes_in(values: np.ndarray, names: Sequence[str]) -> tuple[Finding, ...]:
    """Return the warnings of `suspicious_codes` for an array (n, p); columns without a candidate cost nothing."""
    listed = np.flatnonzero(((values < 0) | (values >= _LEAST_POSITIVE)).any(axis=0))
    listed = listed[(values[:, listed] == np.round(values[:, listed])).all(axis=0)]
    return suspicious_codes(pd.DataFrame(values[:, listed], columns=[names[index] for index in listed.tolist()]))


def mixed_column_finding(name: str, text_cells: int) -> Finding:
    """Return the warning on a column of numbers that a few texts keep from being numeric."""
    return Finding(
        "mixed-column",
        Severity.WARNING,
        f"Column '{name}' holds numbers and {text_cells} cell{'s' * (text_cells > 1)} of text; it stays text.",
        "Read the file with a codebook that says what the texts mean, or correct the cells.",
        name,
    )


def codes_among(distinct: np.ndarray, counts: np.ndarray) -> list[float]:
    """Return the suspicious codes among the distinct values of a column, ascending, with the cells that hold each."""
    if not distinct.size or not np.array_equal(distinct, np.round(distinct)):
        return []
    is_candidate = np.isin(distinct, _SENTINELS)
    rest = distinct[~is_candidate]
    if rest.size < 2:
        return []
    low, high = _joined_range(rest, distinct[is_candidate])
    found = []
    for code, count in zip(distinct[is_candidate], counts[is_candidate], strict=True):
        beyond_small = high - low <= _SMALL_RANGE and (code > high + 1 or code < low - 1)
        beyond_any = (code < 0 <= low) or (code > 100 and code > 3 * high)
        if count <= _RARE * counts.sum() and (beyond_small or beyond_any):
            found.append(float(code))
    return found


def _joined_range(rest: np.ndarray, candidates: np.ndarray) -> tuple[float, float]:
    """Return the range of the ordinary values, with the candidates that follow on without a gap: 7, 8, 9 of 1..9."""
    low, high = rest[0], rest[-1]
    for code in candidates:
        high = code if high < code <= high + 1 else high
    for code in candidates[::-1]:
        low = code if low - 1 <= code < low else low
    return low, high


def _text_column(
    column: pd.Series,
    name: str,
    codes: np.ndarray,
    cells: list,
    counts: np.ndarray,
    absent: np.ndarray,
    numbers: list,
    log: list[LogEntry],
) -> PlainColumn:
    is_number = np.array([number is not None for number in numbers], dtype=bool) & ~absent
    n_numbers, n_present = int(counts[is_number].sum()), int(counts[~absent].sum())
    if n_present and n_numbers == n_present:
        detail = "leading zeros or more than 15 digits: an identifier, not a quantity"
        log.insert(0, LogEntry(name, LogAction.KEPT_AS_TEXT, n_present, detail))
    table = np.array(
        [*(np.nan if gone else cell for cell, gone in zip(cells, absent, strict=True)), np.nan], dtype=object
    )
    text_cells = n_present - n_numbers
    mixed = text_cells > 0 and n_numbers >= _MOSTLY_NUMERIC * n_present
    return PlainColumn(pd.Series(table[codes], index=column.index), tuple(log), text_cells if mixed else 0)


def _missing_log(name: str, cells: list, counts: np.ndarray, absent: np.ndarray, n_nan: int) -> list[LogEntry]:
    found: dict[str, int] = {"": n_nan}
    for cell, count, gone in zip(cells, counts, absent, strict=True):
        if gone:
            found[cell] = found.get(cell, 0) + int(count)
    return [
        LogEntry(
            name, LogAction.MISSING, n, f"'{token}'" if token else "empty cell", "not_available" if token else "empty"
        )
        for token, n in found.items()
        if n
    ]


def _number(cell: object) -> float | None:
    if isinstance(cell, str) and "_" in cell:  # float() takes "1_000"; nobody writes that in a survey
        return None
    try:
        return float(cell)  # type: ignore[arg-type]  # Decimal and numbers of other libraries are welcome
    except (TypeError, ValueError):
        return None


def _is_quantity(cells: list) -> bool:
    texts = [cell for cell in cells if isinstance(cell, str)]
    return not any((_LEADING_ZERO.match(t) and "." not in t) or _digits(t) > _LONGEST_EXACT for t in texts)


def _digits(text: str) -> int:
    # Fractions of many digits are measurements (weights); only long whole numbers are identifiers.
    return 0 if "." in text or "e" in text.lower() else sum(char.isdigit() for char in text)
