"""A path diagram by plotly: the same places, with a menu for the four kinds of labels."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from trustsem.plots.diagram.draw_svg import MARGIN, edge_role, heads, is_dashed, note_lines
from trustsem.plots.diagram.graph import EdgeKind, LabelKind
from trustsem.plots.diagram.records import DiagramEdge, DiagramNode, PathDiagram
from trustsem.plots.diagram.sizes import ITEM_FONT, LABEL_FONT, NODE_FONT, NOTE_FONT, TITLE_FONT
from trustsem.plots.geometry import Point
from trustsem.plots.palette import FONTS, Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

BUTTONS = {
    LabelKind.STD: "Standardised",
    LabelKind.STARS: "Standardised, with stars",
    LabelKind.EST: "Estimates",
    LabelKind.CI: "95 % intervals",
}


def diagram_figure(diagram: PathDiagram, theme: Theme) -> go.Figure:
    """Return the diagram as a plotly figure of the size of its page.

    Args:
        diagram: What is drawn.
        theme: Colours.
    """
    import plotly.graph_objects as go

    figure = go.Figure([*_edge_traces(diagram, theme), _hover(diagram)])
    texts = {kind: _annotations(diagram, kind, theme) for kind in BUTTONS}
    buttons = [
        {"label": BUTTONS[kind], "method": "relayout", "args": [{"annotations": texts[kind]}]} for kind in BUTTONS
    ]
    hidden = {"visible": False, "fixedrange": False}
    figure.update_layout(
        width=round(diagram.width),
        height=round(diagram.height),
        margin={"t": 0, "b": 0, "l": 0, "r": 0},
        xaxis={**hidden, "range": [0, diagram.width]},
        yaxis={**hidden, "range": [diagram.height, 0]},
        paper_bgcolor=theme["paper"],
        plot_bgcolor=theme["paper"],
        font={"family": FONTS, "color": theme["ink"]},
        template="none",
        showlegend=False,
        modebar={"orientation": "v"},
        shapes=[_shape(node, theme) for node in diagram.nodes],
        annotations=texts[diagram.label],
        updatemenus=[
            {
                "buttons": buttons, "active": list(BUTTONS).index(diagram.label),
                "x": 1 - (MARGIN + 30) / diagram.width,
                "y": 1 - MARGIN / 2 / diagram.height, "xanchor": "right", "yanchor": "top",
                "bgcolor": theme["node"], "bordercolor": theme["muted"], "font": {"color": theme["ink"], "size": 12},
            }
        ],
    )  # fmt: skip
    return figure


def _edge_traces(diagram: PathDiagram, theme: Theme) -> Iterator[go.Scatter]:
    import plotly.graph_objects as go

    for edge in diagram.edges:
        points, colour = edge.curve.points(), theme[edge_role(edge, by_basis=diagram.by_basis)]
        yield go.Scatter(
            x=points[:, 0].round(1).tolist(), y=points[:, 1].round(1).tolist(), mode="lines", hoverinfo="skip",
            line={"color": colour, "width": edge.width, "dash": "6px,4px" if is_dashed(edge) else "solid"},
        )  # fmt: skip
        for triangle in heads(edge):
            corners = [*triangle, triangle[0]]
            yield go.Scatter(
                x=[round(x, 1) for x, _ in corners], y=[round(y, 1) for _, y in corners], mode="lines", fill="toself",
                fillcolor=theme["paper"] if edge.relation.is_negative else colour, hoverinfo="skip",
                line={"color": colour, "width": 1.4},
            )  # fmt: skip


def _hover(diagram: PathDiagram) -> go.Scatter:
    """Return invisible points that show names, questions and all four texts."""
    import plotly.graph_objects as go

    spots: list[tuple[Point, str]] = [(node.box.centre, _node_note(node)) for node in diagram.nodes]
    spots += [(edge.labels[diagram.label].centre, _edge_note(edge)) for edge in diagram.edges]
    return go.Scatter(
        x=[round(x, 1) for (x, _), _ in spots], y=[round(y, 1) for (_, y), _ in spots], mode="markers",
        marker={"size": 18, "opacity": 0}, hovertext=[note for _, note in spots], hoverinfo="text",
    )  # fmt: skip


def _node_note(node: DiagramNode) -> str:
    name = f"<b>{escape(node.variable.name)}</b>"
    return f"{name}<br>{escape(node.wording)}" if node.wording else name


def _edge_note(edge: DiagramEdge) -> str:
    relation = edge.relation
    arrow = "↔" if relation.kind is EdgeKind.COVARIANCE else "→"
    lines = [f"{BUTTONS[kind]}: {escape(relation.texts[kind])}" for kind in BUTTONS]
    return "<br>".join([f"<b>{escape(relation.source)} {arrow} {escape(relation.target)}</b>", *lines])


def _shape(node: DiagramNode, theme: Theme) -> dict[str, Any]:
    is_item, box = node.variable.owner is not None, node.box
    return {
        "type": "circle" if node.variable.is_latent else "rect", "layer": "below",
        "x0": box.left, "x1": box.right, "y0": box.top, "y1": box.bottom,
        "fillcolor": theme["item"] if is_item else theme[node.variable.level or "node"],
        "line": {"color": theme["ink"], "width": 1.0 if is_item else 1.4},
    }  # fmt: skip


def _annotations(diagram: PathDiagram, kind: LabelKind, theme: Theme) -> list[dict[str, Any]]:
    """Return all texts of the page: title, names, labels of one kind, notes."""
    texts = [_text((MARGIN, MARGIN + 8), f"<b>{escape(diagram.title)}</b>", TITLE_FONT, theme["ink"], left=True)]
    for node in diagram.nodes:
        size = ITEM_FONT if node.variable.owner is not None else NODE_FONT
        texts.append(_text(node.box.centre, "<br>".join(escape(line) for line in node.lines), size, theme["ink"]))
    for edge in diagram.edges:
        label = _text(edge.labels[kind].centre, escape(edge.relation.texts[kind]), LABEL_FONT, theme["ink"])
        texts.append({**label, "bgcolor": theme["paper"]})
    texts += [
        _text(point, escape(line), NOTE_FONT, theme["muted"], left=True) for point, line in note_lines(diagram, kind)
    ]
    return texts


def _text(at: Point, text: str, size: float, colour: str, *, left: bool = False) -> dict[str, Any]:
    return {
        "x": round(at[0], 1), "y": round(at[1], 1), "text": text, "showarrow": False, "borderpad": 0,
        "font": {"size": size, "color": colour}, "xanchor": "left" if left else "center", "yanchor": "middle",
        "align": "left" if left else "center",
    }  # fmt: skip
