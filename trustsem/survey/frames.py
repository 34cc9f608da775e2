"""Access to data frames with exact types: pandas' own annotations leave open what a selection returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

MANY_GROUPS = 50  # more different values are no grouping of respondents


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return one column; names are unique wherever this is called."""
    return cast(pd.Series, frame[name])


def columns_of(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return some columns in the order of `names`."""
    return cast(pd.DataFrame, frame[list(names)])


def rows_of(frame: pd.DataFrame, keep: np.ndarray) -> pd.DataFrame:
    """Return the rows that a mask keeps, with their index."""
    return cast(pd.DataFrame, frame.loc[keep])


def holds_text(column: pd.Series) -> bool:
    """Return whether a column may hold text: object or string dtype."""
    return pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)


def missing_in(column: pd.Series) -> np.ndarray:
    """Return which cells of a column are missing, (n_rows,) bool."""
    return np.asarray(pd.isna(column), dtype=bool)


def group_name(value: object) -> str:
    """Return the label of a group: whole numbers without a decimal point."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
