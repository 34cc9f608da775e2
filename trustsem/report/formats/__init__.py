"""Formats of a report: one file each, one line in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from trustsem.report.document import Document


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format: the ending of its file and where its writer lives (imported when it is used)."""

    suffix: str
    module: str

    def render(self, document: Document) -> bytes:
        """Return the file's content."""
        writer: Callable[[Document], bytes] = import_module(self.module).render
        return writer(document)


FORMATS: Mapping[str, ReportFormat] = {
    "docx": ReportFormat(".docx", "trustsem.report.formats.docx"),
    "latex": ReportFormat(".tex", "trustsem.report.formats.latex"),
    "html": ReportFormat(".html", "trustsem.report.formats.html"),
    "markdown": ReportFormat(".md", "trustsem.report.formats.markdown"),
    "json": ReportFormat(".json", "trustsem.report.formats.json"),
}
