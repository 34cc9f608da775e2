"""Sections of a report, in order: one file each, one line in the table."""

from __future__ import annotations

from collections.abc import Callable

from trustsem.report.document import Section
from trustsem.report.sections.asked import asked
from trustsem.report.sections.checklists import checklists
from trustsem.report.sections.comparison import comparison
from trustsem.report.sections.effects import effects
from trustsem.report.sections.estimators import estimators
from trustsem.report.sections.explorer import explorer
from trustsem.report.sections.findings import findings, skipped
from trustsem.report.sections.fit import fit
from trustsem.report.sections.groups import groups
from trustsem.report.sections.invariance import invariance
from trustsem.report.sections.items import items
from trustsem.report.sections.loops import loops
from trustsem.report.sections.manifest import manifest
from trustsem.report.sections.measurement import measurement
from trustsem.report.sections.paths import paths
from trustsem.report.sections.respondents import respondents
from trustsem.report.sections.scales import scales
from trustsem.report.sections.scenarios import scenarios
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

SECTIONS: tuple[Callable[[StudyResult, Wording], Section | None], ...] = (
    asked,
    respondents,
    items,
    scales,
    measurement,
    paths,
    effects,
    loops,
    groups,
    invariance,
    scenarios,
    explorer,
    comparison,
    fit,
    estimators,
    findings,
    skipped,
    checklists,
    manifest,
)
