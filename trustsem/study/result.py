"""What a study found: every number that a report shows, in one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trustsem.fitting import Comparison, Fit
from trustsem.fitting.claims import PathRow
from trustsem.fitting.serialise import plain, records
from trustsem.records import Finding
from trustsem.study.manifest import Manifest
from trustsem.study.spec import StudySpec
from trustsem.survey import Survey

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting.bootstrap import Bootstrap
    from trustsem.fitting.invariance import Invariance

SCHEMA = "trustsem.study/1"


@dataclass(frozen=True, eq=False, slots=True)
class NamedFit:
    """A model of the study and its fit."""

    name: str
    fit: Fit


@dataclass(frozen=True, eq=False, slots=True)
class Skipped:
    """A part of the study that could not be done, and why."""

    part: str
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class StudyResult:
    """Everything that a study found.

    Args:
        spec: What was asked.
        survey: The answers, scored.
        fits: One per model, the main one first.
        paths: Regressions of the main model, with the signs that the theory expects.
        effects: Effects of the main model with intervals; empty where nothing is mediated.
        bootstrap: The draws behind the intervals; None for the delta method.
        comparison: The models side by side; None with one model.
        invariance: Groups; None where none was asked for.
        skipped: Parts that could not be done.
        manifest: What is needed to get the same numbers again.
        parts: Further results by name, each with `to_dict()`.
    """

    spec: StudySpec
    survey: Survey
    fits: tuple[NamedFit, ...]
    paths: tuple[PathRow, ...]
    effects: pd.DataFrame
    bootstrap: Bootstrap | None
    comparison: Comparison | None
    invariance: Invariance | None
    skipped: tuple[Skipped, ...]
    manifest: Manifest
    parts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> Fit:
        """The fit of the main model."""
        return self.fits[0].fit

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found on the way, each once."""
        drawn = () if self.bootstrap is None else self.bootstrap.findings
        every = [finding for named in self.fits for finding in named.fit.findings]
        return tuple({(f.code, f.message): f for f in (*every, *drawn)}.values())

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON-ready values; the same study gives the same bytes."""
        return {
            "schema": SCHEMA,
            "title": self.spec.title,
            "language": self.spec.language,
            "design": self.spec.design.value,
            "fits": {named.name: named.fit.to_dict() for named in self.fits},
            "paths": [_path(row) for row in self.paths],
            "effects": records(self.effects),
            "bootstrap": None if self.bootstrap is None else self.bootstrap.to_dict(),
            "comparison": None if self.comparison is None else self.comparison.to_dict(),
            "invariance": None if self.invariance is None else self.invariance.to_dict(),
            **{name: part.to_dict() for name, part in self.parts.items()},
            "skipped": [{"part": skipped.part, "reason": skipped.reason} for skipped in self.skipped],
            "findings": [finding.to_dict() for finding in self.findings],
            "manifest": self.manifest.to_dict(),
        }


def _path(row: PathRow) -> dict[str, Any]:
    claim = row.claim
    return {
        "predictor": row.predictor,
        "outcome": row.outcome,
        "group": row.group,
        "est": plain(claim.est),
        "se": plain(row.se),
        "pvalue": plain(claim.pvalue),
        "std_all": plain(claim.std),
        "expected_sign": None if claim.expected is None else claim.expected.sign,
        "verdict": claim.verdict.value,
    }
