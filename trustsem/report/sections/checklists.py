"""Reporting checklists, filled in: one table each."""

from __future__ import annotations

from trustsem.report.cells import ABSENT
from trustsem.report.checklists import FilledChecklist, FilledItem, fill_checklists
from trustsem.report.document import Align, Column, Paragraph, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult


def checklists(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    tables = tuple(_table(filled, words) for filled in fill_checklists(result, words))
    return Section("checklists", words("checklists.title"), (Paragraph(words("checklists.what")), *tables))


def _table(filled: FilledChecklist, words: Wording) -> TableBlock:
    names = ("number", "item", "value", "where")
    columns = tuple(Column(words(f"checklists.{name}"), Align.LEFT) for name in names)
    rows = tuple(_row(item, words) for item in filled.items)
    checklist = filled.checklist
    return TableBlock(getattr(checklist.title, words.language), columns, rows, getattr(checklist.note, words.language))


def _row(filled: FilledItem, words: Wording) -> tuple[str, ...]:
    item = filled.item
    number = f"{getattr(item.part, words.language)} {item.number}".strip()
    where = words(f"{filled.where}.title") if filled.where else ABSENT
    return (number or ABSENT, getattr(item.wording, words.language), filled.answer.text, where)
