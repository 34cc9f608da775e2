"""Read Excel workbooks (.xlsx, .xlsm): one sheet, its first row as header."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustsem.errors import DataError
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import Parsed, ReadOptions, list_some, raise_collected
from trustsem.survey.readers.header import Header, name_unnamed, read_header
from trustsem.survey.readers.sheets import load_sheet
from trustsem.survey.readers.typed import settle_columns

if TYPE_CHECKING:
    import pandas as pd

_ERROR_VALUES = frozenset({"#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"})


def read_excel(path: Path, options: ReadOptions) -> Parsed:
    """Read one sheet of a workbook; formulas give the values that were stored with them.

    Args:
        path: An existing file.
        options: `sheet` is used.

    Raises:
        DataError: "broken-file", "unknown-sheet", "formulas-without-values", and the header's faults.
    """
    sheet = load_sheet(path, options.sheet)
    rows = [_trim(row) for row in sheet.rows]
    filled = [row for row in rows if row]
    if not filled:
        raise DataError(
            f"The sheet '{sheet.name}' of {path} is empty.", code="empty-file", remedy="Name another one with --sheet."
        )
    # A blank row above the header is layout; one below it is an empty row, which the scoring step logs.
    skipped = rows.index(filled[0])
    width = max(map(len, filled))
    header = read_header(_pad(filled[0], width), path)
    raise_collected(path, header.faults)
    body = [_pad(row, width) for row in _without_tail(rows[skipped + 1 :])]
    frame, unnamed = _build_frame(body, header, path)
    settled, changes = settle_columns(frame, path)
    findings = (*sheet.findings, *_skipped_finding(skipped), *header.findings, *unnamed, *changes)
    first = skipped + 2  # sheets count from 1, and the header is a row too
    lines = range(first, first + len(body))
    return Parsed(settled, None, (*findings, *_error_values_finding(settled)), lines)


def _trim(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the row up to its last cell with content: formatting alone makes no column."""
    last = next((i for i in range(len(row) - 1, -1, -1) if row[i] is not None), -1)
    return row[: last + 1]


def _pad(row: tuple[Any, ...], width: int) -> tuple[Any, ...]:
    return row + (None,) * (width - len(row))


def _without_tail(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the rows up to the last one with content: spreadsheets keep formatted blank rows below the table."""
    last = next((i for i in range(len(rows) - 1, -1, -1) if rows[i]), -1)
    return rows[: last + 1]


def _build_frame(body: list[tuple[Any, ...]], header: Header, path: Path) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    import numpy as np
    import pandas as pd

    cells = np.empty((len(body), len(header.names)), dtype=object)
    if body:
        cells[:] = body
    is_empty = [all(cell is None for cell in cells[:, i]) for i in header.unnamed]
    empty, findings = name_unnamed(header, is_empty, path)
    keep = [i for i in range(len(header.names)) if i not in empty]
    return pd.DataFrame(cells[:, keep], columns=[header.names[i] for i in keep], dtype=object), findings


def _skipped_finding(skipped: int) -> tuple[Finding, ...]:
    if not skipped:
        return ()
    return (Finding("blank-lines", Severity.INFO, f"{count_of(skipped, 'blank row')} above the header passed over."),)


def _error_values_finding(frame: pd.DataFrame) -> tuple[Finding, ...]:
    text_columns = [name for name in frame.columns if frame[name].dtype.kind not in "iuf"]
    counts = {name: sum(cell in _ERROR_VALUES for cell in frame[name].to_list()) for name in text_columns}
    names = [name for name, count in counts.items() if count]
    if not names:
        return ()
    return (
        Finding(
            "excel-errors",
            Severity.WARNING,
            f"{count_of(sum(counts.values()), 'cell')} hold an Excel error such as #N/A; "
            f"they were kept as text in {list_some(names)}.",
            remedy="Repair the formulas, or declare the error as a missing code in the codebook.",
        ),
    )
