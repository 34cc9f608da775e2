"""What every reader takes and gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trustsem.errors import DataError
from trustsem.records import Finding

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The caller's wishes about one file.

    Args:
        sheet: Name or number (counted from 1) of an Excel sheet; None for the first visible one.
        encoding: Name of the text encoding as Python knows it; None to detect it.
    """

    sheet: str | int | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """One file's table as a reader hands it to the registry.

    Args:
        frame: The cells, one column per variable.
        encoding: Text encoding that was used; None for formats that have none.
        findings: What happened on the way in.
        lines: Line of the file, or row of the sheet, of each row; None where the format shows none to its users.
    """

    frame: pd.DataFrame
    encoding: str | None = None
    findings: tuple[Finding, ...] = ()
    lines: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """One row of the table of readers.

    Args:
        format: Name that `DataSource.format` carries.
        label: What people call such a file.
        content: Kind of content that `trustsem.survey.readers.content` must find in the file; "text" for none.
        read: The reading function.
        options: Names of the `ReadOptions` fields that this format understands.
    """

    format: str
    label: str
    content: str
    read: Callable[[Path, ReadOptions], Parsed]
    options: frozenset[str] = frozenset()


def list_some(names: Sequence[str], *, limit: int = 5) -> str:
    """Return the first names in quotes and the number of those left out.

    >>> list_some(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def raise_collected(path: Path, errors: Sequence[DataError]) -> None:
    """Raise all errors of one file as one; do nothing when there are none."""
    if not errors:
        return
    if len(errors) == 1:
        raise errors[0]
    faults = [line for error in errors for line in (error.message, *(f"  {fault}" for fault in error.faults))]
    remedies = dict.fromkeys(error.remedy for error in errors if error.remedy)
    raise DataError(
        f"{path} has {len(errors)} kinds of faults.",
        code=errors[0].code,
        remedy=" ".join(remedies),
        faults=faults,
    )
