"""Where the parts of a chart stand on its page, in px; the SVG picture and the plotly figure share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trustsem.plots.chart import (
    AXIS,
    LABEL_FONT,
    NOTE_FONT,
    TITLE_FONT,
    CellPanel,
    Chart,
    Panel,
    RowPanel,
)
from trustsem.plots.geometry import CHARACTER, Box, Point, text_width, wrap

MARGIN, HEADER, PANEL_TITLE, GAP = 24.0, 58.0, 26.0, 34.0
PLOT_WIDTH = {1: 520.0, 2: 300.0}  # px of an axis, by panels side by side
NARROW = 230.0
BIN_HEIGHT = 128.0
BIN_HEAD = 22.0  # above the bars, for the numbers of marked values
SCALE = 90.0  # right of a map, for what its colours mean
KEY = 13.0
KEY_STEP = 20.0
NOTE_STEP = NOTE_FONT * 1.4
LEAST_WIDTH = 560.0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The page of a chart.

    Args:
        width, height: Of the page.
        labels: Width of the labels before the axes of row panels.
        plots: Box of each panel's data.
        titles: Left end of each panel's title.
        keys: Box of the square of each entry of the legend.
        notes: Lines under the chart with their places.
    """

    width: float
    height: float
    labels: float
    plots: tuple[Box, ...]
    titles: tuple[Point, ...]
    keys: tuple[Box, ...]
    notes: tuple[tuple[Point, str], ...]


def arrange(chart: Chart) -> Arrangement:
    """Return the page of a chart: panels in a grid, as wide and tall as they need."""
    columns = min(chart.columns, len(chart.panels))
    plot_width = PLOT_WIDTH.get(columns, NARROW)
    labels = max((panel.label_width for panel in chart.panels if isinstance(panel, RowPanel)), default=0.0)
    sizes = [_size(panel, plot_width, labels) for panel in chart.panels]
    widths = [max(w for w, _ in sizes[k::columns]) for k in range(columns)]
    heights = [max(h for _, h in sizes[k : k + columns]) for k in range(0, len(sizes), columns)]
    width = max(sum(widths) + GAP * (columns - 1), text_width(chart.title, TITLE_FONT), LEAST_WIDTH) + 2 * MARGIN
    keys = _keys(chart, width)
    top = HEADER + (keys[-1].bottom - HEADER + 18 if keys else 0.0)
    lines = wrap(" ".join(chart.notes), int((width - 2 * MARGIN) / (NOTE_FONT * CHARACTER))) if chart.notes else ()
    height = top + sum(heights) + GAP * (len(heights) - 1) + NOTE_STEP * len(lines) + 2 * MARGIN
    corners = [
        (MARGIN + sum(widths[:column]) + GAP * column, top + sum(heights[:row]) + GAP * row)
        for row in range(len(heights))
        for column in range(columns)
    ][: len(chart.panels)]
    plots = [_plot(panel, corner, plot_width, labels) for panel, corner in zip(chart.panels, corners, strict=True)]
    first = height - MARGIN - NOTE_STEP * (len(lines) - 1)
    return Arrangement(
        width,
        height,
        labels,
        tuple(plots),
        tuple((x, y + 6) for x, y in corners),
        keys,
        tuple(((MARGIN, first + NOTE_STEP * k), line) for k, line in enumerate(lines)),
    )


def _size(panel: Panel, plot_width: float, labels: float) -> tuple[float, float]:
    head = PANEL_TITLE if panel.title else 0.0
    if isinstance(panel, RowPanel):
        return labels + plot_width + panel.text_width, head + panel.height + AXIS
    if isinstance(panel, CellPanel):
        side, names = panel.cell * len(panel.names), name_width(panel.names)
        return names + side + SCALE, head + side + names + 8
    return plot_width + 30, head + BIN_HEAD + BIN_HEIGHT + AXIS


def _plot(panel: Panel, corner: Point, plot_width: float, labels: float) -> Box:
    x, y = corner
    y += PANEL_TITLE if panel.title else 0.0
    if isinstance(panel, RowPanel):
        return Box(x + labels, y, plot_width, panel.height)
    if isinstance(panel, CellPanel):
        side = panel.cell * len(panel.names)
        return Box(x + name_width(panel.names), y, side, side)
    return Box(x + 14, y + BIN_HEAD, plot_width, BIN_HEIGHT)


def name_width(names: Sequence[str]) -> float:
    """Return the room that names of variables need beside or under a map."""
    return max(text_width(name, LABEL_FONT - 1) for name in names) + 10


def _keys(chart: Chart, width: float) -> tuple[Box, ...]:
    boxes, x, y = [], MARGIN, HEADER
    for key in chart.keys:
        wide = KEY + 24 + text_width(key.text, LABEL_FONT)
        if x + wide > width - MARGIN and x > MARGIN:
            x, y = MARGIN, y + KEY_STEP
        boxes.append(Box(x, y, KEY, KEY))
        x += wide
    return tuple(boxes)
