"""Where variables stand: columns for layers, and heights that keep arrows short and boxes apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trustsem.plots.diagram.graph import EdgeKind, Graph
from trustsem.plots.diagram.layers import Layers, Slot
from trustsem.plots.diagram.sizes import ITEM_GAP, LANE, Shape, Side, Spacing
from trustsem.plots.geometry import Box

_SWEEPS = 16
_HEADINGS = 150.0  # px of the page for title and notes
_MANY_MORE = 3


@dataclass(frozen=True, slots=True)
class Placement:
    """Boxes of all variables and heights of passing arrows.

    Args:
        boxes: Of every variable.
        lanes: Height of each dummy.
        columns: Left and right end of each layer.
        sides: Where the items of each factor stand.
    """

    boxes: Mapping[str, Box]
    lanes: Mapping[Slot, float]
    columns: tuple[tuple[float, float], ...]
    sides: Mapping[str, Side]


def place(graph: Graph, layers: Layers, shapes: Mapping[str, Shape], spacing: Spacing, ratio: float) -> Placement:
    """Place all variables.

    Args:
        graph: What is drawn.
        layers: Layers and order of the structural part.
        shapes: Sizes.
        spacing: Free room.
        ratio: Width by height of the page; a drawing that is too flat for it is stretched.
    """
    sides = _sides(graph, layers)
    extents = {slot: _extent(graph, slot, shapes, sides, spacing) for layer in layers.slots for slot in layer}
    room = _room(graph, layers, spacing)
    columns = _columns(graph, layers, shapes, sides, spacing, room)
    heights = _heights(graph, layers, extents, spacing)
    heights = _stretched(heights, extents, columns[-1][1] - columns[0][0], ratio)
    boxes: dict[str, Box] = {}
    for layer, (left, right) in zip(layers.slots, columns, strict=True):
        for slot in layer:
            if isinstance(slot, str):
                x = _centre(slot, left, right, shapes, sides.get(slot))
                boxes[slot] = Box.around((x, heights[slot]), shapes[slot].width, shapes[slot].height)
                boxes |= _item_boxes(graph, slot, boxes[slot], shapes, sides.get(slot), spacing)
    lanes: dict[Slot, float] = {
        slot: heights[slot] for layer in layers.slots for slot in layer if not isinstance(slot, str)
    }
    return Placement(boxes, lanes, columns, sides)


def _sides(graph: Graph, layers: Layers) -> dict[str, Side]:
    """Put items before the first layer, behind the last one, and above or below those between."""
    last = len(layers.slots) - 1
    sides: dict[str, Side] = {}
    for k, layer in enumerate(layers.slots):
        owners = [slot for slot in layer if isinstance(slot, str) and graph.items_of(slot)]
        for slot in owners:
            if k == last:
                sides[slot] = Side.RIGHT
            elif k == 0:
                sides[slot] = Side.LEFT
            else:
                sides[slot] = Side.ABOVE if layer.index(slot) < (len(layer) - 1) / 2 else Side.BELOW
    return sides


def _items_size(graph: Graph, factor: str, shapes: Mapping[str, Shape], side: Side) -> tuple[float, float]:
    sizes = [shapes[item.name] for item in graph.items_of(factor)]
    gaps = ITEM_GAP * (len(sizes) - 1)
    if side in (Side.LEFT, Side.RIGHT):
        return max(s.width for s in sizes), sum(s.height for s in sizes) + gaps
    return sum(s.width for s in sizes) + gaps, max(s.height for s in sizes)


def _extent(
    graph: Graph, slot: Slot, shapes: Mapping[str, Shape], sides: Mapping[str, Side], spacing: Spacing
) -> tuple[float, float]:
    """Return how far a slot reaches above and below its line."""
    if not isinstance(slot, str):
        return LANE / 2, LANE / 2
    half = shapes[slot].height / 2
    side = sides.get(slot)
    if side is None:
        return half, half
    height = _items_size(graph, slot, shapes, side)[1]
    if side in (Side.LEFT, Side.RIGHT):
        return max(half, height / 2), max(half, height / 2)
    far = half + spacing.fan + height
    return (far, half) if side is Side.ABOVE else (half, far)


def _room(graph: Graph, layers: Layers, spacing: Spacing) -> list[tuple[float, float]]:
    """Return the room that arcs within each layer need to its left and right."""
    home = layers.layer_of()
    room = [[0.0, 0.0] for _ in layers.slots]
    for relation in graph.relations:
        k = home.get(relation.source)
        if k is None or home.get(relation.target) != k:
            continue
        layer = layers.slots[k]
        span = abs(layer.index(relation.source) - layer.index(relation.target))
        is_covariance = relation.kind is EdgeKind.COVARIANCE
        if span > 1 or is_covariance:
            side = 0 if is_covariance and covariance_way(graph, layers, k) < 0 else 1
            room[k][side] = max(room[k][side], arc_depth(span, spacing) * 0.8)
    return [(left, right) for left, right in room]


def covariance_way(graph: Graph, layers: Layers, k: int) -> int:
    """Return on which side of a layer its covariances bulge: the left (-1), unless items or many arrows are there."""
    names = {slot for slot in layers.slots[k] if isinstance(slot, str)}
    if k == 0:
        return 1 if len(layers.slots) > 1 and any(graph.items_of(name) for name in names) else -1
    paths = [r for r in graph.relations if r.kind is not EdgeKind.COVARIANCE]
    arriving = sum(r.target in names for r in paths)
    leaving = sum(r.source in names for r in paths)
    return 1 if arriving > leaving + _MANY_MORE else -1


def arc_depth(span: int, spacing: Spacing) -> float:
    """Return how far an arc over `span` places of a column bulges."""
    return 34.0 + spacing.arc * (span - 1)


def _columns(
    graph: Graph,
    layers: Layers,
    shapes: Mapping[str, Shape],
    sides: Mapping[str, Side],
    spacing: Spacing,
    room: Sequence[tuple[float, float]],
) -> tuple[tuple[float, float], ...]:
    x, columns = 0.0, []
    for k, layer in enumerate(layers.slots):
        width = max((_block_width(graph, slot, shapes, sides, spacing) for slot in layer), default=0.0)
        x += room[k][0] if k else 0.0
        columns.append((x, x + width))
        x += width + room[k][1] + spacing.gap
    return tuple(columns)


def _block_width(
    graph: Graph, slot: Slot, shapes: Mapping[str, Shape], sides: Mapping[str, Side], spacing: Spacing
) -> float:
    if not isinstance(slot, str):
        return 0.0
    side, own = sides.get(slot), shapes[slot].width
    if side is None:
        return own
    items = _items_size(graph, slot, shapes, side)[0]
    return own + spacing.fan_side + items if side in (Side.LEFT, Side.RIGHT) else max(own, items)


def _centre(slot: str, left: float, right: float, shapes: Mapping[str, Shape], side: Side | None) -> float:
    half = shapes[slot].width / 2
    if side is Side.LEFT:
        return right - half
    return left + half if side is Side.RIGHT else (left + right) / 2


def _item_boxes(
    graph: Graph, factor: str, box: Box, shapes: Mapping[str, Shape], side: Side | None, spacing: Spacing
) -> dict[str, Box]:
    if side is None:
        return {}
    width, height = _items_size(graph, factor, shapes, side)
    x, y = box.centre
    if side in (Side.LEFT, Side.RIGHT):
        left = box.left - spacing.fan_side - width if side is Side.LEFT else box.right + spacing.fan_side
        place, step = [left, y - height / 2], (0, 1)
    else:
        top = box.top - spacing.fan - height if side is Side.ABOVE else box.bottom + spacing.fan
        place, step = [x - width / 2, top], (1, 0)
    boxes = {}
    for item in graph.items_of(factor):
        shape = shapes[item.name]
        boxes[item.name] = Box(place[0], place[1], shape.width, shape.height)
        place[0] += step[0] * (shape.width + ITEM_GAP)
        place[1] += step[1] * (shape.height + ITEM_GAP)
    return boxes


def _heights(
    graph: Graph, layers: Layers, extents: Mapping[Slot, tuple[float, float]], spacing: Spacing
) -> dict[Slot, float]:
    """Return the height of each slot: near the mean of its neighbours', in order and apart."""
    links = _links(graph, layers)
    heights: dict[Slot, float] = {}
    gaps = [_gaps(graph, layer, extents, spacing, is_first=k == 0) for k, layer in enumerate(layers.slots)]
    for layer, apart in zip(layers.slots, gaps, strict=True):
        middle = np.concatenate([[0.0], np.cumsum(apart)])
        heights.update(zip(layer, (middle - middle.mean()).tolist(), strict=True))
    for sweep in range(_SWEEPS):
        order = range(len(layers.slots)) if sweep % 2 else range(len(layers.slots) - 1, -1, -1)
        for k in order:
            layer = layers.slots[k]
            wanted = np.array([_wanted(slot, links, heights) for slot in layer])
            heights.update(zip(layer, apart_by(wanted, gaps[k]).tolist(), strict=True))
    return heights


def _links(graph: Graph, layers: Layers) -> dict[Slot, list[Slot]]:
    """Return what each slot is joined to in the layers beside it."""
    home = layers.layer_of()
    links: dict[Slot, list[Slot]] = {}
    for relation in graph.relations:
        a, b = relation.source, relation.target
        if relation.kind is EdgeKind.COVARIANCE or a not in home or b not in home or home[a] >= home[b]:
            continue
        chain: list[Slot] = [a, *((a, b, k) for k in range(home[a] + 1, home[b])), b]
        for first, second in pairwise(chain):
            links.setdefault(first, []).append(second)
            links.setdefault(second, []).append(first)
    return links


def _wanted(slot: Slot, links: Mapping[Slot, Sequence[Slot]], heights: Mapping[Slot, float]) -> float:
    near = links.get(slot, ())
    return sum(heights[other] for other in near) / len(near) if near else heights[slot]


def _gaps(
    graph: Graph,
    layer: Sequence[Slot],
    extents: Mapping[Slot, tuple[float, float]],
    spacing: Spacing,
    *,
    is_first: bool,
) -> NDArray[np.float64]:
    """Return the least distance between the lines of neighbours in a column."""
    joined = {
        frozenset((relation.source, relation.target))
        for relation in graph.relations
        if not (is_first and relation.kind is EdgeKind.COVARIANCE)  # those of the first layer stand beside it
    }
    gaps = []
    for upper, lower in pairwise(layer):
        is_pair = isinstance(upper, str) and isinstance(lower, str) and frozenset((upper, lower)) in joined
        lanes = not isinstance(upper, str) and not isinstance(lower, str)
        free = spacing.pair if is_pair else spacing.row * (0.2 if lanes else 1.0)
        gaps.append(extents[upper][1] + extents[lower][0] + free)
    return np.array(gaps, dtype=np.float64)


def apart_by(wanted: NDArray[np.float64], gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the places nearest to the wanted ones (least squares) that keep order and distances.

    Substituting z_i = y_i - sum of gaps above turns it into isotonic regression, solved by pooling adjacent violators
    (Barlow et al. 1972, Statistical Inference under Order Restrictions, ch. 1).

    Args:
        wanted: (n,) wished places.
        gaps: (n - 1,) least distances of neighbours.
    """
    offset = np.concatenate([[0.0], np.cumsum(gaps)])
    pools: list[tuple[float, int]] = []
    for value in (wanted - offset).tolist():
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [((a * n + b * m) / (n + m), n + m)]
    return np.concatenate([np.full(n, value) for value, n in pools]) + offset


def _stretched(
    heights: Mapping[Slot, float], extents: Mapping[Slot, tuple[float, float]], width: float, ratio: float
) -> dict[Slot, float]:
    """Pull a flat drawing apart, by no more than a factor 1.6, so that it fills the page."""
    span = max(heights.values()) - min(heights.values())
    rim = max(sum(extent) for extent in extents.values())
    factor = 1.0 if span <= 0 else min(max((width / ratio - rim - _HEADINGS) / span, 1.0), 1.6)
    return {slot: height * factor for slot, height in heights.items()}
