"""PNG of a figure, for formats that take no SVG; a reason where none can be made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

_ZOOM = 3  # 288 dots per inch
_NOBODYS = "\U0010fffe"  # a code point that no font has a glyph for
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_PROBE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" font-family="Arial, sans-serif"><text x="2" y="30" font-size="20">{}</text></svg>'  # noqa: E501


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and the size that it is meant to have.

    Args:
        png: The file.
        width: Of the drawing, inches at 96 units each.
        height: Likewise.
    """

    png: bytes
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Why there is none: the key of a text among the labels of a document."""

    label: str


def draw(svg: str) -> Picture | NoPicture:
    """Return the picture of an SVG.

    resvg leaves characters out, or draws boxes, where no font has them. So a character of each script is tried first.
    """
    try:
        resvg = import_module("resvg_py")
    except ImportError:
        return NoPicture("picture_needs_package")
    samples = {"A", *_IDEOGRAPH.findall(svg)[:1]}
    if not all(_is_drawn(resvg, character) for character in samples):
        return NoPicture("picture_needs_font")
    png = _render(resvg, svg, _ZOOM)
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))  # of the header IHDR
    return Picture(png, width / _ZOOM / 96, height / _ZOOM / 96)


@cache
def _is_drawn(resvg: Any, character: str) -> bool:
    drawn = _render(resvg, _PROBE.format(character), 1)
    return drawn not in (_render(resvg, _PROBE.format(" "), 1), _render(resvg, _PROBE.format(_NOBODYS), 1))


def _render(resvg: Any, svg: str, zoom: int) -> bytes:
    return bytes(resvg.svg_to_bytes(svg_string=svg, zoom=zoom))
