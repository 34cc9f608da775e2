"""Turn the first row of a table into column names that are whole, present and different from each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from trustsem.errors import DataError
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import list_some

MAX_COLUMNS = 10_000
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Header:
    """Column names ready for use.

    Args:
        names: One name per column, all different.
        unnamed: Positions (from 0) of columns that had none; their names are "Unnamed: " and the position.
        findings: Names that were trimmed, a header that looks like data.
        faults: Errors that make the table unusable, for the caller to raise with those of the rows.
    """

    names: tuple[str, ...]
    unnamed: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    faults: tuple[DataError, ...] = ()


def read_header(cells: Sequence[object], path: Path) -> Header:
    """Return the names in a header row, stripped of blanks and invisible characters.

    Raises:
        DataError: "too-wide" above `MAX_COLUMNS` columns. Other faults are returned, not raised.
    """
    if len(cells) > MAX_COLUMNS:
        raise DataError(
            f"{path} has {len(cells)} columns; at most {MAX_COLUMNS} are read.",
            code="too-wide",
            remedy="Keep the columns that the study needs; a file with respondents in columns must be transposed.",
        )
    raw = [_as_text(cell) for cell in cells]
    stripped = [_strip(name) for name in raw]
    unnamed = tuple(i for i, name in enumerate(stripped) if not name)
    names = tuple(name or f"Unnamed: {i}" for i, name in enumerate(stripped))
    trimmed = [new for old, new in zip(raw, stripped, strict=True) if new and old != new]
    data_like = _looks_like_data([name for name in stripped if name])
    findings = [*_trim_findings(trimmed)]
    faults: list[DataError] = []
    if data_like is Severity.ERROR:
        faults.append(_no_header(path))
    elif data_like is Severity.WARNING:
        findings.append(_numeric_names(len(names)))
    if not faults and (duplicates := _duplicates(names, path)):
        faults.append(duplicates)
    return Header(names, unnamed, tuple(findings), tuple(faults))


def name_unnamed(header: Header, is_empty: Sequence[bool], path: Path) -> tuple[tuple[int, ...], tuple[Finding, ...]]:
    """Decide what happens to columns without a name.

    Args:
        header: The header of the table.
        is_empty: For each position in `header.unnamed`, whether the column holds no cell at all.
        path: The file, for messages.

    Returns:
        Positions to leave out, because they hold nothing, and the findings that say so.

    Raises:
        DataError: "no-header" when most columns that hold something have no name.
    """
    empty = tuple(i for i, is_blank in zip(header.unnamed, is_empty, strict=True) if is_blank)
    kept = [i for i in header.unnamed if i not in empty]
    findings = []
    if len(kept) > 1 and len(kept) * 2 > len(header.names) - len(empty):
        raise DataError(
            f"{len(kept)} of the {len(header.names) - len(empty)} columns of {path} have no name.",
            code="no-header",
            remedy="The first row must hold the column names; delete title rows above it.",
        )
    if empty:
        findings.append(
            Finding(
                "empty-columns",
                Severity.INFO,
                f"{count_of(len(empty), 'column')} without a name and without a cell were left out.",
            )
        )
    if kept:
        named = [header.names[i] for i in kept]
        is_index = kept == [0]
        extra = " A first column without a name usually holds row numbers." if is_index else ""
        findings.append(
            Finding(
                "unnamed-columns",
                Severity.INFO if is_index else Severity.WARNING,
                f"Columns without a name were kept under made-up names: {list_some(named)}.{extra}",
                remedy="Give every column a name in the file, or delete the column.",
            )
        )
    return empty, tuple(findings)


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _strip(name: str) -> str:
    # A line end inside a name comes from a wrapped spreadsheet cell and would break every table and message.
    return " ".join(name.translate({ord(char): None for char in _INVISIBLE}).split("\n")).strip()


def _trim_findings(trimmed: Sequence[str]) -> list[Finding]:
    if not trimmed:
        return []
    text = f"Blanks, line ends or invisible characters were removed from {count_of(len(trimmed), 'column name')}: "
    return [Finding("column-names-trimmed", Severity.INFO, text + f"{list_some(trimmed)}.")]


def _looks_like_data(names: Sequence[str]) -> Severity | None:
    """Return ERROR when the first row must be data, WARNING when it may be: more than half of it is numbers."""
    numbers = [float(name.replace(",", ".")) for name in names if _NUMBER.fullmatch(name)]
    if len(numbers) * 2 <= len(names):
        return None
    # Questions numbered 1, 2, 3 ... are poor but possible names; answers rarely rise from column to column.
    is_rising = all(a < b for a, b in pairwise(numbers))
    return Severity.WARNING if is_rising else Severity.ERROR


def _no_header(path: Path) -> DataError:
    # The names are not shown: they are probably a respondent's answers.
    return DataError(
        f"The first row of {path} holds numbers instead of column names.",
        code="no-header",
        remedy="Put the names of the columns into the first row.",
    )


def _numeric_names(count: int) -> Finding:
    return Finding(
        "numeric-column-names",
        Severity.WARNING,
        f"More than half of the {count} column names are numbers; the file may lack a header row.",
        remedy="Put the names of the columns into the first row.",
    )


def _duplicates(names: Sequence[str], path: Path) -> DataError | None:
    positions: dict[str, list[int]] = {}
    repeated = {name for name, count in Counter(names).items() if count > 1}
    for position, name in enumerate(names, start=1):
        if name in repeated:
            positions.setdefault(name, []).append(position)
    if not positions:
        return None
    return DataError(
        f"{path} has {count_of(len(positions), 'column name')} used more than once.",
        code="duplicate-columns",
        remedy="Give every column its own name; names that differ only in outer blanks count as the same.",
        faults=[f"'{name}' in columns {', '.join(map(str, places))}" for name, places in positions.items()],
    )
