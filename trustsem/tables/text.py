"""Plain text for terminals and summaries: tables, wrapped sentences, aligned pairs; East Asian widths are counted."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

GAP = 2
_LEAST_TEXT = 14  # a text column narrower than this is unreadable: the row is stacked instead
_NUMBER = re.compile(r"[<>]?[+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?%?", re.IGNORECASE)
_ONE_LINE = re.compile(r" *[!-~]+(?: [!-~]+)*")
_PIECES = re.compile(r"[^_/]*[_/]+|[^_/]+")
_NO_LINE_START = frozenset("，。；：？！、）》”’")

Row = Sequence[object]


def render_table(columns: Sequence[str], rows: Sequence[Row], *, width: int = 80) -> str:
    """Render a table in plain text: text columns wrap, numbers align right and never break.

    A row of one cell is a heading across the table. Where names would get too little room, each row is stacked: its
    names on one line, its numbers below.

    Args:
        columns: Headings.
        rows: Cells; text stays as it is, floats are printed with three decimals, None and NaN as blank.
        width: Characters a line may have.

    Example:
        >>> print(render_table(["path", "est"], [["a -> b", 0.5], ["c", None]]))
        path      est
        a -> b  0.500
        c
    """
    cells = [[format_cell(cell) for cell in row] for row in rows]
    numeric = [_is_numeric(cells, index) for index in range(len(columns))]
    natural = _natural_widths(columns, cells)
    widths = _fitted_widths(natural, numeric, width)
    if widths is None:
        lines = _stacked_lines(columns, cells, numeric, natural, width)
    else:
        lines = _grid_lines(columns, cells, numeric, widths, width)
    return "\n".join(line.rstrip() for line in lines)


def _is_numeric(cells: Sequence[Sequence[str]], index: int) -> bool:
    filled = [row[index] for row in cells if len(row) > index and len(row) > 1 and row[index]]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)


def _natural_widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    full = [row for row in cells if len(row) > 1]
    return [max(map(display_width, [name, *(row[i] for row in full)])) for i, name in enumerate(columns)]


def _fitted_widths(natural: Sequence[int], numeric: Sequence[bool], width: int) -> list[int] | None:
    """Shrink the widest text columns until the line fits; None where one would become unreadable."""
    widths = list(natural)
    excess = sum(widths) + GAP * (len(widths) - 1) - width
    while excess > 0:
        texts = [i for i, is_number in enumerate(numeric) if not is_number and widths[i] > _LEAST_TEXT]
        if not texts:
            return None
        widest = max(texts, key=lambda i: widths[i])
        widths[widest] -= 1
        excess -= 1
    return widths


def _grid_lines(
    columns: Sequence[str], cells: Sequence[Sequence[str]], numeric: Sequence[bool], widths: Sequence[int], width: int
) -> list[str]:
    lines = []
    for row in (list(columns), *cells):
        if len(row) == 1:
            lines.extend(wrap_text(row[0], width, hanging=2))
            continue
        wrapped = [
            [cell] if is_number else wrap_text(cell, room, hanging=2 if index == 0 else 0) or [""]
            for index, (cell, is_number, room) in enumerate(zip(row, numeric, widths, strict=True))
        ]
        for number in range(max(map(len, wrapped))):
            parts = [part[number] if number < len(part) else "" for part in wrapped]
            lines.append((" " * GAP).join(map(pad, parts, widths, numeric)))
    return lines


def _stacked_lines(
    columns: Sequence[str], cells: Sequence[Sequence[str]], numeric: Sequence[bool], natural: Sequence[int], width: int
) -> list[str]:
    numbers = [i for i, is_number in enumerate(numeric) if is_number]
    fits = sum(natural[i] for i in numbers) + GAP * len(numbers) <= width
    # Numbers in columns need their headings once; otherwise each carries its own.
    lines = ["".join(" " * GAP + pad(columns[i], natural[i], True) for i in numbers)] if fits else []
    for row in cells:
        lines.extend(wrap_text(row[0], width, hanging=2))
        if len(row) == 1:
            continue
        if fits and any(row[i] for i in numbers):
            lines.append("".join(" " * GAP + pad(row[i], natural[i], True) for i in numbers))
        named = [i for i in range(1, len(row)) if row[i] and not (fits and numeric[i])]
        pairs = "; ".join(f"{columns[i]}={row[i]}" if columns[i] else row[i] for i in named)
        lines.extend(wrap_text(f"    {pairs}", width, hanging=2) if pairs else [])
    return lines


def render_pairs(pairs: Iterable[tuple[str, object]], *, width: int = 80) -> str:
    """Render labels with values beside them; long values wrap under their beginning, empty ones are left out.

    Example:
        >>> print(render_pairs([("Model", "m"), ("Rows used", 12)]))
        Model      m
        Rows used  12
    """
    shown = [(label, format_cell(value)) for label, value in pairs if format_cell(value)]
    room = max((display_width(label) for label, _ in shown), default=0) + GAP
    lines = []
    for label, value in shown:
        first, *others = wrap_text(value, max(width - room, 20)) or [""]
        lines.append(pad(label, room) + first)
        lines.extend(" " * room + other for other in others)
    return "\n".join(lines)


def wrap_text(text: str, width: int, *, hanging: int = 0) -> list[str]:
    """Wrap one paragraph; leading blanks stay, later lines are indented by `hanging` more.

    Lines break at blanks and between Chinese characters; only a name longer than a line is broken, after an
    underscore where it has one.

    Example:
        >>> wrap_text("  interpersonal_interaction (ii)", 18, hanging=2)
        ['  interpersonal_', '    interaction', '    (ii)']
    """
    if len(text) <= width and _ONE_LINE.fullmatch(text):  # most cells of a table
        return [text]
    lead = " " * (len(text) - len(text.lstrip(" ")))
    later = lead + " " * hanging
    lines: list[str] = []
    line, is_empty = lead, True
    for blank, word in _words(text.strip()):
        for number, piece in enumerate(_fit_word(word, max(width - len(later), 4))):
            glue = "" if is_empty or number else blank
            if is_empty or display_width(line + glue + piece) <= width:
                line += glue + piece
            else:
                lines.append(line)
                line = later + piece
            is_empty = False
    return [*lines, line] if not is_empty else []


def _words(text: str) -> list[tuple[str, str]]:
    """Split a text into (blank before, word); every Chinese character is a word of its own."""
    words: list[tuple[str, str]] = []
    for chunk in text.split():
        blank, current = " ", ""
        for char in chunk:
            wide = display_width(char) == 2 and char not in _NO_LINE_START
            if current and (wide or (display_width(current[-1]) == 2 and char not in _NO_LINE_START)):
                words.append((blank, current))
                blank, current = "", ""
            current += char
        words.append((blank, current))
    return words


def _fit_word(word: str, room: int) -> list[str]:
    """Break a word that is longer than a line, after underscores first."""
    if display_width(word) <= room:
        return [word]
    pieces = []
    for piece in _PIECES.findall(word):
        pieces.extend(piece[start : start + room] for start in range(0, len(piece), room))
    return pieces


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters two, combining marks none.

    Example:
        >>> display_width("信任 ok")
        7
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, width: int, right: bool = False) -> str:
    """Fill a text up to a display width, at the left of it when `right`."""
    fill = " " * max(width - display_width(text), 0)
    return fill + text if right else text + fill


def heading(text: str) -> str:
    """Return a heading with a rule under it."""
    return f"{text}\n{'-' * display_width(text)}"


def format_cell(cell: object) -> str:
    """Return a cell as text: three decimals for floats, blank for what is absent."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return format_number(cell)
    return str(cell)


def format_number(value: float, decimals: int = 3) -> str:
    """Return a number with fixed decimals, without a minus sign in front of zero.

    Example:
        >>> format_number(0.25), format_number(-0.0001), format_number(2.5e9)
        ('0.250', '0.000', '2.5e+09')
    """
    if abs(value) >= 1e6:
        return f"{value:.3g}"
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def format_pvalue(value: float | None) -> str:
    """Return a p-value as reports print it: three decimals, `<.001` below.

    Example:
        >>> format_pvalue(0.0401), format_pvalue(0.00001), format_pvalue(None)
        ('.040', '<.001', '')
    """
    if value is None or math.isnan(value):
        return ""
    if value < 0.001:
        return "<.001"
    text = f"{value:.3f}"
    return text if text.startswith("1") else text.lstrip("0")
