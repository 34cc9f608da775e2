"""Charts by plotly, in the places of the SVG picture: scatter, bar and heat map traces only."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

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
from trustsem.plots.chart_layout import BIN_HEAD, MARGIN, Arrangement, arrange
from trustsem.plots.chart_svg import BAR
from trustsem.plots.geometry import Box, Point
from trustsem.plots.numbers import number
from trustsem.plots.palette import BINS, DARK, FONTS, Theme, readable_on

if TYPE_CHECKING:
    import plotly.graph_objects as go


def chart_figure(chart: Chart, theme: Theme) -> go.Figure:
    """Return a chart as a plotly figure of the size of its page."""
    import plotly.graph_objects as go

    page = arrange(chart)
    figure = go.Figure()
    axes: dict[str, Any] = {}
    for index, (panel, box) in enumerate(zip(chart.panels, page.plots, strict=True), start=1):
        name = "" if index == 1 else str(index)
        for trace in _traces(panel, box, page, theme):
            figure.add_trace(trace.update(xaxis=f"x{name}", yaxis=f"y{name}"))
        axes[f"xaxis{name}"] = {**_x_axis(panel, theme), "anchor": f"y{name}",
                                "domain": [box.left / page.width, box.right / page.width]}  # fmt: skip
        axes[f"yaxis{name}"] = {**_y_axis(panel), "anchor": f"x{name}",
                                "domain": [1 - box.bottom / page.height, 1 - box.top / page.height]}  # fmt: skip
    figure.update_layout(
        width=round(page.width), height=round(page.height), margin={"t": 0, "b": 0, "l": 0, "r": 0},
        paper_bgcolor=theme["paper"], plot_bgcolor=theme["paper"], template="none", showlegend=False, barmode="overlay",
        font={"family": FONTS, "color": theme["ink"], "size": LABEL_FONT}, modebar={"orientation": "v"},
        annotations=list(_texts(chart, page, theme)),
        shapes=[*_key_shapes(chart, page, theme), *_reference_shapes(chart, theme)], **axes,
    )  # fmt: skip
    return figure


def _texts(chart: Chart, page: Arrangement, theme: Theme) -> Iterator[dict[str, Any]]:
    """Yield everything that is written: title, legend, panels with the labels of their rows, notes."""

    def text(at: Point, words: str, size: float, role: str = "ink", anchor: str = "left") -> dict[str, Any]:
        return {
            "text": words, "x": at[0] / page.width, "y": 1 - at[1] / page.height, "xref": "paper", "yref": "paper",
            "xanchor": anchor, "yanchor": "middle", "align": anchor, "showarrow": False, "borderpad": 0,
            "font": {"size": size, "color": theme[role]},
        }  # fmt: skip

    yield text((MARGIN, MARGIN + 8), f"<b>{escape(chart.title)}</b>", TITLE_FONT)
    for key, box in zip(chart.keys, page.keys, strict=True):
        yield text((box.right + 6, box.centre[1]), escape(key.text), LABEL_FONT)
    for panel, box, place in zip(chart.panels, page.plots, page.titles, strict=True):
        if panel.title:
            yield text(place, f"<b>{escape(panel.title)}</b>", PANEL_FONT)
        if not isinstance(panel, CellPanel):
            yield text((box.centre[0], box.bottom + 32), escape(panel.axis), LABEL_FONT, "muted", "center")
        if isinstance(panel, RowPanel):
            for row, middle in zip(panel.rows, panel.middles(box.top), strict=True):
                words = "<br>".join(escape(line) for line in row.lines)
                if row.is_heading:
                    yield text((box.left - page.labels, middle), f"<b>{words}</b>", LABEL_FONT)
                    continue
                yield text((box.left - 8, middle), words, LABEL_FONT, anchor="right")
                if row.text:
                    yield text((box.right + 8, middle), escape(row.text), LABEL_FONT)
        elif isinstance(panel, BinPanel):
            low, high = panel.range()
            for mark in panel.marks:
                x = box.left + box.width * (mark.value - low) / (high - low)
                yield text((x, box.top - BIN_HEAD + 5), escape(mark.text), LABEL_FONT - 1, anchor="center")
    for point, line in page.notes:
        yield text(point, escape(line), NOTE_FONT, "muted")


def _key_shapes(chart: Chart, page: Arrangement, theme: Theme) -> Iterator[dict[str, Any]]:
    for key, box in zip(chart.keys, page.keys, strict=True):
        yield {
            "type": "rect", "xref": "paper", "yref": "paper", "fillcolor": key.colours[theme is DARK],
            "x0": box.left / page.width, "x1": box.right / page.width,
            "y0": 1 - box.bottom / page.height, "y1": 1 - box.top / page.height,
            "line": {"color": theme["muted"], "width": 0.6},
        }  # fmt: skip


def _reference_shapes(chart: Chart, theme: Theme) -> Iterator[dict[str, Any]]:
    for index, panel in enumerate(chart.panels, start=1):
        name = "" if index == 1 else str(index)
        for value in panel.references if isinstance(panel, RowPanel) else ():
            yield {
                "type": "line", "layer": "below", "xref": f"x{name}", "yref": f"y{name} domain", "x0": value,
                "x1": value, "y0": 0, "y1": 1, "line": {"color": theme["muted"], "width": 1.4, "dash": "5px,3px"},
            }  # fmt: skip


def _traces(panel: Panel, box: Box, page: Arrangement, theme: Theme) -> Iterator[Any]:
    if isinstance(panel, RowPanel):
        yield from _row_traces(panel, theme)
    elif isinstance(panel, CellPanel):
        yield _heat_map(panel, box, page, theme)
    else:
        yield from _bin_traces(panel, theme)


def _row_traces(panel: RowPanel, theme: Theme) -> Iterator[Any]:
    import plotly.graph_objects as go

    middles = panel.middles(0.0)
    bars = [(bar, y) for row, y in zip(panel.rows, middles, strict=True) for bar in row.bars]
    if bars:
        colours = [bar.colours[theme is DARK] for bar, _ in bars]
        yield go.Bar(
            orientation="h", x=[b.end - b.start for b, _ in bars], base=[b.start for b, _ in bars],
            y=[y for _, y in bars], width=BAR, text=[b.text for b, _ in bars], textposition="inside", textangle=0,
            insidetextanchor="middle", constraintext="none",
            insidetextfont={"color": [readable_on(colour) for colour in colours], "size": LABEL_FONT - 1},
            marker={"color": colours, "line": {"color": theme["paper"], "width": 0.8}},
            hovertext=[escape(b.note) for b, _ in bars], hoverinfo="text",
        )  # fmt: skip
    dots = [(row, y) for row, y in zip(panel.rows, middles, strict=True) if row.value is not None]
    for role in dict.fromkeys(row.role for row, _ in dots):
        yield _dots([(row, y) for row, y in dots if row.role == role], theme[role], theme["paper"])


def _dots(dots: list[tuple[ChartRow, float]], colour: str, paper: str) -> go.Scatter:
    import plotly.graph_objects as go

    rows = [row for row, _ in dots]
    return go.Scatter(
        x=[row.value for row in rows], y=[y for _, y in dots], mode="markers",
        marker={"size": 9, "color": [paper if row.is_hollow else colour for row in rows],
                "line": {"color": colour, "width": 1.8}},
        error_x={"type": "data", "symmetric": False, "color": colour, "thickness": 2.2, "width": 0,
                 "array": [_reach(row.upper, row.value) for row in rows],
                 "arrayminus": [_reach(row.value, row.lower) for row in rows]},
        hovertext=[escape(row.note or row.label) for row in rows], hoverinfo="text",
    )  # fmt: skip


def _reach(upper: float | None, lower: float | None) -> float:
    return 0.0 if upper is None or lower is None else upper - lower


def _heat_map(panel: CellPanel, box: Box, page: Arrangement, theme: Theme) -> go.Heatmap:
    import plotly.graph_objects as go

    scale = [[k / (len(theme.diverging) - 1), colour] for k, colour in enumerate(theme.diverging)]
    texts = [[number(value, 3) if value is not None else "" for value in row] for row in panel.values]
    return go.Heatmap(
        z=[list(row) for row in panel.values], x=list(panel.names), y=list(panel.names), colorscale=scale,
        zmin=-panel.limit, zmax=panel.limit, xgap=1, ygap=1, customdata=texts, hoverongaps=False,
        hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
        colorbar={"x": (box.right + 16) / page.width, "y": 1 - box.top / page.height, "yanchor": "top", "ypad": 0,
                  "xpad": 0, "len": 130, "lenmode": "pixels", "thickness": 14, "outlinewidth": 0,
                  "tickvals": [-panel.limit, 0, panel.limit],
                  "ticktext": [number(value) for value in (-panel.limit, 0.0, panel.limit)]},
    )  # fmt: skip


def _bin_traces(panel: BinPanel, theme: Theme) -> Iterator[Any]:
    import plotly.graph_objects as go

    pairs = list(pairwise(panel.edges))
    yield go.Bar(
        x=[(low + high) / 2 for low, high in pairs], y=list(panel.counts), width=[high - low for low, high in pairs],
        marker={"color": BINS[theme is DARK]}, hoverinfo="text",
        hovertext=[f"{number(a, 3)} to {number(b, 3)}: {n}" for (a, b), n in zip(pairs, panel.counts, strict=True)],
    )  # fmt: skip
    for mark in panel.marks:
        yield go.Scatter(
            x=[mark.value, mark.value], y=[0, max(max(panel.counts), 1)], mode="lines", hoverinfo="skip",
            line={"color": theme[mark.role], "width": 1.8, "dash": "5px,3px" if mark.is_dashed else "solid"},
        )  # fmt: skip


def _x_axis(panel: Panel, theme: Theme) -> dict[str, Any]:
    common = {"gridcolor": theme["grid"], "zeroline": False, "tickfont": {"size": LABEL_FONT - 1}}
    if isinstance(panel, CellPanel):
        return {**common, "showgrid": False, "tickangle": 90, "dtick": 1, "ticks": ""}
    low, high = panel.range()
    marks = ticks(low, high)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    is_percent = isinstance(panel, RowPanel) and panel.is_percent
    return {
        **common, "range": [low, high], "tickvals": list(marks),
        "ticktext": [tick_text(value, step, is_percent=is_percent) for value in marks],
    }  # fmt: skip


def _y_axis(panel: Panel) -> dict[str, Any]:
    common: dict[str, Any] = {"zeroline": False, "showgrid": False, "ticks": ""}
    if isinstance(panel, CellPanel):
        return {**common, "autorange": "reversed", "dtick": 1, "tickfont": {"size": LABEL_FONT - 1}}
    top = panel.height if isinstance(panel, RowPanel) else 0.0
    return {
        **common, "showticklabels": False,
        "range": [top, 0] if isinstance(panel, RowPanel) else [0, max(max(panel.counts), 1)],
    }  # fmt: skip
