"""Places for the numbers: on their own arrow, off all variables, off each other, and where few arrows cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.plots.diagram.sizes import LABEL_FONT, LABEL_HEIGHT
from trustsem.plots.geometry import Box, Curve, along, text_width

FloatArray = NDArray[np.float64]

_STEP = 5.0  # px between places that are tried on a curve
_MOST = 60  # places on a long curve
_ENDS = (12.0, 18.0)  # room for the shaft at the start, and for the head at the end
_ROUNDS = 8
_FORBIDDEN = 1e6  # on a variable
_TAKEN = 1e4  # on another label
_CROSSED = 40.0  # per other arrow under the label
_HIDDEN = 60.0  # most of its own arrow is under the label
_BESIDE = 25.0  # next to its arrow, not on it


@dataclass(frozen=True, slots=True)
class Labels:
    """Boxes of all labels of one kind, in the order of the arrows.

    Args:
        boxes: One per arrow.
        conflicts: Labels that stand on a variable or on another label.
    """

    boxes: tuple[Box, ...]
    conflicts: int


def label_size(text: str) -> tuple[float, float]:
    """Return width and height of a label."""
    return text_width(text, LABEL_FONT) + 4, LABEL_HEIGHT


def place_labels(texts: Sequence[str], curves: Sequence[Curve], nodes: Sequence[Box]) -> Labels:
    """Place labels greedily, those with the fewest good places first, then move each while that helps.

    Args:
        texts: What stands beside each arrow.
        curves: The arrows.
        nodes: Boxes of all variables.
    """
    if not texts:
        return Labels((), 0)
    points = [curve.points() for curve in curves]
    places = [_places(label_size(text), own) for text, own in zip(texts, points, strict=True)]
    dense = [_dense(own) for own in points]
    costs = [_costs(boxes, k, dense, nodes) for k, (boxes, _) in enumerate(places)]
    costs = [cost + wish for cost, (_, wish) in zip(costs, places, strict=True)]
    chosen = np.full(len(texts), -1)
    scarce = sorted(range(len(texts)), key=lambda k: (int((costs[k] < _CROSSED).sum()), k))
    for _ in range(_ROUNDS):
        before = chosen.copy()
        for k in scarce:
            taken = np.array([places[j][0][chosen[j]] for j in range(len(texts)) if j != k and chosen[j] >= 0])
            chosen[k] = int(np.argmin(costs[k] + _TAKEN * _overlaps(places[k][0], taken.reshape(-1, 4))))
        if np.array_equal(before, chosen):
            break
    final = np.array([places[k][0][chosen[k]] for k in range(len(texts))])
    clashes = _overlaps(final, final) > 1  # each overlaps itself
    on_nodes = np.array([costs[k][chosen[k]] >= _FORBIDDEN for k in range(len(texts))])
    boxes = tuple(Box(left, top, right - left, bottom - top) for left, top, right, bottom in final.tolist())
    return Labels(boxes, int(np.count_nonzero(clashes | on_nodes)))


def _places(size: tuple[float, float], points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (m, 4) boxes (left, top, right, bottom) on a curve and beside it, and what each costs by itself."""
    width, height = size
    way = along(points)
    length = float(way[-1])
    first, last = (_ENDS[0], length - _ENDS[1]) if length > sum(_ENDS) + 4 else (0.4 * length, 0.6 * length)
    count = int(min(max((last - first) / _STEP, 1), _MOST)) + 1
    at = np.linspace(first, last, count)
    centre = np.column_stack([np.interp(at, way, points[:, k]) for k in (0, 1)])
    ahead = np.column_stack(
        [np.interp(at + 1, way, points[:, k]) - np.interp(at - 1, way, points[:, k]) for k in (0, 1)]
    )
    normal = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    reach = np.abs(normal[:, 0]) * width / 2 + np.abs(normal[:, 1]) * height / 2 + 1.5
    half = np.array([width / 2, height / 2])
    boxes, wishes = [], []
    for beside in (0.0, 1.0, -1.0):
        middle = centre + beside * reach[:, None] * normal
        boxes.append(np.hstack([middle - half, middle + half]))
        wishes.append(30 * np.abs(at / length - 0.5) + _BESIDE * abs(beside))
    return np.vstack(boxes), np.concatenate(wishes)


def _costs(boxes: FloatArray, own: int, points: Sequence[FloatArray], nodes: Sequence[Box]) -> FloatArray:
    """Return what each place costs: variables and other arrows under it, its own arrow hidden."""
    sides = np.array([(node.left - 1, node.top - 1, node.right + 1, node.bottom + 1) for node in nodes])
    cost: FloatArray = _FORBIDDEN * (_overlaps(boxes, sides) > 0).astype(np.float64)
    for k, line in enumerate(points):
        x, y = line[:, 0], line[:, 1]
        near = (x.max() > boxes[:, 0].min()) & (x.min() < boxes[:, 2].max())
        if not near or y.max() < boxes[:, 1].min() or y.min() > boxes[:, 3].max():
            continue
        inside = (x > boxes[:, :1]) & (x < boxes[:, 2:3]) & (y > boxes[:, 1:2]) & (y < boxes[:, 3:])
        hidden = inside.mean(axis=1) > 0.6 if k == own else inside.any(axis=1)
        cost += (_HIDDEN if k == own else _CROSSED) * hidden
    return cost


def _dense(points: FloatArray) -> FloatArray:
    """Return three points for each interval between points, so that no label slips through a long one."""
    at = np.linspace(0, len(points) - 1, 3 * len(points))
    return np.column_stack([np.interp(at, np.arange(len(points)), points[:, k]) for k in (0, 1)])


def _overlaps(boxes: FloatArray, others: FloatArray) -> NDArray[np.intp]:
    """Return how many of (n, 4) others each of (m, 4) boxes overlaps."""
    if not len(others):
        return np.zeros(len(boxes), dtype=np.intp)
    return np.count_nonzero(
        (boxes[:, None, 0] < others[None, :, 2])
        & (others[None, :, 0] < boxes[:, None, 2])
        & (boxes[:, None, 1] < others[None, :, 3])
        & (others[None, :, 1] < boxes[:, None, 3]),
        axis=1,
    )
