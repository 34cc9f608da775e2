"""How large things are in a diagram, in px of a page of 1,123 x 794 (A4 at 96 dpi) or of one that shrinks onto it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from trustsem.plots.diagram.graph import Graph, Variable
from trustsem.plots.geometry import text_width, wrap
from trustsem.plots.svg import LINE_HEIGHT

NODE_FONT, ITEM_FONT, LABEL_FONT, TITLE_FONT, NOTE_FONT = 13.0, 11.0, 12.0, 18.0, 12.0
LABEL_HEIGHT = 16.0
NODE_LETTERS, ITEM_LETTERS = 18, 12  # in a line of a name
LANE = 20.0  # height that is kept free for an arrow that passes a layer
ITEM_GAP = 6.0


class Side(Enum):
    """Where the items of a factor stand."""

    LEFT = "left"
    RIGHT = "right"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Spacing:
    """Free room between things; grown until every label has its place.

    Args:
        gap: Between columns.
        row: Between variables of a column.
        pair: Between two that a loop or a covariance joins.
        arc: By how much arcs over more variables bulge further.
        fan: Between a factor and a row of its items.
        fan_side: Between a factor and a column of its items.
    """

    gap: float = 84.0
    row: float = 16.0
    pair: float = 62.0
    arc: float = 26.0
    fan: float = 50.0
    fan_side: float = 74.0

    @classmethod
    def around(cls, on_paths: float, on_loadings: float) -> Spacing:
        """Return room for arrows that show beside labels of these widths."""
        return cls(gap=max(84.0, on_paths + 30), fan_side=max(74.0, on_loadings + 28))

    def grown(self) -> Spacing:
        """Return the next larger one."""
        return Spacing(
            self.gap * 1.1 + 8, self.row + 4, self.pair + 12, self.arc + 5, self.fan + 14, self.fan_side + 16
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """The lines of a variable's name and the size of its box."""

    lines: tuple[str, ...]
    width: float
    height: float


def shapes_of(graph: Graph) -> Mapping[str, Shape]:
    """Return the shape of every variable: all of the structural part equally wide, items by their longest name."""
    structural = _node_shapes(graph.structural)
    items = [variable for variable in graph.variables if variable.owner is not None]
    return structural | _item_shapes(items)


def _node_shapes(variables: Sequence[Variable]) -> dict[str, Shape]:
    lines = {variable.name: wrap(variable.title, NODE_LETTERS) for variable in variables}
    widest = max((text_width(line, NODE_FONT) for rows in lines.values() for line in rows), default=0.0)
    width = max(widest * 1.2 + 6, 84.0)
    most = max((len(rows) for rows in lines.values()), default=1)
    height = most * NODE_FONT * LINE_HEIGHT * 1.45 + 12
    return {
        variable.name: Shape(
            lines[variable.name], width if variable.is_latent else width * 0.9, height if variable.is_latent else
            max(len(lines[variable.name]) * NODE_FONT * LINE_HEIGHT + 12, 28.0),
        )
        for variable in variables
    }  # fmt: skip


def _item_shapes(items: Sequence[Variable]) -> dict[str, Shape]:
    lines = {item.name: wrap(item.title, ITEM_LETTERS) for item in items}
    width = max((text_width(line, ITEM_FONT) for rows in lines.values() for line in rows), default=0.0) + 10
    return {
        item.name: Shape(lines[item.name], width, len(lines[item.name]) * ITEM_FONT * LINE_HEIGHT + 7) for item in items
    }
