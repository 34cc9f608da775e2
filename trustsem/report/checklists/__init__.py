"""Reporting checklists that the software fills in: items as data, one evaluator per kind of item."""

from trustsem.report.checklists.filling import fill_checklists
from trustsem.report.checklists.records import Answer, Checklist, FilledChecklist, FilledItem, Item, Status

__all__ = ["Answer", "Checklist", "FilledChecklist", "FilledItem", "Item", "Status", "fill_checklists"]
