"""Small records shared by every layer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any


class Severity(Enum):
    """How much a reader must care."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reader of the results must know: a dropped row, a fallback, a Heywood case, an unstable loop.

    Args:
        code: Stable kebab-case identifier, e.g. "negative-variance".
        severity: INFO for a record, WARNING for a doubt, ERROR for a result that must not be used as it is.
        message: One sentence in plain words, with the number that matters; never a respondent's answer.
        remedy: What to do; None where nothing needs doing.
        parameter: Parameter, item or construct that it is about, as the reader knows it.
    """

    code: str
    severity: Severity
    message: str
    remedy: str | None = None
    parameter: str | None = None

    def in_group(self, label: str) -> Finding:
        """Return the finding with the name of its group in front; itself where there is one group, label empty."""
        return replace(self, message=f"Group {label}: {self.message}") if label else self

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values."""
        return {**asdict(self), "severity": self.severity.value}
