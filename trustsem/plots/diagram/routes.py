"""The course of every arrow: straight to the next layer, along lanes past others, as arcs within a layer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trustsem.plots.diagram.graph import EdgeKind, Graph, Relation
from trustsem.plots.diagram.layers import Layers
from trustsem.plots.diagram.placing import Placement, arc_depth, covariance_way
from trustsem.plots.diagram.sizes import Side, Spacing
from trustsem.plots.geometry import Box, Curve, Point, Segment, bow, straight

_CLEAR = 2.0  # between the tip of an arrow and what it points at
_PORT = 11.0  # between arrows that leave or reach a variable side by side
_PAIR = 17.0  # from the middle to each arrow of a loop between neighbours
_HEIGHTS = tuple(range(30, 330, 25))


@dataclass(frozen=True, slots=True)
class Course:
    """What routing knows of a diagram."""

    graph: Graph
    layers: Layers
    placement: Placement
    spacing: Spacing
    latent: frozenset[str]

    def box(self, name: str) -> Box:
        """Return the box of a variable."""
        return self.placement.boxes[name]

    def side_point(self, name: str, direction: int, dy: float) -> Point:
        """Return the point of the border at the left (-1) or right (1), `dy` below the middle, a little outside."""
        box = self.box(name)
        x, y = box.centre
        share = math.sqrt(max(1 - (2 * dy / box.height) ** 2, 0.0)) if name in self.latent else 1.0
        return x + direction * (box.width / 2 * share + _CLEAR), y + dy

    def end_point(self, name: str, direction: int, dx: float) -> Point:
        """Return the point of the border at the top (-1) or bottom (1), `dx` right of the middle, a little outside."""
        box = self.box(name)
        x, y = box.centre
        share = math.sqrt(max(1 - (2 * dx / box.width) ** 2, 0.0)) if name in self.latent else 1.0
        return x + dx, y + direction * (box.height / 2 * share + _CLEAR)


def route(course: Course) -> tuple[Curve, ...]:
    """Return the curve of every relation, in their order; paths run from source to target."""
    home = course.layers.layer_of()
    out_ports, in_ports = _ports(course, home)
    curves = []
    for relation in course.graph.relations:
        key = (relation.source, relation.target)
        if relation.kind is not EdgeKind.COVARIANCE and key in out_ports:
            curves.append(_forward(course, relation, home, out_ports[key], in_ports[key]))
        elif relation.kind is EdgeKind.LOADING:
            curves.append(_to_item(course, relation))
        else:
            curves.append(_free_course(course, relation, home))
    return tuple(curves)


def _ports(
    course: Course, home: Mapping[str, int]
) -> tuple[dict[tuple[str, str], Point], dict[tuple[str, str], Point]]:
    """Return where each arrow to a later layer starts and ends; those of one variable are spread by where they go."""
    leaving: dict[str, list[tuple[float, str]]] = {}
    arriving: dict[str, list[tuple[float, str]]] = {}
    for relation in course.graph.relations:
        a, b = relation.source, relation.target
        if relation.kind is EdgeKind.COVARIANCE or a not in home or b not in home or home[a] >= home[b]:
            continue
        lanes = [course.placement.lanes[a, b, k] for k in range(home[a] + 1, home[b])]
        heights = [course.box(a).centre[1], *lanes, course.box(b).centre[1]]
        leaving.setdefault(a, []).append((heights[1], b))
        arriving.setdefault(b, []).append((heights[-2], a))
    starts = {(a, b): course.side_point(a, 1, dy) for a, ends in leaving.items() for b, dy in _spread(course, a, ends)}
    ends = {(a, b): course.side_point(b, -1, dy) for b, all_ in arriving.items() for a, dy in _spread(course, b, all_)}
    return starts, ends


def _spread(course: Course, name: str, ends: Sequence[tuple[float, str]]) -> Iterator[tuple[str, float]]:
    step = min(_PORT, 0.66 * course.box(name).height / max(len(ends) - 1, 1))
    for k, (_, other) in enumerate(sorted(ends)):
        yield other, (k - (len(ends) - 1) / 2) * step


def _forward(course: Course, relation: Relation, home: Mapping[str, int], start: Point, end: Point) -> Curve:
    a, b = relation.source, relation.target
    if home[b] == home[a] + 1:
        return straight(start, end)
    segments: list[Segment] = []
    here = start
    for k in range(home[a] + 1, home[b]):
        lane, (left, right) = course.placement.lanes[a, b, k], course.placement.columns[k]
        segments += [_swing(here, (left - 6, lane)), _line((left - 6, lane), (right + 6, lane))]
        here = (right + 6, lane)
    return Curve((*segments, _swing(here, end)))


def _swing(start: Point, end: Point) -> Segment:
    reach = 0.42 * (end[0] - start[0])
    return start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end


def _line(start: Point, end: Point) -> Segment:
    return start, start, end, end


def _to_item(course: Course, relation: Relation) -> Curve:
    """Return the arrow from a factor to one of its items; they leave it side by side."""
    factor, item = course.box(relation.source), course.box(relation.target)
    side, (x, y) = course.placement.sides[relation.source], item.centre
    items = [variable.name for variable in course.graph.items_of(relation.source)]
    share = items.index(relation.target) / max(len(items) - 1, 1) - 0.5 if len(items) > 1 else 0.0
    way = -1 if side in (Side.LEFT, Side.ABOVE) else 1
    if side in (Side.LEFT, Side.RIGHT):
        start = course.side_point(relation.source, way, 0.62 * share * factor.height)
        return straight(start, (x - way * (item.width / 2 + _CLEAR), y))
    start = course.end_point(relation.source, way, 0.62 * share * factor.width)
    return straight(start, (x, y - way * (item.height / 2 + _CLEAR)))


def _free_course(course: Course, relation: Relation, home: Mapping[str, int]) -> Curve:
    """Return the first of several courses that passes the fewest other variables."""
    a, b = relation.source, relation.target
    others = [box for name, box in course.placement.boxes.items() if name not in (a, b)]
    sides = np.array([(box.left, box.top, box.right, box.bottom) for box in others]).reshape(-1, 4)
    best: tuple[int, Curve] | None = None
    for curve in _courses(course, relation, home):
        x, y = curve.points().T[:, :, None]
        inside = (x > sides[:, 0]) & (x < sides[:, 2]) & (y > sides[:, 1]) & (y < sides[:, 3])
        blocked = int(np.count_nonzero(inside))
        if best is None or blocked < best[0]:
            best = blocked, curve
        if not blocked:
            break
    assert best is not None
    return best[1]


def _courses(course: Course, relation: Relation, home: Mapping[str, int]) -> Iterator[Curve]:
    """Yield courses of a covariance or of an arrow within a loop, the preferred ones first."""
    a, b = relation.source, relation.target
    k = home.get(a)
    is_column = k is not None and home.get(b) == k
    if is_column and k is not None:
        yield from _within_column(course, relation, k)
    elif k is None and home.get(b) is None:
        yield from _between_items(course, a, b)
    for height in _HEIGHTS:
        for way in (-1, 1):
            yield bow(course.end_point(a, way, 0.0), course.end_point(b, way, 0.0), (0.0, way * float(height)))
    for depth in _HEIGHTS:
        for way in (-1, 1):
            yield _arc(course, a, b, way, float(depth), 0.3)


def _within_column(course: Course, relation: Relation, k: int) -> Iterator[Curve]:
    a, b = relation.source, relation.target
    layer = course.layers.slots[k]
    span = abs(layer.index(a) - layer.index(b))
    is_covariance = relation.kind is EdgeKind.COVARIANCE
    if span == 1 and not (is_covariance and k == 0):
        yield (
            _beside(course, a, b, covariance_way(course.graph, course.layers, k))
            if is_covariance
            else _between(course, a, b)
        )
    preferred = covariance_way(course.graph, course.layers, k) if is_covariance else 1
    bend = 0.42 - 0.3 * (span - 1) / max(len(layer) - 2, 1)
    for way in (preferred, -preferred):
        yield _arc(course, a, b, way, arc_depth(span, course.spacing), bend)


def _between(course: Course, a: str, b: str) -> Curve:
    """Return the arrow of a loop between neighbours of a column: the way down at the right, the way up at the left."""
    way = 1 if course.box(a).centre[1] < course.box(b).centre[1] else -1
    ends = course.end_point(a, way, way * _PAIR), course.end_point(b, -way, way * _PAIR)
    return bow(*ends, (way * 9.0, 0.0))


def _beside(course: Course, a: str, b: str, side: int) -> Curve:
    """Return the arc of a covariance of neighbours, on one side of what else is between them."""
    way = 1 if course.box(a).centre[1] < course.box(b).centre[1] else -1
    dx = side * 0.36 * course.box(a).width
    return bow(course.end_point(a, way, dx), course.end_point(b, -way, dx), (side * 34.0, 0.0))


def _arc(course: Course, a: str, b: str, way: int, depth: float, bend: float) -> Curve:
    """Return an arc beside both: its ends lean towards each other, outer arcs enclose inner ones."""
    down = 1 if course.box(a).centre[1] < course.box(b).centre[1] else -1
    start = course.side_point(a, way, down * bend * course.box(a).height)
    end = course.side_point(b, way, -down * bend * course.box(b).height)
    reach = way * depth * 4 / 3
    edge = (min if way < 0 else max)(start[0], end[0])
    return Curve(((start, (edge + reach, start[1]), (edge + reach, end[1]), end),))


def _between_items(course: Course, a: str, b: str) -> Iterator[Curve]:
    owners = {variable.name: variable.owner for variable in course.graph.variables}
    side = course.placement.sides.get(owners[a] or "")
    first, second = course.box(a).centre, course.box(b).centre
    if side in (Side.LEFT, Side.RIGHT):
        way, distance = (-1 if side is Side.LEFT else 1), abs(first[1] - second[1])
        yield _arc(course, a, b, way, 16 + 0.14 * distance, 0.2)
    elif side is not None:
        way, distance = (-1 if side is Side.ABOVE else 1), abs(first[0] - second[0])
        ends = course.end_point(a, way, 0.0), course.end_point(b, way, 0.0)
        yield bow(*ends, (0.0, way * (16 + 0.14 * distance)))
