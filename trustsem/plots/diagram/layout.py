"""From a graph to places: layers, boxes, curves and labels, with more room until every label has a place of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trustsem.plots.diagram.graph import EdgeKind, Graph, LabelKind, Relation
from trustsem.plots.diagram.labels import Labels, label_size, place_labels
from trustsem.plots.diagram.layers import Layers, make_layers
from trustsem.plots.diagram.placing import place
from trustsem.plots.diagram.routes import Course, route
from trustsem.plots.diagram.sizes import ITEM_GAP, Shape, Spacing, shapes_of
from trustsem.plots.geometry import Box, Curve, straight

RATIO = 297 / 210  # A4, held sideways
_ATTEMPTS = 9
_BLOCK_GAP = (70.0, 26.0)  # between the factors of a measurement figure, sideways and down
_LEAST_ROW = 22.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in place, around an origin of its own.

    Args:
        boxes: Of each variable, by its name; in a measurement figure by factor and name.
        curves: Of each relation.
        labels: Of each relation, for each kind of text.
        loops: Members of feedback loops.
        conflicts: Labels without a place of their own; 0 unless the diagram is hopelessly full.
    """

    boxes: Mapping[str, Box]
    curves: tuple[Curve, ...]
    labels: Mapping[LabelKind, tuple[Box, ...]]
    loops: tuple[tuple[str, ...], ...]
    conflicts: int

    def extent(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of everything."""
        corners = [(box.left, box.top, box.right, box.bottom) for box in self._all_boxes()]
        for curve in self.curves:
            points = curve.points()
            corners.append((*points.min(axis=0).tolist(), *points.max(axis=0).tolist()))
        left, top, right, bottom = zip(*corners, strict=True)
        return min(left), min(top), max(right), max(bottom)

    def _all_boxes(self) -> Sequence[Box]:
        return [*self.boxes.values(), *(box for boxes in self.labels.values() for box in boxes)]


def lay_out(graph: Graph) -> Layout:
    """Lay out a diagram of layers from left to right."""
    names = [variable.name for variable in graph.structural]
    layers = make_layers(names, structural_arrows(graph))
    shapes, spacing = shapes_of(graph), _spacing(graph)
    latent = frozenset(variable.name for variable in graph.variables if variable.is_latent)
    best: Layout | None = None
    for _ in range(_ATTEMPTS):
        placement = place(graph, layers, shapes, spacing, RATIO)
        curves = route(Course(graph, layers, placement, spacing, latent))
        layout = _with_labels(placement.boxes, curves, graph.relations, layers)
        if best is None or layout.conflicts < best.conflicts:
            best = layout
        if not layout.conflicts:
            break
        spacing = spacing.grown()
    assert best is not None
    return best


def _spacing(graph: Graph) -> Spacing:
    inner = {variable.name for variable in graph.structural}
    paths = [r for r in graph.relations if r.target in inner and r.kind is not EdgeKind.COVARIANCE]
    return Spacing.around(_widest(paths), _widest([r for r in graph.relations if r.target not in inner]))


def _widest(relations: Sequence[Relation]) -> float:
    """Return the width of the widest label."""
    return max((label_size(text)[0] for r in relations for text in r.texts.values()), default=0.0)


def structural_arrows(graph: Graph) -> list[tuple[str, str]]:
    """Return the arrows that make layers: paths, and loadings of what is no item."""
    inner = {variable.name for variable in graph.structural}
    return [
        (relation.source, relation.target)
        for relation in graph.relations
        if relation.kind is not EdgeKind.COVARIANCE and relation.source in inner and relation.target in inner
    ]


def _with_labels(
    boxes: Mapping[str, Box], curves: tuple[Curve, ...], relations: Sequence[Relation], layers: Layers | None
) -> Layout:
    nodes = list(boxes.values())
    placed: dict[LabelKind, Labels] = {
        kind: place_labels([relation.texts[kind] for relation in relations], curves, nodes) for kind in LabelKind
    }
    return Layout(
        boxes,
        curves,
        {kind: labels.boxes for kind, labels in placed.items()},
        () if layers is None else layers.loops,
        sum(labels.conflicts for labels in placed.values()),
    )


def lay_out_measurement(graph: Graph, shapes: Mapping[str, Shape]) -> Layout:
    """Lay out factors with their indicators beside them, in as many columns as suit the page.

    Args:
        graph: Factors and loadings; an indicator of two factors stands beside both.
        shapes: Of every variable.
    """
    loadings: dict[str, list[Relation]] = {}
    for relation in graph.relations:
        loadings.setdefault(relation.source, []).append(relation)
    blocks = {factor: _block(factor, own, shapes, _widest(graph.relations) + 56) for factor, own in loadings.items()}
    width = max(max(box.right for box in block.values()) for block in blocks.values()) + _BLOCK_GAP[0]
    heights = {f: max(b.bottom for b in block.values()) + _BLOCK_GAP[1] for f, block in blocks.items()}
    boxes: dict[str, Box] = {}
    for number, column in enumerate(_in_columns(list(blocks), heights, width)):
        y = 0.0
        for factor in column:
            boxes |= {name: box.moved(number * width, y) for name, box in blocks[factor].items()}
            y += heights[factor]
    curves = tuple(_loading_curve(relation, loadings[relation.source], boxes) for relation in graph.relations)
    return _with_labels(boxes, curves, graph.relations, None)


def measured(factor: str, indicator: str) -> str:
    """Return the name of an indicator's box in a measurement figure, where it may stand beside several factors."""
    return f"{factor} =~ {indicator}"


def _block(factor: str, loadings: Sequence[Relation], shapes: Mapping[str, Shape], loading: float) -> dict[str, Box]:
    """Return the boxes of a factor and its indicators, from (0, 0)."""
    own = shapes[factor]
    rows = [max(shapes[r.target].height, _LEAST_ROW) + ITEM_GAP for r in loadings]
    height = max(own.height, sum(rows))
    boxes = {factor: Box(0.0, (height - own.height) / 2, own.width, own.height)}
    y = (height - sum(rows)) / 2
    for relation, row in zip(loadings, rows, strict=True):
        shape = shapes[relation.target]
        left = own.width + loading
        boxes[measured(factor, relation.target)] = Box(left, y + (row - shape.height) / 2, shape.width, shape.height)
        y += row
    return boxes


def _in_columns(factors: Sequence[str], heights: Mapping[str, float], width: float) -> list[list[str]]:
    """Return the factors in columns whose page is nearest to an A4 sheet, filled from the top."""
    best: tuple[float, list[list[str]]] | None = None
    for count in range(1, len(factors) + 1):
        per_column = -(-len(factors) // count)
        columns = [list(factors[k : k + per_column]) for k in range(0, len(factors), per_column)]
        tall = max(sum(heights[factor] for factor in column) for column in columns)
        size = max(width * len(columns), tall * RATIO)
        if best is None or size < best[0]:
            best = size, columns
    assert best is not None
    return best[1]


def _loading_curve(relation: Relation, siblings: Sequence[Relation], boxes: Mapping[str, Box]) -> Curve:
    factor, item = boxes[relation.source], boxes[measured(relation.source, relation.target)]
    share = siblings.index(relation) / (len(siblings) - 1) - 0.5 if len(siblings) > 1 else 0.0
    inset = factor.width / 2 * (1 - (1 - (1.24 * share) ** 2) ** 0.5)
    start = (factor.right - inset + 2, factor.centre[1] + 0.62 * share * factor.height)
    return straight(start, (item.left - 2, item.centre[1]))
