"""Charts as SVG pictures."""

from __future__ import annotations

from collections.abc import Sequence

from trustsem.plots.chart import (
    AXIS,
    LABEL_FONT,
    NOTE_FONT,
    PANEL_FONT,
    TITLE_FONT,
    BinPanel,
    CellPanel,
    Chart,
    ChartRow,
    Panel,
    RowPanel,
    padded,
    tick_text,
    ticks,
)
from trustsem.plots.geometry import CHARACTER, Box, straight, text_width, wrap
from trustsem.plots.numbers import number
from trustsem.plots.palette import DARK, LIGHT, at
from trustsem.plots.svg import Drawing, Stroke

MARGIN, HEADER, PANEL_TITLE, GAP = 24.0, 58.0, 26.0, 34.0
PLOT_WIDTH = {1: 520.0, 2: 300.0}  # px of the axis by panels side by side
NARROW = 230.0
BIN_HEIGHT = 150.0
KEY = 13.0
NOTE_STEP = NOTE_FONT * 1.4


def chart_svg(chart: Chart, description: str, theme: str) -> str:
    """Return a chart as SVG text.

    Args:
        chart: What is drawn.
        description: The same in words.
        theme: "light", "dark" or "auto".
    """
    plot_width = PLOT_WIDTH.get(chart.columns, NARROW)
    sizes = [_size(panel, plot_width) for panel in chart.panels]
    columns = chart.columns
    widths = [max(w for w, _ in sizes[k::columns]) for k in range(min(columns, len(sizes)))]
    heights = [max(h for _, h in sizes[k : k + columns]) for k in range(0, len(sizes), columns)]
    width = max(sum(widths) + GAP * (len(widths) - 1), text_width(chart.title, TITLE_FONT), 560.0) + 2 * MARGIN
    notes = wrap(" ".join(chart.notes), int((width - 2 * MARGIN) / (NOTE_FONT * CHARACTER))) if chart.notes else ()
    key_rows = _key_places(chart, width)
    keys = (max((y for _, y in key_rows), default=-22.0) + 30.0) if chart.keys else 0.0
    height = HEADER + keys + sum(heights) + GAP * (len(heights) - 1) + NOTE_STEP * len(notes) + 2 * MARGIN
    drawing = Drawing(width, height, chart.title, description, theme)
    drawing.text((MARGIN, MARGIN + 8), chart.title, TITLE_FONT, anchor="start", bold=True)
    _draw_keys(drawing, chart, key_rows)
    y = HEADER + keys
    for row, tall in enumerate(heights):
        x = MARGIN
        for column, wide in enumerate(widths):
            k = row * columns + column
            if k < len(chart.panels):
                _draw_panel(drawing, chart.panels[k], x, y, plot_width)
            x += wide + GAP
        y += tall + GAP
    for k, line in enumerate(notes):
        place = height - MARGIN - NOTE_STEP * (len(notes) - 1 - k)
        drawing.text((MARGIN, place), line, NOTE_FONT, anchor="start", role="muted")
    return drawing.finish()


def _size(panel: Panel, plot_width: float) -> tuple[float, float]:
    head = PANEL_TITLE if panel.title else 0.0
    if isinstance(panel, RowPanel):
        return panel.label_width + plot_width + panel.text_width, head + panel.height + AXIS
    if isinstance(panel, CellPanel):
        side = panel.cell * len(panel.names)
        names = _name_width(panel.names)
        return names + side + 90, head + side + names + 8
    return plot_width + 30, head + BIN_HEIGHT + AXIS


def _name_width(names: Sequence[str]) -> float:
    return max(text_width(name, LABEL_FONT - 1) for name in names) + 10


def _key_places(chart: Chart, width: float) -> list[tuple[float, float]]:
    places, x, y = [], MARGIN, 0.0
    for key in chart.keys:
        wide = KEY + 8 + text_width(key.text, LABEL_FONT) + 16
        if x + wide > width - MARGIN and x > MARGIN:
            x, y = MARGIN, y + 20
        places.append((x, y))
        x += wide
    return places


def _draw_keys(drawing: Drawing, chart: Chart, places: Sequence[tuple[float, float]]) -> None:
    for key, (x, y) in zip(chart.keys, places, strict=True):
        drawing.rectangle(Box(x, HEADER + y, KEY, KEY), fill=drawing.pair(*key.colours), stroke=Stroke("muted", 0.6))
        drawing.text((x + KEY + 6, HEADER + y + KEY / 2), key.text, LABEL_FONT, anchor="start")


def _draw_panel(drawing: Drawing, panel: Panel, x: float, y: float, plot_width: float) -> None:
    if panel.title:
        drawing.text((x, y + 6), panel.title, PANEL_FONT, anchor="start", bold=True)
        y += PANEL_TITLE
    if isinstance(panel, RowPanel):
        _draw_rows(drawing, panel, x + panel.label_width, y, plot_width)
    elif isinstance(panel, CellPanel):
        _draw_cells(drawing, panel, x + _name_width(panel.names), y)
    else:
        _draw_bins(drawing, panel, x + 14, y, plot_width)


class _Axis:
    """Numbers to px along a horizontal axis."""

    def __init__(self, left: float, width: float, ends: tuple[float, float]) -> None:
        self._left, self._width, self.ends = left, width, ends

    def __call__(self, value: float) -> float:
        low, high = self.ends
        return self._left + self._width * (min(max(value, low), high) - low) / (high - low)


def _draw_axis(drawing: Drawing, axis: _Axis, top: float, bottom: float, title: str, *, is_percent: bool) -> None:
    marks = ticks(*axis.ends)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    for value in marks:
        drawing.curve(straight((axis(value), top), (axis(value), bottom)), Stroke("grid", 1.0))
        text = tick_text(value, step, is_percent=is_percent)
        drawing.text((axis(value), bottom + 12), text, LABEL_FONT - 1, role="muted")
    middle = (axis(axis.ends[0]) + axis(axis.ends[1])) / 2
    drawing.text((middle, bottom + 32), title, LABEL_FONT, role="muted")


def _draw_rows(drawing: Drawing, panel: RowPanel, left: float, top: float, width: float) -> None:
    axis, bottom = _Axis(left, width, panel.range()), top + panel.height
    _draw_axis(drawing, axis, top, bottom, panel.axis, is_percent=panel.is_percent)
    y = top
    for row in panel.rows:
        middle = y + row.height / 2
        anchor_x = left - 8 if not row.is_heading else left - panel.label_width
        drawing.text((anchor_x, middle), row.lines, LABEL_FONT, anchor="start" if row.is_heading else "end",
                     bold=row.is_heading)  # fmt: skip
        _draw_bars(drawing, row, axis, middle)
        y += row.height
    for value in panel.references:
        drawing.curve(straight((axis(value), top), (axis(value), bottom)), Stroke("muted", 1.4, "5 3"))
    y = top
    for row in panel.rows:
        _draw_dot(drawing, row, axis, y + row.height / 2)
        if row.text:
            drawing.text((left + width + 8, y + row.height / 2), row.text, LABEL_FONT, anchor="start")
        y += row.height


def _draw_bars(drawing: Drawing, row: ChartRow, axis: _Axis, middle: float) -> None:
    for bar in row.bars:
        x, end = axis(bar.start), axis(bar.end)
        box = Box(x, middle - 8.5, max(end - x, 0.0), 17)
        if box.width <= 0:
            continue
        drawing.rectangle(box, fill=drawing.pair(*bar.colours), stroke=Stroke("paper", 0.8), note=bar.note)
        if bar.text and text_width(bar.text, 11) < box.width - 4:
            drawing.text(box.centre, bar.text, 11, role=drawing.pair(*(readable_on(c) for c in bar.colours)))


def readable_on(colour: str) -> str:
    """Return black or white: the one that reads better on a colour (relative luminance of WCAG 2)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#111111" if luminance > 0.179 else "#ffffff"


def _draw_dot(drawing: Drawing, row: ChartRow, axis: _Axis, middle: float) -> None:
    if row.lower is not None and row.upper is not None:
        drawing.curve(straight((axis(row.lower), middle), (axis(row.upper), middle)), Stroke(row.role, 2.2), row.note)
    if row.value is not None:
        fill = "paper" if row.is_hollow else row.role
        box = Box.around((axis(row.value), middle), 9, 9)
        drawing.ellipse(box, fill=fill, stroke=Stroke(row.role, 1.8), note=row.note or None)


def _draw_cells(drawing: Drawing, panel: CellPanel, left: float, top: float) -> None:
    side, size = panel.cell, LABEL_FONT - 1
    for i, row in enumerate(panel.values):
        drawing.text((left - 6, top + (i + 0.5) * side), panel.names[i], min(size, side - 2), anchor="end")
        for j, value in enumerate(row):
            if value is None:
                continue
            fill = drawing.pair(at(LIGHT, value / panel.limit), at(DARK, value / panel.limit))
            note = f"{panel.names[i]}, {panel.names[j]}: {number(value, 3)}"
            drawing.rectangle(Box(left + j * side, top + i * side, side - 1, side - 1), fill=fill, note=note)
            if side >= 24:
                colours = (at(LIGHT, value / panel.limit), at(DARK, value / panel.limit))
                role = drawing.pair(*(readable_on(colour) for colour in colours))
                drawing.text((left + (j + 0.5) * side, top + (i + 0.5) * side), number(value), 9, role=role)
    bottom = top + side * len(panel.names)
    for j, name in enumerate(panel.names):
        drawing.upright((left + (j + 0.5) * side, bottom + 6), name, min(size, side - 2))
    _draw_scale(drawing, panel, left + side * len(panel.names) + 22, top)


def _draw_scale(drawing: Drawing, panel: CellPanel, left: float, top: float) -> None:
    for k in range(9):
        share = 1 - k / 4
        fill = drawing.pair(at(LIGHT, share), at(DARK, share))
        drawing.rectangle(Box(left, top + 14 * k, 14, 14), fill=fill)
        if k % 4 == 0:
            drawing.text((left + 20, top + 14 * k + 7), number(share * panel.limit), LABEL_FONT - 1, anchor="start")


def _draw_bins(drawing: Drawing, panel: BinPanel, left: float, top: float, width: float) -> None:
    ends = padded([panel.edges[0], panel.edges[-1], *(mark.value for mark in panel.marks)], 0.03)
    axis, bottom = _Axis(left, width, ends), top + BIN_HEIGHT
    _draw_axis(drawing, axis, top + 22, bottom, panel.axis, is_percent=False)
    tallest = max(max(panel.counts), 1)
    for low, high, count in zip(panel.edges, panel.edges[1:], panel.counts, strict=False):
        tall = (BIN_HEIGHT - 24) * count / tallest
        note = f"{number(low, 3)} to {number(high, 3)}: {count}"
        box = Box(axis(low), bottom - tall, max(axis(high) - axis(low) - 0.6, 0.4), tall)
        drawing.rectangle(box, fill=drawing.pair("#9dbfdc", "#2f5d84"), note=note)
    for mark in panel.marks:
        stroke = Stroke(mark.role, 1.8, "5 3" if mark.is_dashed else "")
        drawing.curve(straight((axis(mark.value), top + 14), (axis(mark.value), bottom)), stroke)
        drawing.text((axis(mark.value), top + 5), mark.text, LABEL_FONT - 1)
