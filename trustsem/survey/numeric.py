"""Columns of a data frame as float64: what converts without doubt is converted and said, anything else is a fault."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trustsem.records import Finding, Severity


@dataclass(frozen=True, slots=True, eq=False)
class NumericColumn:
    """A column as numbers.

    Args:
        values: (n_rows,) float64, NaN is missing.
        finding: Said when the column was no plain number column.
        fault: Why the column cannot be used, with counts, never contents; then `values` are all NaN.
    """

    values: np.ndarray
    finding: Finding | None = None
    fault: str | None = None


def to_numbers(column: pd.Series, name: str) -> NumericColumn:
    """Return a column as float64.

    Numbers of any kind are taken as they are. True and False become 1 and 0, ordered categories that are numbers
    become these numbers, digits stored as text become numbers, each with a finding. Everything else is a fault.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _from_categories(column, name)
    if pd.api.types.is_bool_dtype(dtype):
        finding = _finding("bool-column", name, "True and False count as 1 and 0")
        return NumericColumn(_floats(column), finding)
    if pd.api.types.is_complex_dtype(dtype):
        return _refused(column, f"{name} (complex numbers)")
    if pd.api.types.is_numeric_dtype(dtype):
        return NumericColumn(_floats(column))
    if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
        return _from_objects(column, name)
    return _refused(column, f"{name} ({dtype} values)")


def _from_categories(column: pd.Series, name: str) -> NumericColumn:
    categories = column.cat.categories
    if not column.cat.ordered or not pd.api.types.is_numeric_dtype(categories.dtype):
        kind = "ordered categories that are text" if column.cat.ordered else "categories without an order"
        return _refused(column, f"{name} ({len(categories)} {kind})")
    table = np.append(np.asarray(categories, dtype=np.float64), np.nan)  # code -1 is missing
    return NumericColumn(
        table[column.cat.codes.to_numpy()],
        _finding("categorical-column", name, "its ordered categories count as numbers"),
    )


def _from_objects(column: pd.Series, name: str) -> NumericColumn:
    present = column.notna().to_numpy()
    cells = column.to_numpy(dtype=object, na_value=np.nan)[present]
    series = pd.Series([_plain(cell) for cell in cells], dtype=object)
    numbers = np.array(pd.to_numeric(series, errors="coerce"), dtype=np.float64)
    n_text = int(np.isnan(numbers).sum())
    if n_text:
        return _refused(column, f"{name} ({n_text} of {present.size} cells are text)")
    values = np.full(present.size, np.nan)
    values[present] = numbers
    if any(isinstance(cell, str) for cell in cells):
        return NumericColumn(
            values, _finding("text-numbers", name, "its digits are stored as text and count as numbers")
        )
    return NumericColumn(values)


def _plain(cell: object) -> object:
    """Return a cell that pandas can read: Decimal and other number-like objects become float."""
    if isinstance(cell, str):
        return cell
    try:
        return float(cell)  # type: ignore[arg-type]  # what is no number is refused by the caller
    except (TypeError, ValueError):
        return "text"


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _refused(column: pd.Series, fault: str) -> NumericColumn:
    return NumericColumn(np.full(len(column), np.nan), fault=fault)


def _finding(code: str, name: str, what: str) -> Finding:
    return Finding(code, Severity.INFO, f"Column '{name}': {what}.", parameter=name)
