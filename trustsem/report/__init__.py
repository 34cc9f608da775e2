"""Reports: a document made of a study's result, in several formats and two languages."""

from trustsem.report.building import build_document
from trustsem.report.document import Document
from trustsem.report.formats import FORMATS, ReportFormat
from trustsem.report.writing import write_report

__all__ = ["FORMATS", "Document", "ReportFormat", "build_document", "write_report"]
