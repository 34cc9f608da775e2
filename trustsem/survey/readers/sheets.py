"""Open a workbook, choose the sheet, and hand out its rows as plain values."""

from __future__ import annotations

import difflib
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trustsem.errors import DataError
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import list_some
from trustsem.survey.readers.packages import import_package

# Unpacked size above which a workbook is no survey but a mistake or a zip bomb.
MAX_UNPACKED_BYTES = 1 << 30
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    OSError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The cells of one sheet.

    Args:
        name: Its name.
        rows: Rows of plain values, None for an empty cell; rows may differ in length.
        findings: Which other sheets there are, formulas without a value.
    """

    name: str
    rows: list[tuple[Any, ...]]
    findings: tuple[Finding, ...]


def load_sheet(path: Path, wanted: str | int | None) -> Sheet:
    """Return the wanted sheet of a workbook.

    Args:
        path: An existing .xlsx or .xlsm file.
        wanted: Name or number (from 1); None for the first visible sheet.

    Raises:
        DataError: "broken-file", "file-too-large", "unknown-sheet", "formulas-without-values".
    """
    with _explained(path):
        _check_size(path)
        name, others, rows = _read_rows(path, wanted, as_values=False)
        findings = _other_sheets_finding(name, others) if wanted is None else ()
        formulas = [(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if _is_formula(cell)]
        if formulas:
            # Formulas and the values stored with them come from two passes: openpyxl gives one or the other.
            _, _, rows = _read_rows(path, name, as_values=True)
            findings = (*findings, *_check_formulas(path, rows, formulas))
    return Sheet(name, rows, findings)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it does not keep; no cell is affected.
            warnings.simplefilter("ignore", UserWarning)
            yield
    except (*_BROKEN, SyntaxError) as error:
        # A broken XML part is a SyntaxError; the text of any of these may quote a cell, so only the kind is shown.
        raise DataError(
            f"{path} is an Excel workbook that cannot be read ({type(error).__name__}).",
            code="broken-file",
            remedy="Open it in Excel or LibreOffice and save it again, or export the sheet as .csv.",
        ) from error


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        raise DataError(
            f"{path} unpacks to more than {MAX_UNPACKED_BYTES:,} bytes.",
            code="file-too-large",
            remedy="Export the sheet that the study needs as .csv.",
        )


def _read_rows(
    path: Path, wanted: str | int | None, *, as_values: bool
) -> tuple[str, tuple[str, ...], list[tuple[Any, ...]]]:
    openpyxl = import_package("openpyxl", purpose="Excel workbooks")
    book = openpyxl.load_workbook(path, read_only=True, data_only=as_values)
    try:
        sheet = _choose(book.worksheets, wanted, path)
        # Some programs write a wrong size into the sheet, and rows beyond it would be lost.
        sheet.reset_dimensions()
        rows = list(sheet.iter_rows(values_only=True))
        return sheet.title, tuple(other.title for other in book.worksheets if other is not sheet), rows
    finally:
        book.close()


def _choose(sheets: list[Any], wanted: str | int | None, path: Path) -> Any:
    names = [sheet.title for sheet in sheets]
    if not names:
        raise DataError(
            f"{path} has no sheet with cells.", code="empty-file", remedy="Put the survey on a worksheet, not a chart."
        )
    if wanted is None:
        return next((sheet for sheet in sheets if sheet.sheet_state == "visible"), sheets[0])
    if str(wanted) in names:
        return sheets[names.index(str(wanted))]
    if str(wanted).isdecimal() and 1 <= int(wanted) <= len(names):
        return sheets[int(wanted) - 1]
    lowered = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(str(wanted).casefold(), lowered, n=1, cutoff=0.5)
    hint = f"Did you mean '{lowered[near[0]]}'? " if near else ""
    raise DataError(
        f"{path} has no sheet '{wanted}'.",
        code="unknown-sheet",
        remedy=f"{hint}Sheets: {list_some(names, limit=20)}; or a number from 1 to {len(names)}.",
    )


def _other_sheets_finding(name: str, others: tuple[str, ...]) -> tuple[Finding, ...]:
    if not others:
        return ()
    text = f"The workbook has {len(others) + 1} sheets; '{name}' was read and the others were not: "
    remedy = "Name another sheet with --sheet."
    return (Finding("first-sheet-used", Severity.WARNING, text + f"{list_some(others)}.", remedy=remedy),)


def _is_formula(cell: Any) -> bool:
    # Array formulas come as objects of openpyxl, ordinary ones as text.
    return cell.startswith("=") if isinstance(cell, str) else type(cell).__module__.startswith("openpyxl")


def _check_formulas(path: Path, rows: list[tuple[Any, ...]], formulas: list[tuple[int, int]]) -> tuple[Finding, ...]:
    without = sum(j >= len(rows[i]) or rows[i][j] is None for i, j in formulas)
    if without == len(formulas):
        raise DataError(
            f"{path} has {count_of(without, 'cell')} with formulas, none of which has a stored value.",
            code="formulas-without-values",
            remedy="Open the workbook in Excel or LibreOffice, let it calculate, and save it again.",
        )
    if not without:
        return ()
    text = f"{without} of {len(formulas)} formulas have no stored value; their cells were read as empty."
    return (
        Finding("formulas-without-values", Severity.WARNING, text, remedy="Calculate and save the workbook again."),
    )
