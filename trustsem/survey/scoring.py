"""Apply a codebook to a raw table: answers become scores, missing codes become missing, everything is logged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from trustsem.errors import CodebookError, DataError, UsageError
from trustsem.instruments import Codebook, Covariate, Item
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened, suggest
from trustsem.survey.columns import score_covariate, score_item
from trustsem.survey.frames import column_of, holds_text, missing_in, rows_of
from trustsem.survey.plain import mixed_column_finding, read_plain, suspicious_codes
from trustsem.survey.scored import LogAction, LogEntry, Survey
from trustsem.survey.source import DataSource, RawTable


@dataclass(slots=True)
class _Work:
    """What has been gathered while the columns are worked through; `lines` says where the rows stood in the file."""

    columns: dict[str, object] = field(default_factory=dict)
    log: list[LogEntry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lines: Sequence[int] | None = None


def apply_codebook(raw: RawTable | pd.DataFrame, codebook: Codebook) -> Survey:
    """Return the survey that the codebook makes of a raw table.

    Args:
        raw: A table from `read_raw`, or a data frame with answers as they were given (not scored yet).
        codebook: The questionnaire.

    Raises:
        CodebookError: The codebook does not fit; all columns with undeclared codes are listed with counts.
        DataError: The table repeats a column name or has no row.
    """
    frame, source, findings = _unpack(raw)
    frame, row_log = _without_empty_rows(frame)
    lines = raw.lines if isinstance(raw, RawTable) else None
    work = _Work(log=[*row_log], findings=[*findings, *_row_findings(row_log)], lines=lines)
    _check_fit(frame, codebook, source, work)
    used: set[str] = set()
    for item in codebook.items:
        _add(item, frame, codebook, work, used)
    for covariate in codebook.covariates:
        _add(covariate, frame, codebook, work, used)
    if work.faults:
        raise _misfit(codebook, source, work.faults)
    _add_other_columns(frame, used, work)
    return Survey(_assemble(work, frame), codebook, tuple(work.log), tuple(work.findings), source)


def survey_without_codebook(raw: RawTable | pd.DataFrame) -> Survey:
    """Return the table as a survey: numbers where every cell is one, warnings where codes look like missing ones.

    Raises:
        DataError: The table repeats a column name or has no row.
    """
    frame, source, findings = _unpack(raw)
    frame, row_log = _without_empty_rows(frame)
    work = _Work(log=[*row_log], findings=[*findings, *_row_findings(row_log)])
    for name in frame.columns:
        _add_plain(name, frame, work)
    result = _assemble(work, frame)
    return Survey(result, None, tuple(work.log), (*work.findings, *suspicious_codes(result)), source)


def _unpack(raw: RawTable | pd.DataFrame) -> tuple[pd.DataFrame, DataSource | None, tuple[Finding, ...]]:
    if isinstance(raw, Survey):
        raise UsageError(
            "This survey is scored already; scoring it again would reverse the reversed items back.",
            remedy="Give the file, or the data frame with the answers as they were given.",
        )
    if isinstance(raw, RawTable):
        frame, source, findings = raw.frame, raw.source, raw.findings
    else:
        frame, source, findings = raw, None, ()
    frame = frame.rename(columns=str)
    if not frame.columns.is_unique:
        names = list(dict.fromkeys(frame.columns[frame.columns.duplicated()]))
        raise DataError(
            f"Column names occur more than once: {shortened(names)}.",
            remedy="Give every column its own name.",
            code="duplicate-columns",
        )
    if not len(frame):
        raise DataError("The table has no rows.", remedy="Check the file.", code="no-rows")
    return frame, source, findings


def _without_empty_rows(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[LogEntry, ...]]:
    empty = np.ones(len(frame), dtype=bool)
    for name in frame.columns:
        # Most columns settle it at once; only rows still empty are looked at further.
        candidates = np.flatnonzero(empty)
        column = column_of(frame, name).iloc[candidates]
        blank = missing_in(column)
        if holds_text(column):
            blank = blank | np.asarray(column.astype(str).str.strip() == "", dtype=bool)
        empty[candidates[~blank]] = False
        if not empty.any():
            break
    frame = frame.reset_index(drop=True)
    if not empty.any():
        return frame, ()
    if empty.all():
        raise DataError("Every row of the table is empty.", remedy="Check the file.", code="no-rows")
    entry = LogEntry("", LogAction.ROWS_DROPPED, int(empty.sum()), "rows in which every cell is empty")
    return rows_of(frame, ~empty), (entry,)


def _row_findings(log: Iterable[LogEntry]) -> Iterable[Finding]:
    for entry in log:
        rows = "row was" if entry.count == 1 else "rows were"
        yield Finding("empty-rows", Severity.INFO, f"{entry.count} {rows} dropped: every cell is empty.")


def _check_fit(frame: pd.DataFrame, codebook: Codebook, source: DataSource | None, work: _Work) -> None:
    """Compare the codebook's columns with the file's; a file without a single item is refused."""
    columns = list(frame.columns)
    absent = [item for item in codebook.items if item.column not in columns]
    hints = [f"{item.column}: not in the file.{suggest(item.column, columns)}" for item in absent]
    if len(absent) == len(codebook.items):
        raise _misfit(codebook, source, [*hints, f"columns in the file: {shortened(columns, 12)}."])
    if absent:
        shown = " ".join(hints[:5]) + (f" And {len(hints) - 5} more." if len(hints) > 5 else "")
        message = (
            f"{len(absent)} of {len(codebook.items)} items of codebook '{codebook.id}' are not in the file. {shown}"
        )
        remedy = (
            "Models that use these items cannot be fitted; name the column in the codebook if it is called otherwise."
        )
        names = shortened((item.name for item in absent), 3)
        work.findings.append(Finding("missing-items", Severity.WARNING, message, remedy, names))
    gone = [covariate.name for covariate in codebook.covariates if covariate.column not in columns]
    if gone:
        are = "is" if len(gone) == 1 else "are"
        message = (
            f"{count_of(len(gone), 'covariate')} of codebook '{codebook.id}' {are} not in the file: {shortened(gone)}."
        )
        work.findings.append(Finding("missing-covariates", Severity.INFO, message))
    _check_names(columns, codebook, work)


def _check_names(columns: list[str], codebook: Codebook, work: _Work) -> None:
    read = {variable.column for variable in (*codebook.items, *codebook.covariates)}
    for variable in (*codebook.items, *codebook.covariates):
        if variable.column != variable.name and variable.column in columns and variable.name in columns:
            owner = "is read by another variable" if variable.name in read else "is there too"
            work.faults.append(f"{variable.name}: read from column '{variable.column}', but '{variable.name}' {owner}.")


def _add(variable: Item | Covariate, frame: pd.DataFrame, codebook: Codebook, work: _Work, used: set[str]) -> None:
    if variable.column not in frame.columns:
        return
    column = column_of(frame, variable.column)
    if isinstance(variable, Item):
        scored = score_item(column, variable, codebook)
    else:
        scored = score_covariate(column, variable, codebook)
    if variable.column != variable.name:
        work.log.append(LogEntry(variable.name, LogAction.RENAMED, len(frame), f"column '{variable.column}'"))
    work.columns[variable.name] = scored.values
    work.log.extend(scored.log)
    work.faults.extend(fault.text(work.lines) for fault in scored.faults)
    used.add(variable.column)


def _add_other_columns(frame: pd.DataFrame, used: set[str], work: _Work) -> None:
    others = [name for name in frame.columns if name not in used]
    if not others:
        return
    columns = "1 column is" if len(others) == 1 else f"{len(others)} columns are"
    message = f"{columns} not in the codebook and kept without scoring: {shortened(others)}."
    work.findings.append(Finding("columns-not-in-codebook", Severity.INFO, message))
    for name in others:
        _add_plain(name, frame, work)


def _add_plain(name: str, frame: pd.DataFrame, work: _Work) -> None:
    plain = read_plain(column_of(frame, name), name)
    work.columns[name] = plain.values
    work.log.extend(plain.log)
    if plain.text_cells:
        work.findings.append(mixed_column_finding(name, plain.text_cells))


def _assemble(work: _Work, frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(work.columns, index=frame.index)


def _misfit(codebook: Codebook, source: DataSource | None, faults: Iterable[str]) -> CodebookError:
    where = f"The file {source.path}" if source is not None else "The data frame"
    return CodebookError(
        f"{where} does not fit codebook '{codebook.id}'.",
        remedy="Use the codebook of this file, or declare the codes that mean a missing answer under [[missing]].",
        code="codebook-misfit",
        faults=tuple(faults),
    )
