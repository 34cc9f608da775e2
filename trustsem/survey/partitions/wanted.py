"""What is summed: variables, roles of columns, codebook."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from trustsem.instruments import Codebook, Covariate, Item

CHUNK_ROWS = 65_536  # 16 MB of 30 items: products of matrices run at full speed, and memory stays small


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of every part.

    Args:
        names: Variables of the moments; "x1:x2" is the product of two. Empty until the first file told its columns.
        group: Column of the groups.
        weights: Column of the sampling weights.
        codebook: Scores the answers; None: they are numbers already.
        chunk_rows: Rows that are in memory at a time.
        encoding: Text encoding of text files; None: UTF-8, or what a byte-order mark names.
    """

    names: tuple[str, ...] = ()
    group: str | None = None
    weights: str | None = None
    codebook: Codebook | None = None
    chunk_rows: int = CHUNK_ROWS
    encoding: str | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Columns beside the variables."""
        return tuple(name for name in (self.group, self.weights) if name is not None)

    def variables(self, columns: Collection[str]) -> tuple[str, ...]:
        """Return what is read for names and roles: factors of products each by itself, no name twice.

        Args:
            columns: Columns of the data.
        """
        known = self.scored(columns)
        parts = [
            part for name in self.names for part in ([name] if name in known or name in columns else name.split(":"))
        ]
        return tuple(dict.fromkeys((*parts, *self.roles)))

    def scored(self, columns: Collection[str]) -> Mapping[str, Item | Covariate]:
        """Return the variables of the codebook whose columns are there, by name."""
        if self.codebook is None:
            return {}
        known = (*self.codebook.items, *self.codebook.covariates)
        return {variable.name: variable for variable in known if variable.column in columns}

    def sources(self, columns: Collection[str]) -> Mapping[str, str]:
        """Return the column behind each variable, whether it is there or not."""
        known = self.scored(columns)
        return {name: known[name].column if name in known else name for name in self.variables(columns)}
