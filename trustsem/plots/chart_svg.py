"""Charts as SVG pictures."""

from __future__ import annotations

from itertools import pairwise

from trustsem.plots.chart import (
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
    tick_text,
    ticks,
)
from trustsem.plots.chart_layout import BIN_HEAD, KEY, MARGIN, arrange
from trustsem.plots.geometry import Box, straight, text_width
from trustsem.plots.numbers import number
from trustsem.plots.palette import BINS, DARK, LIGHT, at, readable_on
from trustsem.plots.svg import Drawing, Stroke

BAR = 17.0  # px, height of the bars of a row


def chart_svg(chart: Chart, description: str, theme: str) -> str:
    """Return a chart as SVG text.

    Args:
        chart: What is drawn.
        description: The same in words.
        theme: "light", "dark" or "auto".
    """
    page = arrange(chart)
    drawing = Drawing(page.width, page.height, chart.title, description, theme)
    drawing.text((MARGIN, MARGIN + 8), chart.title, TITLE_FONT, anchor="start", bold=True)
    for key, box in zip(chart.keys, page.keys, strict=True):
        drawing.rectangle(box, fill=drawing.pair(*key.colours), stroke=Stroke("muted", 0.6))
        drawing.text((box.right + 6, box.top + KEY / 2), key.text, LABEL_FONT, anchor="start")
    for panel, box, place in zip(chart.panels, page.plots, page.titles, strict=True):
        if panel.title:
            drawing.text(place, panel.title, PANEL_FONT, anchor="start", bold=True)
        _draw_panel(drawing, panel, box, page.labels)
    for point, line in page.notes:
        drawing.text(point, line, NOTE_FONT, anchor="start", role="muted")
    return drawing.finish()


def _draw_panel(drawing: Drawing, panel: Panel, box: Box, labels: float) -> None:
    if isinstance(panel, RowPanel):
        _draw_rows(drawing, panel, box, labels)
    elif isinstance(panel, CellPanel):
        _draw_cells(drawing, panel, box)
    else:
        _draw_bins(drawing, panel, box)


class _Axis:
    """Numbers to px along a horizontal axis."""

    def __init__(self, box: Box, ends: tuple[float, float]) -> None:
        self._box, self.ends = box, ends

    def __call__(self, value: float) -> float:
        low, high = self.ends
        return self._box.left + self._box.width * (min(max(value, low), high) - low) / (high - low)


def _draw_axis(drawing: Drawing, axis: _Axis, box: Box, title: str, *, is_percent: bool = False) -> None:
    marks = ticks(*axis.ends)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    for value in marks:
        drawing.curve(straight((axis(value), box.top), (axis(value), box.bottom)), Stroke("grid", 1.0))
        text = tick_text(value, step, is_percent=is_percent)
        drawing.text((axis(value), box.bottom + 12), text, LABEL_FONT - 1, role="muted")
    drawing.text((box.centre[0], box.bottom + 32), title, LABEL_FONT, role="muted")


def _draw_rows(drawing: Drawing, panel: RowPanel, box: Box, labels: float) -> None:
    axis = _Axis(box, panel.range())
    _draw_axis(drawing, axis, box, panel.axis, is_percent=panel.is_percent)
    for value in panel.references:
        drawing.curve(straight((axis(value), box.top), (axis(value), box.bottom)), Stroke("muted", 1.4, "5 3"))
    for row, middle in zip(panel.rows, panel.middles(box.top), strict=True):
        if row.is_heading:
            drawing.text((box.left - labels, middle), row.lines, LABEL_FONT, anchor="start", bold=True)
            continue
        drawing.text((box.left - 8, middle), row.lines, LABEL_FONT, anchor="end")
        _draw_bars(drawing, row, axis, middle)
        _draw_dot(drawing, row, axis, middle)
        if row.text:
            drawing.text((box.right + 8, middle), row.text, LABEL_FONT, anchor="start")


def _draw_bars(drawing: Drawing, row: ChartRow, axis: _Axis, middle: float) -> None:
    for bar in row.bars:
        x, end = axis(bar.start), axis(bar.end)
        if end <= x:
            continue
        box = Box(x, middle - BAR / 2, end - x, BAR)
        drawing.rectangle(box, fill=drawing.pair(*bar.colours), stroke=Stroke("paper", 0.8), note=bar.note)
        if bar.text and text_width(bar.text, LABEL_FONT - 1) < box.width - 4:
            role = drawing.pair(*(readable_on(colour) for colour in bar.colours))
            drawing.text(box.centre, bar.text, LABEL_FONT - 1, role=role)


def _draw_dot(drawing: Drawing, row: ChartRow, axis: _Axis, middle: float) -> None:
    if row.lower is not None and row.upper is not None:
        drawing.curve(straight((axis(row.lower), middle), (axis(row.upper), middle)), Stroke(row.role, 2.2), row.note)
    if row.value is not None:
        fill = "paper" if row.is_hollow else row.role
        box = Box.around((axis(row.value), middle), 9, 9)
        drawing.ellipse(box, fill=fill, stroke=Stroke(row.role, 1.8), note=row.note or None)


def _draw_cells(drawing: Drawing, panel: CellPanel, box: Box) -> None:
    side = panel.cell
    size = min(LABEL_FONT - 1, side - 2)
    for i, row in enumerate(panel.values):
        drawing.text((box.left - 6, box.top + (i + 0.5) * side), panel.names[i], size, anchor="end")
        for j, value in enumerate(row):
            if value is not None:
                cell = Box(box.left + j * side, box.top + i * side, side - 1, side - 1)
                _draw_cell(drawing, cell, value, panel, f"{panel.names[i]}, {panel.names[j]}")
    for j, name in enumerate(panel.names):
        drawing.upright((box.left + (j + 0.5) * side, box.bottom + 6), name, size)
    _draw_scale(drawing, panel, box.right + 22, box.top)


def _draw_cell(drawing: Drawing, cell: Box, value: float, panel: CellPanel, pair: str) -> None:
    colours = at(LIGHT, value / panel.limit), at(DARK, value / panel.limit)
    drawing.rectangle(cell, fill=drawing.pair(*colours), note=f"{pair}: {number(value, 3)}")
    if panel.cell >= 24:
        drawing.text(cell.centre, number(value), 9, role=drawing.pair(*(readable_on(c) for c in colours)))


def _draw_scale(drawing: Drawing, panel: CellPanel, left: float, top: float) -> None:
    for k in range(9):
        share = 1 - k / 4
        drawing.rectangle(Box(left, top + 14 * k, 14, 14), fill=drawing.pair(at(LIGHT, share), at(DARK, share)))
        if k % 4 == 0:
            drawing.text((left + 20, top + 14 * k + 7), number(share * panel.limit), LABEL_FONT - 1, anchor="start")


def _draw_bins(drawing: Drawing, panel: BinPanel, box: Box) -> None:
    axis = _Axis(box, panel.range())
    _draw_axis(drawing, axis, box, panel.axis)
    tallest = max(max(panel.counts), 1)
    for (low, high), count in zip(pairwise(panel.edges), panel.counts, strict=True):
        tall = box.height * count / tallest
        bar = Box(axis(low), box.bottom - tall, max(axis(high) - axis(low) - 0.6, 0.4), tall)
        drawing.rectangle(bar, fill=drawing.pair(*BINS), note=f"{number(low, 3)} to {number(high, 3)}: {count}")
    for mark in panel.marks:
        stroke = Stroke(mark.role, 1.8, "5 3" if mark.is_dashed else "")
        x = axis(mark.value)
        drawing.curve(straight((x, box.top - BIN_HEAD + 14), (x, box.bottom)), stroke)
        drawing.text((x, box.top - BIN_HEAD + 5), mark.text, LABEL_FONT - 1)
