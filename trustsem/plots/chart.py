"""Charts as records: panels of rows, of cells or of bars, drawn alike as SVG and by plotly.

Traces are those of plotly's cartesian bundle: scatter, bar, heat map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from trustsem.plots.geometry import text_width, wrap

LABEL_FONT, TITLE_FONT, PANEL_FONT, NOTE_FONT = 12.0, 18.0, 14.0, 12.0
LABEL_LETTERS = 52  # in a line of a row's label
ROW_LINE = 15.0  # px of a line of a row's label
ROW_FREE = 9.0  # px between rows
CELL = 26.0  # px; smaller where there are many
AXIS = 46.0  # px under a panel for ticks and the title of its axis


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a row from one value to another; `colours` are those of the light and the dark theme."""

    start: float
    end: float
    colours: tuple[str, str]
    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A line of a row panel.

    Args:
        label: What stands before it.
        value: Place of its dot; None for none.
        lower, upper: Ends of its interval; None for none.
        role: Role of its colour.
        is_hollow: Whether the dot is a ring: not significant, fixed, rejected.
        bars: Stacked parts.
        text: What stands behind it.
        note: What shows when a reader points at it.
        is_heading: The label is that of the rows below; nothing else is drawn.
    """

    label: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    role: str = "line"
    is_hollow: bool = False
    bars: tuple[Bar, ...] = ()
    text: str = ""
    note: str = ""
    is_heading: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The label as it is printed."""
        return wrap(self.label, LABEL_LETTERS)

    @property
    def height(self) -> float:
        """Px that the row takes."""
        return len(self.lines) * ROW_LINE + ROW_FREE


@dataclass(frozen=True, slots=True)
class RowPanel:
    """Rows over one axis of numbers.

    Args:
        title: Above the panel; "" for none.
        rows: From top to bottom.
        axis: Title of the axis.
        references: Values where a line is drawn through all rows.
        limits: Ends of the axis; None: what the rows need.
        is_percent: Whether values are shares, printed as per cent without a sign.
    """

    title: str
    rows: tuple[ChartRow, ...]
    axis: str
    references: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None
    is_percent: bool = False

    @property
    def height(self) -> float:
        """Px of all rows."""
        return sum(row.height for row in self.rows)

    def middles(self, top: float) -> tuple[float, ...]:
        """Return the heights of the rows' middles when the panel starts at `top`."""
        ends = accumulate((row.height for row in self.rows), initial=top)
        return tuple(end + row.height / 2 for end, row in zip(ends, self.rows, strict=False))

    @property
    def label_width(self) -> float:
        """Px before the axis."""
        return max((text_width(line, LABEL_FONT) for row in self.rows for line in row.lines), default=0.0) + 12

    @property
    def text_width(self) -> float:
        """Px behind the axis."""
        return max((text_width(row.text, LABEL_FONT) for row in self.rows if row.text), default=0.0) + 14

    def range(self) -> tuple[float, float]:
        """Return the ends of the axis."""
        return self.limits or shared_range(self.rows, self.references)


@dataclass(frozen=True, slots=True)
class CellPanel:
    """A matrix of coloured cells; None where there is no cell. Colours run from -limit to limit."""

    title: str
    names: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    limit: float
    axis: str

    @property
    def cell(self) -> float:
        """Px of a cell's side."""
        return min(CELL, max(13.0, 780.0 / max(len(self.names), 1)))


@dataclass(frozen=True, slots=True)
class Mark:
    """A line at a value: solid or dashed, with a word."""

    value: float
    text: str
    role: str = "ink"
    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class BinPanel:
    """Bars over a number: how many draws fall between each two edges, with marked values."""

    title: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    marks: tuple[Mark, ...]
    axis: str

    def range(self) -> tuple[float, float]:
        """Return the ends of the axis."""
        return padded([self.edges[0], self.edges[-1], *(mark.value for mark in self.marks)], 0.03)


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend: a square in both themes' colours with a word."""

    text: str
    colours: tuple[str, str]


Panel = RowPanel | CellPanel | BinPanel


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels under a title, in a grid.

    Args:
        title: Of the figure.
        panels: In the order of reading.
        columns: Panels side by side.
        keys: Legend.
        notes: Sentences under the figure.
    """

    title: str
    panels: tuple[Panel, ...]
    columns: int = 1
    keys: tuple[Key, ...] = field(default=())
    notes: tuple[str, ...] = ()


def shared_range(rows: Sequence[ChartRow], references: Sequence[float] = ()) -> tuple[float, float]:
    """Return the ends of an axis for these rows."""
    values = [*references]
    for row in rows:
        values += [v for v in (row.value, row.lower, row.upper) if v is not None]
        values += [end for bar in row.bars for end in (bar.start, bar.end)]
    return padded(values)


def padded(values: Sequence[float], share: float = 0.06) -> tuple[float, float]:
    """Return ends a little beyond the smallest and the largest finite value."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    free = share * (high - low) or max(abs(high) * share, 0.05)
    return low - free, high + free


def ticks(low: float, high: float, most: int = 7) -> tuple[float, ...]:
    """Return round numbers between two ends.

    Example:
        >>> ticks(-0.1, 1.04)
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(k * step, 12) + 0.0 for k in range(first, last + 1))


def tick_text(value: float, step: float, *, is_percent: bool = False) -> str:
    """Return a tick as text, with the decimals that its step needs."""
    if is_percent:
        return f"{abs(100 * value):.0f} %"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    if decimals and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    return f"{value:.{decimals}f}".replace("-", "\N{MINUS SIGN}")
