"""Colours of the page, those of the figures; two drawings of a figure as one with the places where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from trustsem.plots.palette import DARK, FONTS, LIGHT, Theme

TOKEN = "\x01"  # a string of a merged figure that starts so is the number of a pair
_ROLES = ("paper", "ink", "muted", "grid", "line", "negative", "node")
_RULE = re.compile(r"\.[fs]-[\w-]+\{[^}]*\}")
_CHOSEN, _BY_SCREEN = ':root[data-theme="dark"] ', ":root:not([data-theme]) "


def page_colours() -> str:
    """Return style rules that give the colours of both themes names."""
    dark = _variables(DARK)
    return (
        f":root{{{_variables(LIGHT)}--fonts:{FONTS}}}\n"
        f"@media screen{{{_CHOSEN.strip()}{{{dark}}}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{{_BY_SCREEN.strip()}{{color-scheme:dark;{dark}}}}}\n"
    )


def _variables(theme: Theme) -> str:
    return "".join(f"--{role}:{theme[role]};" for role in _ROLES)


def picture_colours(styles: Iterable[str]) -> str:
    """Return style rules for pictures in the page.

    Args:
        styles: Style of each picture made with theme "auto": rules for dark screens. A picture of its own follows the
            screen; one in the page follows the reader's choice as well, and is light on paper.
    """
    rules = dict.fromkeys(rule for style in styles for rule in _RULE.findall(style))
    if not rules:
        return ""
    chosen, by_screen = ("".join(f"{start}{rule}" for rule in rules) for start in (_CHOSEN, _BY_SCREEN))
    return f"@media screen{{{chosen}}}\n@media screen and (prefers-color-scheme:dark){{{by_screen}}}\n"


def merge(light: Any, dark: Any, pairs: dict[tuple[str, str], int]) -> Any:
    """Return one tree for two drawings that differ in colours: where texts differ stands the number of a pair.

    Args:
        light: JSON-ready drawing.
        dark: The same in the other theme.
        pairs: Filled with the texts that differ, and their numbers.

    Raises:
        ValueError: the drawings differ in more than texts.

    Example:
        >>> pairs = {}
        >>> merge({"color": "#fff", "x": [1]}, {"color": "#000", "x": [1]}, pairs), pairs
        ({'color': '\\x010', 'x': [1]}, {('#fff', '#000'): 0})
    """
    if isinstance(light, Mapping) and isinstance(dark, Mapping) and light.keys() == dark.keys():
        return {key: merge(light[key], dark[key], pairs) for key in light}
    if isinstance(light, list) and isinstance(dark, list) and len(light) == len(dark):
        return [merge(one, other, pairs) for one, other in zip(light, dark, strict=True)]
    if light == dark:
        return light
    if isinstance(light, str) and isinstance(dark, str):
        return f"{TOKEN}{pairs.setdefault((light, dark), len(pairs))}"
    raise ValueError("the two themes of a figure differ in more than colours")
