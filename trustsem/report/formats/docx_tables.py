"""Tables of a Word file in APA style: rules above, below the headings and at the end, no vertical lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu
from docx.table import Table, _Cell, _Row

from trustsem.report.document import Align, TableBlock
from trustsem.report.formats.docx_styles import text_width
from trustsem.report.formats.layout import TableLayout, is_heading, printable

_RULE = {"val": "single", "sz": "8", "space": "0", "color": "000000"}  # sz: eighths of a point
_ALIGNMENTS = {Align.LEFT: WD_ALIGN_PARAGRAPH.LEFT, Align.RIGHT: WD_ALIGN_PARAGRAPH.RIGHT}


def fill_table(word: WordDocument, block: TableBlock, layout: TableLayout, nothing: str) -> None:
    """Add a table.

    Args:
        word: The document.
        block: Headings and rows.
        layout: Widths.
        nothing: What stands in a table without rows.
    """
    rows = block.rows or ((nothing, *[""] * (len(block.columns) - 1)),)
    table = word.add_table(1 + len(rows), len(block.columns))
    _set_table(table, word, layout)
    # By its identifier: python-docx searches all styles whenever one is set by name.
    style = word.styles["Small Table Text" if layout.is_small else "Table Text"].style_id
    drawn = list(table.rows)
    _fill_row(drawn[0], [column.title for column in block.columns], block, style, bold=True)
    _repeat(drawn[0])
    for cell in drawn[0].cells:
        _rule_below(cell)
    for row, texts in zip(drawn[1:], rows, strict=True):
        if is_heading(texts):
            _fill_heading(row, texts[0], style, bold=bool(block.rows))
        else:
            _fill_row(row, texts, block, style)


def _set_table(table: Table, word: WordDocument, layout: TableLayout) -> None:
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    room = text_width(word)
    widths = [Emu(int(room * share)) for share in layout.shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    borders: Any = OxmlElement("w:tblBorders")
    borders.extend([_rule("top"), _rule("bottom")])
    # The order of children is fixed by the schema: borders stand before the layout.
    table._tbl.tblPr.find(qn("w:tblLayout")).addprevious(borders)


def _fill_row(row: _Row, texts: Sequence[str], block: TableBlock, style: str, *, bold: bool = False) -> None:
    _keep_whole(row)
    for cell, text, column in zip(row.cells, texts, block.columns, strict=True):
        _write(cell, text, style, bold=bold).alignment = _ALIGNMENTS[column.align]


def _fill_heading(row: _Row, text: str, style: str, *, bold: bool) -> None:
    _keep_whole(row)
    cells = row.cells
    paragraph = _write(cells[0].merge(cells[-1]), text, style, bold=bold)
    paragraph.paragraph_format.keep_with_next = True


def _write(cell: _Cell, text: str, style: str, *, bold: bool) -> Any:
    paragraph = cell.paragraphs[0]
    paragraph._p.style = style
    paragraph.add_run(printable(text)).bold = bold or None
    return paragraph


def _keep_whole(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _repeat(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _rule_below(cell: _Cell) -> None:
    borders: Any = OxmlElement("w:tcBorders")
    borders.append(_rule("bottom"))
    cell._tc.get_or_add_tcPr().append(borders)


def _rule(edge: str) -> Any:
    rule: Any = OxmlElement(f"w:{edge}")
    for name, value in _RULE.items():
        rule.set(qn(f"w:{name}"), value)
    return rule
