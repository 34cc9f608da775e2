"""What a part of a study is made from, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from trustsem.fitting import Fit
from trustsem.fitting.bootstrap import Bootstrap
from trustsem.fitting.serialise import records
from trustsem.records import Finding
from trustsem.study.spec import StudySpec
from trustsem.survey import Survey

if TYPE_CHECKING:
    import pandas as pd


class Part(Protocol):
    """What every part has."""

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON-ready values."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """What parts are made from.

    Args:
        spec: What was asked.
        survey: The answers, scored.
        main: The fit of the main model.
        effects: Its effects with intervals.
        bootstrap: The draws behind them; None for the delta method.
        skip: Called with what could not be done within a part, and why.
    """

    spec: StudySpec
    survey: Survey
    main: Fit
    effects: pd.DataFrame
    bootstrap: Bootstrap | None
    skip: Callable[[str, Exception], None]


@dataclass(frozen=True, eq=False, slots=True)
class Frames:
    """A part that is made of tables.

    Args:
        frames: Tables by name.
        findings: What a reader must know of them.
        facts: Single values by name.
    """

    frames: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all tables as lists of rows."""
        return {
            **(self.facts or {}),
            **{name: records(frame) for name, frame in self.frames.items()},
            "findings": [finding.to_dict() for finding in self.findings],
        }


@dataclass(frozen=True, eq=False, slots=True)
class Several:
    """A part that is made of several results, by name."""

    results: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return every result under its name."""
        return {name: result.to_dict() for name, result in self.results.items()}
