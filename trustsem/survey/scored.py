"""A survey ready for analysis, with the log of everything that was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from trustsem.instruments import Codebook
from trustsem.records import Finding
from trustsem.survey.source import DataSource

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.survey.describe import ItemDescription


class LogAction(Enum):
    """What was done to some cells of one variable."""

    LABEL_SCORED = "label-scored"  # an answer given as text became a number
    TEXT_TO_NUMBER = "text-to-number"  # digits in a text file became numbers
    LABEL_TO_VALUE = "label-to-value"  # a label of a nominal category became its value
    REVERSED = "reversed"
    MISSING = "missing"
    RENAMED = "renamed"
    KEPT_AS_TEXT = "kept-as-text"
    ROWS_DROPPED = "rows-dropped"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that was done, to how many cells.

    Args:
        variable: Item, covariate or column; "" when whole rows are meant.
        action: What was done.
        count: Cells (for ROWS_DROPPED: rows) it was done to.
        detail: The rule in words; never an answer of a respondent.
        reason: For MISSING, the kind of missing.
    """

    variable: str
    action: LogAction
    count: int
    detail: str
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as JSON-ready values."""
        return {
            "variable": self.variable,
            "action": self.action.value,
            "count": self.count,
            "detail": self.detail,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Scored answers and how they came about.

    Args:
        frame: One row per respondent, the index is the row's position in the file, from 0. With a codebook: items as
            scored numbers (reversal done, higher is nearer to the construct's positive pole), numeric and ordinal
            covariates and weights as numbers, nominal ones and identifiers as text. NaN is missing.
        codebook: The codebook that was applied; None when the file was read as it is.
        log: Everything that was done, in the order of the columns.
        findings: What a reader must know.
        source: The file; None when a data frame was given.
    """

    frame: pd.DataFrame
    codebook: Codebook | None
    log: tuple[LogEntry, ...]
    findings: tuple[Finding, ...]
    source: DataSource | None

    @property
    def missing_reasons(self) -> Mapping[str, Mapping[str, int]]:
        """Return, for each variable with missing cells, the number of cells for each kind of missing."""
        counts: dict[str, dict[str, int]] = {}
        for entry in self.log:
            if entry.action is LogAction.MISSING and entry.reason is not None:
                of_variable = counts.setdefault(entry.variable, {})
                of_variable[entry.reason] = of_variable.get(entry.reason, 0) + entry.count
        return counts

    @property
    def items(self) -> tuple[str, ...]:
        """Return the columns that hold items: those of the codebook, or every numeric column without one."""
        if self.codebook is None:
            return tuple(str(name) for name in self.frame.select_dtypes("number").columns)
        return tuple(name for name in self.codebook.item_names if name in self.frame.columns)

    def describe(self) -> tuple[ItemDescription, ...]:
        """Return a description of every item in the scored direction: answers, missing ones, moments."""
        from trustsem.survey.describe import describe_survey

        return describe_survey(self)
