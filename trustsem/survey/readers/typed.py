"""Bring the columns of typed formats to one shape: numbers, text, NaN for an empty cell."""

from __future__ import annotations

import datetime as dt
import decimal
import numbers
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustsem.errors import DataError
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import list_some

if TYPE_CHECKING:
    import pandas as pd

# Floats hold every integer up to here; larger ones (identifiers) must not pass through a float.
_EXACT_INTEGERS = 2**53
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal", "boolean"})


def settle_columns(frame: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the frame with booleans as 1 and 0, dates as ISO text, and plain numbers and text otherwise.

    Integers without a gap stay integers; with a gap they become floats (1 == 1.0), unless a float cannot hold them.

    Raises:
        DataError: "unsupported-cells" when columns hold something else, e.g. lists or raw bytes.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    booleans: list[str] = []
    dates: list[str] = []
    unsupported: list[str] = []
    for name, series in frame.items():
        kind = _kind_of(series)
        try:
            columns[str(name)] = _SETTLE.get(kind, _settle_mixed)(series)
        except TypeError:
            unsupported.append(str(name))
        if kind == "boolean":
            booleans.append(str(name))
        elif kind == "date":
            dates.append(str(name))
    if unsupported:
        raise DataError(
            f"{path} has columns with cells that are no number, text, date or true/false: {list_some(unsupported)}.",
            code="unsupported-cells",
            remedy="Leave these columns out, or write them as numbers or text.",
        )
    settled = pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))
    return settled, (*_booleans_finding(booleans), *_dates_finding(dates))


def _kind_of(series: pd.Series) -> str:
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "mixed"
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return "date"
    if pd.api.types.is_timedelta64_dtype(dtype):
        return "date"
    if pd.api.types.is_numeric_dtype(dtype):
        return "number"
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    if inferred == "string":
        return "text"
    if inferred in {"datetime", "datetime64", "date", "time", "timedelta", "timedelta64"}:
        return "date"
    if inferred == "boolean":
        return "boolean"
    return "number" if inferred in _NUMBERS else "mixed"


def _settle_number(series: pd.Series) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "f":
        return series.to_numpy(dtype=float)
    missing = series.isna().to_numpy()
    if pd.api.types.is_signed_integer_dtype(series.dtype) and not missing.any():
        return series.to_numpy(dtype="int64")
    cells = series.astype(object).to_numpy(dtype=object)
    present = cells[~missing]
    is_whole = all(isinstance(cell, numbers.Integral) for cell in present)
    if is_whole and any(abs(int(cell)) > _EXACT_INTEGERS for cell in present):
        return np.where(missing, np.nan, cells)
    if is_whole and not missing.any():
        return present.astype("int64")
    values = np.full(len(cells), np.nan)
    values[~missing] = present.astype(float)
    return values


def _settle_boolean(series: pd.Series) -> Any:
    import numpy as np

    missing = series.isna().to_numpy()
    values = np.full(len(series), np.nan)
    values[~missing] = series.to_numpy(dtype=object)[~missing].astype(float)
    return values


def _settle_text(series: pd.Series) -> Any:
    import numpy as np
    import pandas as pd

    missing = series.isna().to_numpy()
    if missing.all():
        return np.full(len(series), np.nan)
    cells = series.to_numpy(dtype=object).copy()
    cells[missing] = np.nan
    return pd.Series(cells, dtype="str") if pd.__version__ >= "3" else cells


def _settle_date(series: pd.Series) -> Any:
    return _settle_text(series.astype(object).map(_plain_cell, na_action="ignore"))


def _settle_mixed(series: pd.Series) -> Any:
    """Settle cell by cell: numbers and text side by side, as a partly labelled variable has them."""
    import numpy as np
    import pandas as pd

    missing = series.isna().to_numpy()
    cells = series.astype(object).to_numpy(dtype=object).copy()
    cells[missing] = np.nan
    for i in np.flatnonzero(~missing):
        cells[i] = _plain_cell(cells[i])
    settled = pd.Series(cells, dtype=object)
    kind = pd.api.types.infer_dtype(settled, skipna=True)
    if kind in _NUMBERS:
        return _settle_number(settled)
    return _settle_text(settled) if kind in {"string", "empty"} else cells


def _plain_cell(cell: Any) -> str | int | float:
    """Return one cell as a number or as text.

    Raises:
        TypeError: The cell is something else.
    """
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() and cell.tzinfo is None else cell.isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, dt.timedelta):
        return str(cell)
    # A boolean is an integer to Python; numpy's is not.
    if isinstance(cell, numbers.Integral) or type(cell).__name__ in {"bool", "bool_"}:
        return int(cell)
    if isinstance(cell, numbers.Real | decimal.Decimal):
        return float(cell)
    if type(cell).__name__ == "Period":
        return str(cell)
    raise TypeError(f"cells of type {type(cell).__name__} are not supported")


_SETTLE: dict[str, Callable[[pd.Series], Any]] = {
    "number": _settle_number,
    "boolean": _settle_boolean,
    "text": _settle_text,
    "date": _settle_date,
    "mixed": _settle_mixed,
}


def _booleans_finding(names: list[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    text = f"True and false were read as 1 and 0 in {count_of(len(names), 'column')}: {list_some(names)}."
    return (Finding("booleans-as-numbers", Severity.INFO, text),)


def _dates_finding(names: list[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    text = (
        f"Dates and times were read as text (year-month-day) in {count_of(len(names), 'column')}: {list_some(names)}."
    )
    return (Finding("dates-as-text", Severity.INFO, text),)
