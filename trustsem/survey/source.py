"""Where a survey came from and what stood in it, before any codebook is applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustsem.records import Finding

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data file as it was read.

    Args:
        path: Path as the caller gave it.
        format: Identifier of the file format, e.g. "csv" or "sav".
        sha256: Hex digest of the file's bytes.
        n_rows: Rows in the file, the header not counted.
        n_columns: Columns in the file.
        encoding: Text encoding that was used; None for binary formats.
    """

    path: str
    format: str
    sha256: str
    n_rows: int
    n_columns: int
    encoding: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return what tells the file again, as JSON-ready values: its name without folders, its digest, its size."""
        return {
            "file": Path(self.path).name,
            "format": self.format,
            "sha256": self.sha256,
            "rows": self.n_rows,
            "columns": self.n_columns,
        }


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A table exactly as the file holds it.

    Args:
        frame: Text-based formats give text cells as written, "" for an empty one; typed formats give numbers, value
            labels as text, and NaN for an empty cell.
        source: The file.
        findings: What the reader had to decide, e.g. the encoding.
        lines: Line of the file, or row of the sheet, of each row; None where the format shows none to its users.
    """

    frame: pd.DataFrame
    source: DataSource
    findings: tuple[Finding, ...]
    lines: Sequence[int] | None = None
