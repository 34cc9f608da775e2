"""Figures of a page: a picture that is always there, and what plotly needs to draw it anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trustsem.plots.diagram.draw_plotly import BUTTONS
from trustsem.plots.html import CONFIG
from trustsem.plots.plot import Plot
from trustsem.report.document import Figure, FigureBlock
from trustsem.report.formats.html.json_text import json_text
from trustsem.report.formats.html.themes import merge

WIDTH, HEIGHT = 900, 520  # px of figures that do not say their size
_LEFT_OUT = ["select2d", "lasso2d", "autoScale2d"]
_STYLE = re.compile(r"<style>(.*?)</style>\n?", re.DOTALL)
_WORDS = re.compile(r"<desc>.*?</desc>\n?", re.DOTALL)
_KINDS = {text: kind.value for kind, text in BUTTONS.items()}


@dataclass(frozen=True, slots=True)
class PageFigure:
    """A figure as the page shows it.

    Args:
        id: Of its element.
        title: Caption.
        words: What it shows, in sentences.
        picture: SVG without style; empty where the plot has none.
        style: The picture's rules for dark screens.
        width: Of the picture in px.
        choices: Labels that the reader can choose among; empty where there are none.
        active: Number of the choice that is drawn first.
        record: JSON text for plotly; empty where only the picture is shown.
    """

    id: str
    title: str
    words: str
    picture: str
    style: str
    width: int
    choices: tuple[str, ...]
    active: int
    record: str

    @property
    def size(self) -> int:
        """Bytes that interaction adds to the page."""
        return len(self.record.encode())


def page_figure(block: FigureBlock, name: str, labels: Mapping[str, str]) -> PageFigure:
    """Return a figure in both themes, and as a picture.

    Args:
        block: The figure.
        name: Unlike that of any other figure on the page.
        labels: Words of the page.
    """
    plot = block.plot
    light, dark = _drawn(plot)
    pairs: dict[tuple[str, str], int] = {}
    figure = merge(light, dark, pairs)
    names, changes, active = _choices(figure["layout"].pop("updatemenus", []), labels)
    record = {
        "figure": figure,
        "choices": changes,
        "pairs": [list(pair) for pair in pairs],
        "config": {**CONFIG, "modeBarButtonsToRemove": _LEFT_OUT},
    }
    picture, style = _picture(plot)
    width = round(figure["layout"]["width"])
    return PageFigure(name, block.title, plot.text(), picture, style, width, names, active, json_text(record))


def _drawn(plot: Figure) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a figure's JSON in both themes; one that knows no themes is light in both."""
    if isinstance(plot, Plot):
        return _record(plot.figure("light")), _record(plot.figure("dark"))
    figure = plot.figure()
    layout = figure.layout
    figure.update_layout(
        width=layout.width or WIDTH, height=layout.height or HEIGHT, paper_bgcolor=layout.paper_bgcolor or "#ffffff"
    )
    drawn = _record(figure)
    return drawn, drawn


def _record(figure: Any) -> dict[str, Any]:
    return json.loads(figure.to_json())


def _choices(
    menus: list[dict[str, Any]], labels: Mapping[str, str]
) -> tuple[tuple[str, ...], list[dict[str, Any]], int]:
    """Return the labels of a figure's menu, what each changes in the layout, and which one is drawn.

    The menus that plotly draws cannot be reached with a keyboard: the page has buttons of its own instead.
    """
    if not menus:
        return (), [], 0
    if len(menus) > 1 or any(button["method"] != "relayout" for button in menus[0]["buttons"]):
        raise ValueError("a figure in a page can have one menu, and its buttons change the layout only")
    buttons = menus[0]["buttons"]
    known = [_KINDS.get(button["label"]) for button in buttons]
    names = tuple(
        button["label"] if kind is None else labels[f"show_{kind}"] for kind, button in zip(known, buttons, strict=True)
    )
    return names, [button["args"][0] for button in buttons], menus[0].get("active", 0)


def _picture(plot: Any) -> tuple[str, str]:
    """Return a plot's picture for a page, and its style; its description stands beside it."""
    if not isinstance(plot, Plot):
        return "", ""
    drawn = plot.svg("auto")
    found = _STYLE.search(drawn)
    picture = _WORDS.sub("", _STYLE.sub("", drawn, count=1), count=1)
    return picture.replace("<svg ", '<svg class="static" ', 1), found[1] if found else ""
