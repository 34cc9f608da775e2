"""What an export starts from and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trustsem.spec.table import ParameterTable


@dataclass(frozen=True, slots=True, eq=False)
class ExportRequest:
    """A model to write for another program.

    Args:
        table: Every parameter of the model.
        title: One line that says what the model is.
        likelihood: "normal" (S with divisor n) or "wishart" (n - 1).
        information: "expected" or "observed".
        data_file: Name of the data file as the script is to read it; None writes a placeholder that says so.
        columns: Columns of the data file; those of the model when None.
        results: What trustsem finds, by name, to compare with; empty where nothing was fitted.
    """

    table: ParameterTable
    title: str
    likelihood: str = "normal"
    information: str = "expected"
    data_file: str | None = None
    columns: tuple[str, ...] | None = None
    results: Mapping[str, float] = field(default_factory=dict)

    @property
    def data_columns(self) -> tuple[str, ...]:
        """Columns of the data file, in its order."""
        return component_columns(self.table) if self.columns is None else self.columns

    @property
    def products(self) -> tuple[str, ...]:
        """Observed variables such as `x1:x2` that the data file does not hold and the script has to multiply."""
        return tuple(name for name in self.table.variables.observed if name not in self.data_columns)


@dataclass(frozen=True, slots=True)
class Export:
    """A script for another program.

    Args:
        target: The program.
        text: The script.
        suffix: Usual end of the script's file name.
        names: Names in trustsem and in the script, where they differ.
        notes: What the program does differently or cannot say; the script holds the same as comments.
    """

    target: str
    text: str
    suffix: str
    names: Mapping[str, str]
    notes: tuple[str, ...]


def component_columns(table: ParameterTable) -> tuple[str, ...]:
    """Return the columns that a data file needs: observed variables, products taken apart."""
    return tuple(dict.fromkeys(part for name in table.variables.observed for part in name.split(":")))


def result_lines(request: ExportRequest) -> list[str]:
    """Return what trustsem finds as lines of a comment."""
    if not request.results:
        return []
    pairs = [f"{name} {value:.6f}".rstrip("0").rstrip(".") for name, value in request.results.items()]
    return ["trustsem finds:", *(f"  {pair}" for pair in pairs)]
