"""Markdown: headings, pipe tables, figures as their text."""

from __future__ import annotations

from collections.abc import Iterator

from trustsem.report.document import (
    Align,
    Block,
    Bullets,
    Document,
    ExplorerBlock,
    FigureBlock,
    Paragraph,
    Section,
    TableBlock,
)


def render(document: Document) -> bytes:
    """Return the report as Markdown, UTF-8."""
    parts = [f"# {document.title}", document.subtitle]
    for section in document.sections:
        parts.extend(_section(section, document, 2))
    return ("\n\n".join(parts) + "\n").encode()


def _section(section: Section, document: Document, level: int) -> Iterator[str]:
    yield f"{'#' * level} {section.title}"
    for block in section.blocks:
        yield _block(block, document)
    for part in section.subsections:
        yield from _section(part, document, level + 1)


def _block(block: Block, document: Document) -> str:
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Bullets):
        return "\n".join(f"- {item}" for item in block.items)
    if isinstance(block, TableBlock):
        return _table(block, document)
    if isinstance(block, FigureBlock):
        return f"**{document.labels['figure']}: {block.title}.** {block.plot.text()}"
    assert isinstance(block, ExplorerBlock)
    return _table(block.fallback, document)


def _table(table: TableBlock, document: Document) -> str:
    marks = ["---:" if column.align is Align.RIGHT else "---" for column in table.columns]
    lines = [
        f"**{document.labels['table']}: {table.title}**",
        "",
        _line([column.title for column in table.columns]),
        _line(marks),
        *(_line(row) for row in table.rows),
    ]
    if table.note:
        lines += ["", f"*{document.labels['note']}:* {table.note}"]
    return "\n".join(lines)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
