"""A report before it has a format: sections of blocks. Numbers are text here, so all formats show the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol


class Align(Enum):
    """How a column is set."""

    LEFT = "left"
    RIGHT = "right"  # numbers


@dataclass(frozen=True, slots=True)
class Column:
    """Heading of a column."""

    title: str
    align: Align = Align.RIGHT


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """Short sentences, one below the other."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table; every row has one text per column. A row whose other cells are empty is a heading within the table."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.title!r}: {len(row)} cells in a row of {len(self.columns)} columns")


class Figure(Protocol):
    """What every plot has."""

    def figure(self) -> Any:
        """Return a plotly figure."""
        ...

    def svg(self) -> str:
        """Return it as an SVG picture."""
        ...

    def text(self) -> str:
        """Return what it shows, for readers who do not see it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FigureBlock:
    """A figure with its caption; `plot.text()` is read to whoever does not see it."""

    id: str
    title: str
    plot: Figure


@dataclass(frozen=True, slots=True, eq=False)
class ExplorerBlock:
    """Sliders that move levers; formats without them show `fallback`.

    Args:
        title: Caption.
        content: What the page computes with: names, matrix of total effects, covariances.
        fallback: The same as a table of steps.
    """

    title: str
    content: Mapping[str, Any]
    fallback: TableBlock


Block = Paragraph | Bullets | TableBlock | FigureBlock | ExplorerBlock


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A titled part of a report.

    Args:
        id: For links; the same in every language.
        title: Heading.
        blocks: Content before the subsections.
        subsections: Parts with headings of their own.
    """

    id: str
    title: str
    blocks: tuple[Block, ...] = ()
    subsections: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Block]:
        """Yield all blocks, those of subsections after its own."""
        yield from self.blocks
        for section in self.subsections:
            yield from section.walk()


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A report.

    Args:
        title: Of the study.
        subtitle: What was analysed, in one line.
        language: "en" or "zh".
        sections: In order.
        data: All numbers as JSON-ready values.
        labels: Words that formats need: "contents", "table", "figure", ...
    """

    title: str
    subtitle: str
    language: str
    sections: tuple[Section, ...]
    data: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)

    def tables(self) -> tuple[TableBlock, ...]:
        """Return all tables, in order, those that stand in for an explorer among them."""
        blocks = [block for section in self.sections for block in section.walk()]
        shown = [block.fallback if isinstance(block, ExplorerBlock) else block for block in blocks]
        return tuple(block for block in shown if isinstance(block, TableBlock))

    def figures(self) -> tuple[FigureBlock, ...]:
        """Return all figures, in order."""
        return tuple(block for section in self.sections for block in section.walk() if isinstance(block, FigureBlock))
