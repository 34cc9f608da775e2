"""Write SVG: elements with roles for colours, so that one drawing serves a light, a dark and an adapting picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from trustsem.plots.geometry import Box, Curve, Point
from trustsem.plots.palette import AUTO, DARK, FONTS, LIGHT, THEMES, Theme

LINE_HEIGHT = 1.25  # of the font size


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a line is drawn: role of its colour, width in px, dashes in px ("" for none)."""

    role: str
    width: float = 1.0
    dash: str = ""


class Drawing:
    """An SVG picture in the making; colours are named by their role in the theme, or as hex pairs (light, dark)."""

    def __init__(self, width: float, height: float, title: str, description: str, theme: str) -> None:
        self._theme: Theme = THEMES.get(theme, LIGHT)
        self._adapts = theme == AUTO
        self._pairs: dict[str, tuple[str, str]] = {}
        self._root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_number(width)} {_number(height)}",
                "width": _number(width),
                "height": _number(height),
                "role": "img",
                "aria-label": title,
                "font-family": FONTS,
            },
        )
        ElementTree.SubElement(self._root, "title").text = title
        ElementTree.SubElement(self._root, "desc").text = description
        self._style = ElementTree.SubElement(self._root, "style") if self._adapts else None
        self.rectangle(Box(0, 0, width, height), fill="paper")

    @property
    def theme(self) -> Theme:
        """The theme whose colours stand in the attributes."""
        return self._theme

    def rectangle(
        self, box: Box, *, fill: str, stroke: Stroke | None = None, radius: float = 0.0, note: str | None = None
    ) -> None:
        """Draw a rectangle; `note` is what shows when a reader points at it."""
        attributes = {
            "x": _number(box.left), "y": _number(box.top),
            "width": _number(box.width), "height": _number(box.height),
        }  # fmt: skip
        if radius:
            attributes["rx"] = _number(radius)
        self._add("rect", attributes, fill, stroke, note)

    def ellipse(self, box: Box, *, fill: str, stroke: Stroke | None = None, note: str | None = None) -> None:
        """Draw the ellipse in a box."""
        x, y = box.centre
        attributes = {"cx": _number(x), "cy": _number(y), "rx": _number(box.width / 2), "ry": _number(box.height / 2)}
        self._add("ellipse", attributes, fill, stroke, note)

    def curve(self, curve: Curve, stroke: Stroke, note: str | None = None) -> None:
        """Draw a curve."""
        self._add("path", {"d": curve.path_data(), "stroke-linecap": "butt"}, None, stroke, note)

    def polygon(self, points: Sequence[Point], *, fill: str, stroke: Stroke | None = None) -> None:
        """Draw a filled polygon."""
        data = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        self._add("polygon", {"points": data, "stroke-linejoin": "round"}, fill, stroke, None)

    def text(
        self, at: Point, lines: str | Sequence[str], size: float, *, anchor: str = "middle", role: str = "ink",
        bold: bool = False, italic: bool = False,
    ) -> None:  # fmt: skip
        """Write lines of text, centred vertically around a point."""
        rows = (lines,) if isinstance(lines, str) else tuple(lines)
        first = at[1] - (len(rows) - 1) / 2 * size * LINE_HEIGHT + 0.35 * size
        for index, row in enumerate(rows):
            attributes = {"x": _number(at[0]), "y": _number(first + index * size * LINE_HEIGHT),
                          "font-size": _number(size), "text-anchor": anchor}  # fmt: skip
            if bold:
                attributes["font-weight"] = "bold"
            if italic:
                attributes["font-style"] = "italic"
            self._add("text", attributes, role, None, None).text = row

    def upright(self, at: Point, line: str, size: float) -> None:
        """Write a line from top to bottom, starting at a point."""
        x, y = _number(at[0]), _number(at[1])
        attributes = {"x": x, "y": y, "font-size": _number(size), "text-anchor": "start",
                      "dominant-baseline": "central", "transform": f"rotate(90 {x} {y})"}  # fmt: skip
        self._add("text", attributes, "ink", None, None).text = line

    def pair(self, light: str, dark: str) -> str:
        """Return a role for a colour of its own, e.g. of one cell of a heat map."""
        role = f"c{light[1:]}{dark[1:]}"
        self._pairs[role] = (light, dark)
        return role

    def finish(self) -> str:
        """Return the picture as text; the same drawing gives the same text."""
        if self._style is not None:
            self._style.text = self._adapting_style()
        ElementTree.indent(self._root, space="")
        return ElementTree.tostring(self._root, encoding="unicode") + "\n"

    def _add(
        self, tag: str, attributes: dict[str, str], fill: str | None, stroke: Stroke | None, note: str | None
    ) -> ElementTree.Element:
        colours = {"fill": "none" if fill is None else self._colour(fill)}
        classes = [] if fill is None else [f"f-{fill}"]
        if stroke is not None:
            colours |= {"stroke": self._colour(stroke.role), "stroke-width": _number(stroke.width)}
            colours |= {"stroke-dasharray": stroke.dash} if stroke.dash else {}
            classes.append(f"s-{stroke.role}")
        named = {"class": " ".join(classes)} if self._adapts and classes else {}
        element = ElementTree.SubElement(self._root, tag, {**attributes, **colours, **named})
        if note:
            ElementTree.SubElement(element, "title").text = note
        return element

    def _colour(self, role: str) -> str:
        if role in self._pairs:
            return self._pairs[role][self._theme is DARK]
        return self._theme[role]

    def _adapting_style(self) -> str:
        dark = {**DARK.colours, **{role: pair[1] for role, pair in self._pairs.items()}}
        rules = [f".f-{role}{{fill:{colour}}}.s-{role}{{stroke:{colour}}}" for role, colour in dark.items()]
        return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
