"""LaTeX: one complete document; tables by booktabs and longtable, figures as their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trustsem.report.document import (
    Align,
    Block,
    Bullets,
    Column,
    Document,
    ExplorerBlock,
    FigureBlock,
    Paragraph,
    Section,
    TableBlock,
)
from trustsem.report.formats.latex_text import escape, foreign, number
from trustsem.report.formats.layout import Page, TableLayout, is_heading, lay_out, note_mark
from trustsem.tables.text import display_width

_PAGE = Page(portrait=98, small=110, landscape=150)  # characters of \footnotesize and \scriptsize between the margins
_LEVELS = ("section", "subsection", "subsubsection", "paragraph", "subparagraph")
_TURNED = r"\begin{landscape}"
_PACKAGES = r"""\usepackage[a4paper,margin=25.4mm]{geometry}
\usepackage{array,booktabs,longtable,pdflscape,caption}
\captionsetup{labelsep=newline,justification=raggedright,singlelinecheck=false,labelfont=bf,textfont=it}
\setlength{\LTleft}{0pt}
\setlength{\emergencystretch}{3em}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{\dimexpr #1\linewidth-2\tabcolsep\relax}}
\newcolumntype{R}[1]{>{\raggedleft\arraybackslash}p{\dimexpr #1\linewidth-2\tabcolsep\relax}}"""
_PDFLATEX = r"""% Compile it twice with pdflatex.
\documentclass[11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}"""
_XELATEX = r"""% Compile it twice with xelatex; the package ctex brings fonts for Chinese.OTHERS
\documentclass[11pt,UTF8,scheme=SCHEME]{ctexart}
\usepackage{textcomp}"""


def render(document: Document) -> bytes:
    """Return the report as a LaTeX document, UTF-8."""
    body = "\n\n".join(part for section in document.sections for part in _section(section, document, 0))
    lines = (
        _head(document, body),
        rf"\title{{{escape(document.title)}}}",
        rf"\author{{{escape(document.subtitle)}}}",
        r"\date{}",
        r"\begin{document}",
        r"\maketitle",
        "",
        body,
        "",
        r"\end{document}",
    )
    return ("\n".join(lines) + "\n").encode()


def _head(document: Document, body: str) -> str:
    """Return the preamble: pdflatex where it knows all characters, xelatex with ctex elsewhere."""
    strange = foreign(document.title + document.subtitle + body + "".join(document.labels.values()))
    first = _xelatex(strange, document.language) if strange else _PDFLATEX
    names = [
        rf"\AtBeginDocument{{\renewcommand{{\{kind}name}}{{{escape(document.labels[kind])}}}}}"
        for kind in ("table", "figure")
    ]
    return "\n".join([first, _PACKAGES, *names])


def _xelatex(strange: str, language: str) -> str:
    others = "".join(character for character in strange if display_width(character) == 1)
    warning = f"\n% Choose a font by \\setmainfont that has these characters: {others}" if others else ""
    scheme = "chinese" if language == "zh" else "plain"
    return _XELATEX.replace("OTHERS", warning).replace("SCHEME", scheme)


def _section(section: Section, document: Document, level: int) -> Iterator[str]:
    heading = rf"\{_LEVELS[min(level, len(_LEVELS) - 1)]}{{{escape(section.title)}}}"
    blocks = [_block(block, document) for block in section.blocks]
    if blocks and blocks[0].startswith(_TURNED):  # the heading lies on the page of what follows it
        heading, blocks[0] = f"{_TURNED}\n{heading}", blocks[0].removeprefix(_TURNED).lstrip()
    yield heading
    yield from blocks
    for part in section.subsections:
        yield from _section(part, document, level + 1)


def _block(block: Block, document: Document) -> str:
    if isinstance(block, Paragraph):
        return escape(block.text)
    if isinstance(block, Bullets):
        items = [rf"\item {escape(item)}" for item in block.items]
        return "\n".join([r"\begin{itemize}", *items, r"\end{itemize}"])
    if isinstance(block, TableBlock):
        return _table(block, document)
    if isinstance(block, FigureBlock):
        return _figure(block, document)
    assert isinstance(block, ExplorerBlock)
    return _table(block.fallback, document)


def _figure(block: FigureBlock, document: Document) -> str:
    # No floating environment: a text of more than a page would be cut off there.
    return "\n".join(
        (
            r"\begin{flushleft}",
            rf"\captionof{{figure}}{{{escape(block.title)}}}",
            *(escape(line) + r"\par" for line in block.plot.text().splitlines() if line.strip()),
            rf"\smallskip{{\footnotesize\textit{{{escape(document.labels['picture_in_words'])}}}\par}}",
            r"\end{flushleft}",
        )
    )


def _table(table: TableBlock, document: Document) -> str:
    layout = lay_out(table, _PAGE)
    kinds = ["R" if column.align is Align.RIGHT else "L" for column in table.columns]
    widths = "".join(f"{kind}{{{share:.4f}}}" for kind, share in zip(kinds, layout.shares, strict=True))
    head = " & ".join(escape(column.title, width) for column, width in zip(table.columns, layout.characters)) + r" \\"
    rows = table.rows or ((document.labels["none"], *[""] * (len(table.columns) - 1)),)
    lines = [
        rf"\begin{{longtable}}{{{widths}}}",
        rf"\caption{{{escape(table.title)}}}\\*",
        rf"\toprule {head} \midrule \endfirsthead",
        rf"\toprule {head} \midrule \endhead",
        r"\bottomrule \endfoot",
        *(_row(row, table.columns, layout) for row in rows),
        r"\end{longtable}",
        *_note(table, document),
    ]
    size = r"\scriptsize" if layout.is_small else r"\footnotesize"
    text = "\n".join(["{" + size, *lines, "}"])
    return f"{_TURNED}\n{text}\n\\end{{landscape}}" if layout.is_wide else text


def _row(row: Sequence[str], columns: Sequence[Column], layout: TableLayout) -> str:
    if is_heading(row):
        total = sum(layout.shares)
        return rf"\multicolumn{{{len(row)}}}{{L{{{total:.4f}}}}}{{\textbf{{{escape(row[0])}}}}} \\*"
    cells = [
        number(cell) if column.align is Align.RIGHT else escape(cell, width)
        for cell, column, width in zip(row, columns, layout.characters, strict=True)
    ]
    return " & ".join(cells) + r" \\"


def _note(table: TableBlock, document: Document) -> list[str]:
    if not table.note:
        return []
    mark = note_mark(document.labels["note"], document.language)
    return [rf"\noindent\textit{{{escape(mark)}}}{escape(table.note)}\par\medskip"]
