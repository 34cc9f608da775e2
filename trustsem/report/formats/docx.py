"""Word: headings as heading styles, tables as tables in APA style, pictures with alternative text."""

from __future__ import annotations

import io
import zipfile

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.shared import Emu, Inches

from trustsem.report.document import (
    Block,
    Bullets,
    Document,
    ExplorerBlock,
    FigureBlock,
    Paragraph,
    Section,
    TableBlock,
)
from trustsem.report.formats.docx_styles import PAGE, add_field, set_up, text_width
from trustsem.report.formats.docx_tables import fill_table
from trustsem.report.formats.layout import lay_out, note_mark, printable
from trustsem.report.formats.picture import NoPicture, draw

_LAST_LEVEL = 9  # of Word's headings
_TALLEST = Inches(7.5)  # of a picture: title and caption fit on the same page
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def render(document: Document) -> bytes:
    """Return the report as a Word file; the same report gives the same bytes."""
    return _Writer(document).file()


class _Writer:
    """One Word file in the making: counts tables and figures, turns pages on their side."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.word: WordDocument = docx.Document()
        set_up(self.word, document.title, document.subtitle, document.language)
        self.n_tables = self.n_figures = 0

    def file(self) -> bytes:
        """Write everything."""
        self.word.add_paragraph(printable(self.document.title), style="Title")
        self.word.add_paragraph(printable(self.document.subtitle), style="Subtitle")
        for section in self.document.sections:
            self._section(section, 1)
        stream = io.BytesIO()
        self.word.save(stream)
        return _without_dates(stream.getvalue())

    def _section(self, section: Section, level: int) -> None:
        # A heading lies on the page of what follows it.
        self._turn_page(section.blocks[0] if section.blocks else None)
        self.word.add_heading(printable(section.title), level=min(level, _LAST_LEVEL))
        for block in section.blocks:
            self._turn_page(block)
            self._block(block)
        for part in section.subsections:
            self._section(part, level + 1)

    def _block(self, block: Block) -> None:
        if isinstance(block, Paragraph):
            self.word.add_paragraph(printable(block.text))
        elif isinstance(block, Bullets):
            for item in block.items:
                self.word.add_paragraph(printable(item), style="List Bullet")
        elif isinstance(block, TableBlock):
            self._table(block)
        elif isinstance(block, FigureBlock):
            self._figure(block)
        else:
            assert isinstance(block, ExplorerBlock)
            self._table(block.fallback)

    def _table(self, table: TableBlock) -> None:
        layout = lay_out(table, PAGE)
        self.n_tables += 1
        self._caption("table", self.n_tables, table.title)
        fill_table(self.word, table, layout, self.document.labels["none"])
        note = self.word.add_paragraph(style="Table Note")
        if table.note:
            note.add_run(note_mark(self.document.labels["note"], self.document.language)).italic = True
            note.add_run(printable(table.note))

    def _turn_page(self, block: Block | None) -> None:
        table = block.fallback if isinstance(block, ExplorerBlock) else block
        is_wide = isinstance(table, TableBlock) and lay_out(table, PAGE).is_wide
        orientation = WD_ORIENT.LANDSCAPE if is_wide else WD_ORIENT.PORTRAIT
        if self.word.sections[-1].orientation == orientation:
            return
        section = self.word.add_section(WD_SECTION.NEW_PAGE)
        section.orientation = orientation
        section.page_width, section.page_height = section.page_height, section.page_width

    def _caption(self, kind: str, number: int, title: str) -> None:
        label = self.word.add_paragraph(style="Caption")
        label.add_run(f"{self.document.labels[kind]} ")
        add_field(label, f"SEQ {kind.title()} \\* ARABIC", str(number))
        for run in label.runs:
            run.bold = True
        self.word.add_paragraph(style="Caption").add_run(printable(title)).italic = True

    def _figure(self, block: FigureBlock) -> None:
        self.n_figures += 1
        self._caption("figure", self.n_figures, block.title)
        said = printable(block.plot.text())
        picture = draw(block.plot.svg())
        if isinstance(picture, NoPicture):
            self.word.add_paragraph(said)
            self.word.add_paragraph(self.document.labels[picture.label], style="Table Note")
            return
        width, height = Inches(picture.width), Inches(picture.height)
        scale = min(1.0, text_width(self.word) / width, _TALLEST / height)
        shape = self.word.add_picture(io.BytesIO(picture.png), width=Emu(int(width * scale)))
        properties = shape._inline.docPr
        properties.set("title", printable(block.title))
        properties.set("descr", said)


def _without_dates(content: bytes) -> bytes:
    """Return the same archive with one date on every entry: python-docx stamps the time of writing."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return stream.getvalue()
