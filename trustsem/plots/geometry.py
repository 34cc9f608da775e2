"""Boxes, curves and an estimate of how wide a text is: what layouts are made of and tested by. y grows downwards."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Point = tuple[float, float]
Segment = tuple[Point, Point, Point, Point]  # a cubic Bézier curve: start, two control points, end

CHARACTER = 0.6  # em; letters of Arial average .5, digits have .556
NARROW = 0.36  # em; Arial's points, commas, brackets and blanks have .28
WIDE = 1.0  # em; Chinese characters
_NARROW = frozenset(".,:;[]()|' ")
_SAMPLES = 24  # points on each segment


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with sides along the axes."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def around(cls, centre: Point, width: float, height: float) -> Box:
        """Return the box of this size around a point."""
        return cls(centre[0] - width / 2, centre[1] - height / 2, width, height)

    @property
    def right(self) -> float:
        """Return the right side's x."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Return the lower side's y."""
        return self.top + self.height

    @property
    def centre(self) -> Point:
        """Return the middle."""
        return self.left + self.width / 2, self.top + self.height / 2

    def overlaps(self, other: Box, margin: float = 0.0) -> bool:
        """Return whether two boxes share area, or come closer than a margin."""
        return (
            self.left < other.right + margin
            and other.left < self.right + margin
            and self.top < other.bottom + margin
            and other.top < self.bottom + margin
        )

    def moved(self, dx: float, dy: float) -> Box:
        """Return the box somewhere else."""
        return Box(self.left + dx, self.top + dy, self.width, self.height)

    def contains(self, points: FloatArray) -> NDArray[np.bool_]:
        """Return which of (n, 2) points lie inside."""
        x, y = points[..., 0], points[..., 1]
        return (x > self.left) & (x < self.right) & (y > self.top) & (y < self.bottom)


def union(boxes: list[Box]) -> Box:
    """Return the smallest box around all of them."""
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


@dataclass(frozen=True, slots=True)
class Curve:
    """Cubic Bézier segments, each starting where the one before ends."""

    segments: tuple[Segment, ...]

    @property
    def start(self) -> Point:
        """Return the first point."""
        return self.segments[0][0]

    @property
    def end(self) -> Point:
        """Return the last point."""
        return self.segments[-1][3]

    def points(self) -> FloatArray:
        """Return (n, 2) points along the curve, close to each other."""
        t = np.linspace(0.0, 1.0, _SAMPLES)[:, None]
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        parts = [np.hstack(weights) @ np.array(segment) for segment in self.segments]
        return np.vstack([parts[0], *(part[1:] for part in parts[1:])])

    def moved(self, dx: float, dy: float) -> Curve:
        """Return the curve somewhere else."""
        return Curve(
            tuple(tuple((x + dx, y + dy) for x, y in segment) for segment in self.segments)  # type: ignore[misc]
        )

    def path_data(self) -> str:
        """Return the curve in the language of SVG paths."""
        parts = [f"M{_xy(self.start)}"]
        for start, first, second, end in self.segments:
            is_straight = first == start and second == end
            parts.append(f"L{_xy(end)}" if is_straight else f"C{_xy(first)} {_xy(second)} {_xy(end)}")
        return "".join(parts)


def _xy(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def straight(start: Point, end: Point) -> Curve:
    """Return a straight line."""
    return Curve(((start, start, end, end),))


def bow(start: Point, end: Point, shift: Point) -> Curve:
    """Return a curve whose middle lies beside that of the straight line, by `shift`."""
    dx, dy = (4 / 3 * part for part in shift)
    return Curve(((start, (start[0] + dx, start[1] + dy), (end[0] + dx, end[1] + dy), end),))


def along(points: FloatArray) -> FloatArray:
    """Return (n,) lengths of the way from the first of (n, 2) points to each."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def text_width(text: str, size: float) -> float:
    """Return an estimate of how wide a text is, in the units of its font size; rather too much than too little."""
    return size * sum(_width(character) for character in text)


def _width(character: str) -> float:
    if character in _NARROW:
        return NARROW
    return WIDE if unicodedata.east_asian_width(character) in "WF" else CHARACTER


def wrap(text: str, limit: int) -> tuple[str, ...]:
    """Return a text as lines of about `limit` characters, broken at blanks, underscores and humps of CamelCase.

    Example:
        >>> wrap("interpersonal interaction", 14), wrap("CancerTrustDoctor", 12)
        (('interpersonal', 'interaction'), ('CancerTrust', 'Doctor'))
    """
    lines: list[str] = []
    for piece in _pieces(text, limit):
        if lines and text_width((lines[-1] + piece).strip(), 1.0) <= limit * CHARACTER:
            lines[-1] += piece
        else:
            lines.append(piece)
    return tuple(line.strip() for line in lines if line.strip()) or (text,)


def _pieces(text: str, limit: int) -> list[str]:
    pieces: list[str] = []
    for word in text.replace("_", "_\u200b").replace(" ", " \u200b").split("\u200b"):
        current = ""
        for before, character in zip(" " + word, word, strict=False):
            is_hump = character.isupper() and before.islower() and len(word) > limit
            if is_hump or unicodedata.east_asian_width(character) in "WF":
                pieces.append(current)
                current = ""
            current += character
        pieces.append(current)
    return [piece for piece in pieces if piece]
