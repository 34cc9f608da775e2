"""A path diagram as records: every variable and arrow with its place on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trustsem.plots.diagram.graph import LabelKind, Relation, Variable
from trustsem.plots.geometry import Box, Curve
from trustsem.plots.palette import THEMES, read_theme
from trustsem.plots.plot import Plot

if TYPE_CHECKING:
    import plotly.graph_objects as go

SCHEMA = "trustsem.plot.path_diagram/1"


@dataclass(frozen=True, slots=True)
class DiagramNode:
    """A variable on the page.

    Args:
        variable: What it is.
        lines: Its name as it is printed.
        box: Its place; of a latent variable the box around its ellipse.
        wording: The question of an item; None where it is not known.
    """

    variable: Variable
    lines: tuple[str, ...]
    box: Box
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class DiagramEdge:
    """An arrow on the page.

    Args:
        relation: What it is and its numbers.
        curve: Its course; from source to target.
        labels: Box of its label, for each of the four texts.
        in_loop: Whether it is part of a feedback loop.
    """

    relation: Relation
    curve: Curve
    labels: Mapping[LabelKind, Box]
    in_loop: bool = False

    @property
    def width(self) -> float:
        """Width of the line in px: 0.8 plus up to 2.4 by the standardised value."""
        return 0.8 + 2.4 * min(abs(self.relation.std or 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class PathDiagram(Plot):
    """A diagram of one group of a fit, or of its measurement part. Made by `Fit.diagram` and `Fit.plot`.

    Args:
        title: What is shown.
        group: Label of the group; "" where there is one.
        nodes: Variables.
        edges: Arrows.
        width: Of the page in px; the page has the shape of an A4 sheet, held sideways.
        height: Of the page in px.
        label: The text that stands beside arrows in the static picture.
        by_basis: Whether colours of paths tell on what ground the model draws them.
        notes: What a reader must know; printed under the diagram.
        summary: What the diagram shows, in sentences.
    """

    title: str
    group: str
    nodes: tuple[DiagramNode, ...]
    edges: tuple[DiagramEdge, ...]
    width: float
    height: float
    label: LabelKind
    by_basis: bool
    notes: tuple[str, ...]
    summary: str

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "group": self.group,
            "width": self.width,
            "height": self.height,
            "label": self.label.value,
            "nodes": [_node_dict(node) for node in self.nodes],
            "edges": [_edge_dict(edge) for edge in self.edges],
            "notes": list(self.notes),
            "text": self.summary,
        }

    def text(self) -> str:
        """Return the diagram in sentences."""
        return self.summary

    def figure(self, theme: str = "light") -> go.Figure:
        """Return the diagram for plotly, with buttons for the four kinds of labels."""
        from trustsem.plots.diagram.draw_plotly import diagram_figure

        return diagram_figure(self, THEMES[read_theme(theme)])

    def svg(self, theme: str = "light") -> str:
        """Return the diagram as an SVG picture."""
        from trustsem.plots.diagram.draw_svg import diagram_svg

        return diagram_svg(self, read_theme(theme, with_auto=True))


def _node_dict(node: DiagramNode) -> dict[str, Any]:
    return {**asdict(node.variable), "lines": list(node.lines), "wording": node.wording, "box": asdict(node.box)}


def _edge_dict(edge: DiagramEdge) -> dict[str, Any]:
    relation = edge.relation
    return {
        **asdict(relation),
        "kind": relation.kind.value,
        "is_significant": relation.is_significant,
        "in_loop": edge.in_loop,
        "width": edge.width,
        "curve": [[list(point) for point in segment] for segment in edge.curve.segments],
        "labels": {kind.value: {"text": relation.texts[kind], "box": asdict(box)} for kind, box in edge.labels.items()},
    }
