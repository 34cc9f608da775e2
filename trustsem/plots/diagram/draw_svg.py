"""A path diagram as an SVG picture."""

from __future__ import annotations

import numpy as np

from trustsem.plots.diagram.graph import EdgeKind, LabelKind
from trustsem.plots.diagram.notes import NOTE_STEP, lines_of_notes
from trustsem.plots.diagram.records import DiagramEdge, DiagramNode, PathDiagram
from trustsem.plots.diagram.sizes import ITEM_FONT, LABEL_FONT, NODE_FONT, NOTE_FONT, TITLE_FONT
from trustsem.plots.geometry import Point
from trustsem.plots.svg import Drawing, Stroke

MARGIN = 24.0
HEAD = 11.0  # length of an arrow's head
DASH = "6 4"


def diagram_svg(diagram: PathDiagram, theme: str) -> str:
    """Return the diagram as SVG text.

    Args:
        diagram: What is drawn.
        theme: "light", "dark" or "auto".
    """
    drawing = Drawing(diagram.width, diagram.height, diagram.title, diagram.text(), theme)
    drawing.text((MARGIN, MARGIN + 8), diagram.title, TITLE_FONT, anchor="start", bold=True)
    for edge in diagram.edges:
        _draw_edge(drawing, edge, edge_role(edge, by_basis=diagram.by_basis))
    for node in diagram.nodes:
        _draw_node(drawing, node)
    for edge in diagram.edges:
        box = edge.labels[diagram.label]
        drawing.rectangle(box, fill="paper", radius=2)
        drawing.text(box.centre, edge.relation.texts[diagram.label], LABEL_FONT)
    for point, line in note_lines(diagram, diagram.label):
        drawing.text(point, line, NOTE_FONT, anchor="start", role="muted")
    return drawing.finish()


def note_lines(diagram: PathDiagram, kind: LabelKind) -> list[tuple[Point, str]]:
    """Return the lines under the diagram with their places.

    Args:
        diagram: What is drawn.
        kind: Its labels.
    """
    lines = lines_of_notes(diagram.notes, kind, diagram.width - 2 * MARGIN)
    first = diagram.height - MARGIN - NOTE_STEP * (len(lines) - 1)
    return [((MARGIN, first + NOTE_STEP * k), line) for k, line in enumerate(lines)]


def edge_role(edge: DiagramEdge, *, by_basis: bool) -> str:
    """Return the role of an arrow's colour."""
    relation = edge.relation
    if relation.kind is EdgeKind.COVARIANCE:
        return "neutral"
    if by_basis:
        return "line" if relation.basis in (None, "stated", "cited") else "reading"
    return "negative" if relation.is_negative else "line"


def head(tip: Point, before: Point) -> tuple[Point, Point, Point]:
    """Return the triangle of an arrow's head.

    Args:
        tip: Where it points.
        before: A point of the shaft.
    """
    way = np.array(tip) - np.array(before)
    way = way / max(float(np.hypot(*way)), 1e-9)
    base, across = np.array(tip) - HEAD * way, HEAD * 0.42 * np.array([-way[1], way[0]])
    left, right = base + across, base - across
    return tip, (float(left[0]), float(left[1])), (float(right[0]), float(right[1]))


def heads(edge: DiagramEdge) -> list[tuple[Point, Point, Point]]:
    """Return the heads of an arrow: one, or two of a covariance."""
    points = edge.curve.points()
    from_tip = np.hypot(*(points - points[-1]).T)
    behind = points[np.flatnonzero(from_tip >= min(HEAD, from_tip.max()))[-1]]
    found = [head(edge.curve.end, (float(behind[0]), float(behind[1])))]
    if edge.relation.kind is EdgeKind.COVARIANCE:
        from_start = np.hypot(*(points - points[0]).T)
        ahead = points[np.flatnonzero(from_start >= min(HEAD, from_start.max()))[0]]
        found.append(head(edge.curve.start, (float(ahead[0]), float(ahead[1]))))
    return found


def is_dashed(edge: DiagramEdge) -> bool:
    """Return whether the arrow was tested and p is at least .05."""
    return edge.relation.is_significant is False


def _draw_edge(drawing: Drawing, edge: DiagramEdge, role: str) -> None:
    relation = edge.relation
    sign = "<->" if relation.kind is EdgeKind.COVARIANCE else "->"
    note = f"{relation.source} {sign} {relation.target}: " + ", ".join(relation.texts.values())
    drawing.curve(edge.curve, Stroke(role, edge.width, DASH if is_dashed(edge) else ""), note)
    for triangle in heads(edge):
        hollow = relation.is_negative
        drawing.polygon(triangle, fill="paper" if hollow else role, stroke=Stroke(role, 1.4))


def _draw_node(drawing: Drawing, node: DiagramNode) -> None:
    variable = node.variable
    is_item = variable.owner is not None
    fill = "item" if is_item else variable.level or "node"
    stroke = Stroke("ink", 1.0 if is_item else 1.4)
    note = f"{variable.name}: {node.wording}" if node.wording else variable.name
    if variable.is_latent:
        drawing.ellipse(node.box, fill=fill, stroke=stroke, note=note)
    else:
        drawing.rectangle(node.box, fill=fill, stroke=stroke, radius=3, note=note)
    drawing.text(node.box.centre, node.lines, ITEM_FONT if is_item else NODE_FONT)
