"""Everything that was found on the way, and what could not be done."""

from __future__ import annotations

from trustsem.records import Finding, Severity
from trustsem.report.document import Bullets, Paragraph, Section
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_WORDS = {Severity.ERROR: "findings.error", Severity.WARNING: "findings.warning", Severity.INFO: "findings.info"}


def findings(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    if not result.findings:
        return Section("findings", words("findings.title"), (Paragraph(words("findings.none")),))
    order = list(_WORDS)
    ranked = sorted(result.findings, key=lambda finding: order.index(finding.severity))
    return Section("findings", words("findings.title"), (Bullets(tuple(_line(f, words) for f in ranked)),))


def _line(finding: Finding, words: Wording) -> str:
    line = f"{words(_WORDS[finding.severity])}: {finding.message}"
    return f"{line} {finding.remedy}" if finding.remedy else line


def skipped(result: StudyResult, words: Wording) -> Section | None:
    """Return what could not be done; None where everything was."""
    if not result.skipped:
        return None
    lines = tuple(words("skipped.line", part=part.part, reason=part.reason) for part in result.skipped)
    return Section("skipped", words("skipped.title"), (Bullets(lines),))
