"""What page formats share: widths of columns, headings within tables, text that every file can hold."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trustsem.report.document import Align, TableBlock
from trustsem.tables.text import display_width

PADDING = 3  # characters between columns
_LEAST = 4  # characters of any column
_HEADINGS = 1.35  # capitals and bold letters are wider than digits
_LONGEST_WORD = 18  # of text columns: what is longer may break
_NOTE_MARKS = {"en": ". ", "zh": "："}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Page:
    """How many characters of a table's font fit beside each other; a digit is one, a Chinese character two.

    Args:
        portrait: On an upright page.
        small: Likewise, in a smaller font.
        landscape: On a page on its side, in the usual font.
    """

    portrait: int
    small: int
    landscape: int


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table lies on its page.

    Args:
        shares: Of each column in the width of the table; they add up to 1 or less, narrow tables are not stretched.
        characters: That fit into each column.
        is_small: It needs a smaller font.
        is_wide: It needs a page on its side.
    """

    shares: tuple[float, ...]
    characters: tuple[int, ...]
    is_small: bool
    is_wide: bool


def lay_out(table: TableBlock, page: Page) -> TableLayout:
    """Return widths of columns: numbers never break, text columns share what is left by the length of their texts."""
    rows = [row for row in table.rows if not is_heading(row)]
    columns = [[row[index] for row in rows] for index in range(len(table.columns))]
    longest = [
        max([math.ceil(_HEADINGS * display_width(column.title)), *map(display_width, cells)])
        for column, cells in zip(table.columns, columns)
    ]
    least = [_least_width(column.align, column.title, cells) for column, cells in zip(table.columns, columns)]
    padding = PADDING * len(columns)
    needed = sum(least) + padding
    is_small, is_wide = page.portrait < needed <= page.small, needed > page.small
    room = page.landscape if is_wide else page.small if is_small else page.portrait
    widths = _shared(least, longest, room - padding)
    scale = max(room, sum(widths) + padding)
    return TableLayout(tuple((width + PADDING) / scale for width in widths), tuple(widths), is_small, is_wide)


def _least_width(align: Align, title: str, cells: Sequence[str]) -> int:
    words = [min(math.ceil(_HEADINGS * display_width(word)), _LONGEST_WORD) for word in title.split()]
    if align is Align.RIGHT:
        words += [display_width(cell) for cell in cells]
    else:
        words += [min(display_width(word), _LONGEST_WORD) for cell in cells for word in cell.split()]
    return max([_LEAST, *words])


def _shared(least: Sequence[int], longest: Sequence[int], room: int) -> list[int]:
    widths = list(least)
    wanted = [max(0, full - own) for own, full in zip(least, longest)]
    spare = min(room - sum(least), sum(wanted))
    if spare > 0:
        widths = [own + int(spare * more / sum(wanted)) for own, more in zip(widths, wanted)]
    return widths


def is_heading(row: Sequence[str]) -> bool:
    """Return whether a row is a heading within its table: only its first cell says something."""
    return len(row) > 1 and bool(row[0]) and not any(row[1:])


def note_mark(label: str, language: str) -> str:
    """Return the word before a note, with the mark of its language."""
    return f"{label}{_NOTE_MARKS[language]}"


def printable(text: str) -> str:
    """Return a text whose control characters, which no document can hold, are shown as replaced."""
    return _CONTROL.sub("\ufffd", text)
