"""Charts by plotly: scatter, bar and heat map traces only."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from trustsem.plots.chart import AXIS, BinPanel, CellPanel, Chart, ChartRow, Panel, RowPanel, tick_text, ticks
from trustsem.plots.chart_svg import BIN_HEIGHT, readable_on
from trustsem.plots.geometry import wrap
from trustsem.plots.numbers import number
from trustsem.plots.palette import DARK, FONTS, Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

_NOTE_LETTERS = 120
_WIDTH = {1: 960, 2: 1060}
_WIDEST = 1240


def chart_figure(chart: Chart, theme: Theme) -> go.Figure:
    """Return a chart as a plotly figure."""
    from plotly.subplots import make_subplots

    columns = min(chart.columns, len(chart.panels))
    lines = -(-len(chart.panels) // columns)
    heights = [max(_height(p) for p in chart.panels[k * columns : (k + 1) * columns]) for k in range(lines)]
    notes = [escape(line) for line in wrap(" ".join(chart.notes), _NOTE_LETTERS)] if chart.notes else []
    bottom = 56 + 17 * len(notes) + (24 if chart.keys else 0)
    height = sum(heights) + 96 * (lines - 1) + 90 + bottom
    inner = max(height - 90 - bottom, 1)
    figure = make_subplots(
        rows=lines, cols=columns, row_heights=[h / sum(heights) for h in heights],
        vertical_spacing=min(96 / inner, 0.9 / max(lines - 1, 1)) if lines > 1 else 0.0,
        subplot_titles=[escape(panel.title) for panel in chart.panels],
    )  # fmt: skip
    for index, panel in enumerate(chart.panels):
        place = {"row": index // columns + 1, "col": index % columns + 1}
        for trace in _traces(panel, theme):
            figure.add_trace(trace, **place)
        figure.update_xaxes(**_x_axis(panel, theme), **place)
        figure.update_yaxes(**_y_axis(panel, theme), **place)
    _add_keys(figure, chart, theme)
    figure.update_layout(**_layout(chart, theme, height, bottom))
    if notes:
        figure.add_annotation(
            text="<br>".join(notes), x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top", align="left",
            yshift=-(60 if not chart.keys else 84), showarrow=False, font={"size": 12, "color": theme["muted"]},
        )  # fmt: skip
    return figure


def _layout(chart: Chart, theme: Theme, height: float, bottom: float) -> dict[str, Any]:
    return {
        "title": {"text": f"<b>{escape(chart.title)}</b>", "x": 0.02, "xanchor": "left", "font": {"size": 18}},
        "width": _WIDTH.get(chart.columns, _WIDEST),
        "height": height,
        "margin": {"t": 90, "b": bottom, "l": 40, "r": 40},
        "paper_bgcolor": theme["paper"],
        "plot_bgcolor": theme["paper"],
        "font": {"family": FONTS, "color": theme["ink"], "size": 12},
        "barmode": "overlay",
        "bargap": 0.25,
        "showlegend": bool(chart.keys),
        "legend": {"orientation": "h", "y": 0, "yanchor": "top", "yref": "paper", "x": 0, "traceorder": "normal"},
        "template": "none",
    }


def _height(panel: Panel) -> float:
    if isinstance(panel, RowPanel):
        return panel.height + 12
    return max(panel.cell * len(panel.names), 220.0) + AXIS if isinstance(panel, CellPanel) else BIN_HEIGHT


def _traces(panel: Panel, theme: Theme) -> Iterator[go.Scatter | go.Bar | go.Heatmap]:
    if isinstance(panel, RowPanel):
        yield from _row_traces(panel, theme)
    elif isinstance(panel, CellPanel):
        yield _heat_map(panel, theme)
    else:
        yield from _bin_traces(panel, theme)


def _middles(panel: RowPanel) -> list[float]:
    """Return the heights of rows, in px from the top."""
    ends, middles = 0.0, []
    for row in panel.rows:
        middles.append(ends + row.height / 2)
        ends += row.height
    return middles


def _row_traces(panel: RowPanel, theme: Theme) -> Iterator[go.Scatter | go.Bar]:
    import plotly.graph_objects as go

    middles = _middles(panel)
    bars = [(bar, y) for row, y in zip(panel.rows, middles, strict=True) for bar in row.bars]
    if bars:
        colours = [bar.colours[theme is DARK] for bar, _ in bars]
        yield go.Bar(
            orientation="h", x=[b.end - b.start for b, _ in bars], base=[b.start for b, _ in bars],
            y=[y for _, y in bars], width=17, text=[b.text for b, _ in bars], textposition="inside", textangle=0,
            insidetextfont={"color": [readable_on(colour) for colour in colours]},
            marker={"color": colours, "line": {"color": theme["paper"], "width": 0.8}},
            hovertext=[escape(b.note) for b, _ in bars], hoverinfo="text", showlegend=False, constraintext="inside",
        )  # fmt: skip
    for reference in panel.references:
        yield go.Scatter(
            x=[reference, reference], y=[0, panel.height], mode="lines", hoverinfo="skip", showlegend=False,
            line={"color": theme["muted"], "width": 1.4, "dash": "dash"},
        )  # fmt: skip
    dots = [(row, y) for row, y in zip(panel.rows, middles, strict=True) if row.value is not None]
    for role in dict.fromkeys(row.role for row, _ in dots):
        yield _dots([(row, y) for row, y in dots if row.role == role], theme[role], theme["paper"])


def _dots(dots: list[tuple[ChartRow, float]], colour: str, paper: str) -> go.Scatter:
    import plotly.graph_objects as go

    rows = [row for row, _ in dots]
    return go.Scatter(
        x=[row.value for row in rows], y=[y for _, y in dots], mode="markers", showlegend=False,
        marker={"size": 9, "color": [paper if row.is_hollow else colour for row in rows],
                "line": {"color": colour, "width": 1.8}},
        error_x={"type": "data", "symmetric": False, "color": colour, "thickness": 2.2, "width": 0,
                 "array": [_reach(row.upper, row.value) for row in rows],
                 "arrayminus": [_reach(row.value, row.lower) for row in rows]},
        hovertext=[escape(row.note or row.label) for row in rows], hoverinfo="text",
    )  # fmt: skip


def _reach(upper: float | None, lower: float | None) -> float:
    return 0.0 if upper is None or lower is None else upper - lower


def _heat_map(panel: CellPanel, theme: Theme) -> go.Heatmap:
    import plotly.graph_objects as go

    scale = [[k / (len(theme.diverging) - 1), colour] for k, colour in enumerate(theme.diverging)]
    texts = [[number(value, 3) if value is not None else "" for value in row] for row in panel.values]
    return go.Heatmap(
        z=[list(row) for row in panel.values], x=list(panel.names), y=list(panel.names), colorscale=scale,
        zmin=-panel.limit, zmax=panel.limit, xgap=1, ygap=1, customdata=texts, hoverongaps=False,
        hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>", colorbar={"title": {"text": panel.axis}},
    )  # fmt: skip


def _bin_traces(panel: BinPanel, theme: Theme) -> Iterator[go.Bar | go.Scatter]:
    import plotly.graph_objects as go

    pairs = list(zip(panel.edges, panel.edges[1:], strict=False))
    yield go.Bar(
        x=[(low + high) / 2 for low, high in pairs], y=list(panel.counts), width=[high - low for low, high in pairs],
        marker={"color": "#2f5d84" if theme is DARK else "#9dbfdc"}, showlegend=False,
        hovertext=[f"{number(a, 3)} to {number(b, 3)}: {n}" for (a, b), n in zip(pairs, panel.counts, strict=True)],
        hoverinfo="text",
    )  # fmt: skip
    top = 1.08 * max(max(panel.counts), 1)
    for mark in panel.marks:
        yield go.Scatter(
            x=[mark.value, mark.value], y=[0, top], mode="lines+text", text=["", mark.text], textposition="top center",
            line={"color": theme[mark.role], "width": 1.8, "dash": "dash" if mark.is_dashed else "solid"},
            showlegend=False, hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip


def _x_axis(panel: Panel, theme: Theme) -> dict[str, Any]:
    common = {"gridcolor": theme["grid"], "zeroline": False, "automargin": True}
    if isinstance(panel, CellPanel):
        return {**common, "showgrid": False, "tickangle": 90, "dtick": 1}
    if isinstance(panel, BinPanel):
        return {**common, "title": {"text": escape(panel.axis)}}
    low, high = panel.range()
    marks = ticks(low, high)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    return {
        **common, "title": {"text": escape(panel.axis)}, "range": [low, high], "tickvals": list(marks),
        "ticktext": [tick_text(value, step, is_percent=panel.is_percent) for value in marks],
    }  # fmt: skip


def _y_axis(panel: Panel, theme: Theme) -> dict[str, Any]:
    common = {"zeroline": False, "automargin": True, "gridcolor": theme["grid"]}
    if isinstance(panel, CellPanel):
        return {**common, "autorange": "reversed", "showgrid": False, "dtick": 1}
    if isinstance(panel, BinPanel):
        return {**common, "title": {"text": "draws"}}
    labels = ["<br>".join(escape(line) for line in row.lines) for row in panel.rows]
    return {
        **common, "showgrid": False, "range": [panel.height, 0], "tickvals": _middles(panel),
        "ticktext": [
            f"<b>{label}</b>" if row.is_heading else label for row, label in zip(panel.rows, labels, strict=True)
        ],
    }  # fmt: skip


def _add_keys(figure: go.Figure, chart: Chart, theme: Theme) -> None:
    import plotly.graph_objects as go

    for key in chart.keys:
        figure.add_trace(
            go.Scatter(x=[None], y=[None], mode="markers", name=escape(key.text),
                       marker={"size": 12, "symbol": "square", "color": key.colours[theme is DARK]})
        )  # fmt: skip
