"""Colours of all figures: two themes, safe for readers who do not tell red from green.

Hues follow Okabe & Ito (2008), "Color universal design", darkened for paper and lightened for dark screens so that
lines and text keep a contrast of at least 3 : 1 with the paper (4.5 : 1 for text). No figure says by colour alone what
it does not also say by shape, dash or text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trustsem.errors import UsageError
from trustsem.suggestions import suggest

AUTO = "auto"
FONTS = "Arial, Helvetica, 'Liberation Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by role.

    Args:
        name: "light" or "dark".
        colours: Hex colour of each role.
        diverging: Colours from the negative to the positive end, the middle one neutral.
    """

    name: str
    colours: Mapping[str, str]
    diverging: tuple[str, ...]

    def __getitem__(self, role: str) -> str:
        return self.colours[role]


LIGHT = Theme(
    "light",
    MappingProxyType(
        {
            "paper": "#ffffff",
            "ink": "#1a1a1a",
            "muted": "#5a6068",
            "grid": "#dde1e6",
            "line": "#1b4f7a",
            "negative": "#b34700",
            "reading": "#7a5200",
            "neutral": "#5a6068",
            "node": "#f5f6f8",
            "interpersonal": "#e1edf7",
            "intergroup": "#f7eedb",
            "overarching": "#e6f2ea",
            "item": "#ffffff",
            "absent": "#c3c8ce",
        }
    ),
    ("#a84400", "#dd8a4e", "#f2c9a8", "#e4e6e9", "#a9cbe6", "#4f93c4", "#0f558c"),
)
DARK = Theme(
    "dark",
    MappingProxyType(
        {
            "paper": "#14171a",
            "ink": "#eef0f2",
            "muted": "#a9b0b8",
            "grid": "#343a41",
            "line": "#7fb8e6",
            "negative": "#f0935a",
            "reading": "#d9b45a",
            "neutral": "#a9b0b8",
            "node": "#23282d",
            "interpersonal": "#1d3448",
            "intergroup": "#41351c",
            "overarching": "#20392b",
            "item": "#1b1f23",
            "absent": "#5b636b",
        }
    ),
    ("#f0935a", "#c4692f", "#74452a", "#3a4047", "#2a5273", "#4686b8", "#86c2ee"),
)
BINS = ("#9dbfdc", "#2f5d84")  # bars of histograms in the light and the dark theme
THEMES: Mapping[str, Theme] = MappingProxyType({"light": LIGHT, "dark": DARK})


def read_theme(name: str, *, with_auto: bool = False) -> str:
    """Return the name of a theme as it is spelled here.

    Args:
        name: "light" or "dark".
        with_auto: Whether "auto" (as the reader's screen is set) is one of them.

    Raises:
        UsageError: another name.
    """
    allowed = (*THEMES, *((AUTO,) if with_auto else ()))
    word = str(name).strip().lower()
    if word not in allowed:
        raise UsageError(
            f"Unknown theme {name!r}.{suggest(word, allowed)}",
            remedy=f"Use one of: {', '.join(allowed)}.",
            code="theme",
        )
    return word


def shades(theme: Theme, count: int) -> tuple[str, ...]:
    """Return colours for the points of a scale, from its negative to its positive pole; an odd middle is neutral."""
    scale, middle = theme.diverging, len(theme.diverging) // 2
    if count == 1:
        return (scale[middle],)
    half, steps = count // 2, {1: (0,), 2: (0, 1), 3: (0, 1, 2)}
    if half > 3:
        return tuple(_between(scale, k / (count - 1)) for k in range(count))
    low = tuple(scale[k] for k in steps[half])
    high = tuple(scale[-1 - k] for k in reversed(steps[half]))
    return (*low, *((scale[middle],) if count % 2 else ()), *high)


def _between(scale: tuple[str, ...], share: float) -> str:
    """Return the colour at a share of the way along a scale, linear in each channel."""
    place = share * (len(scale) - 1)
    k = min(int(place), len(scale) - 2)
    first, second = (tuple(int(text[i : i + 2], 16) for i in (1, 3, 5)) for text in scale[k : k + 2])
    mixed = (round(a + (place - k) * (b - a)) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def at(theme: Theme, value: float) -> str:
    """Return the colour of a value between -1 and 1 on the diverging scale; beyond, that of the end."""
    return _between(theme.diverging, (min(max(value, -1.0), 1.0) + 1) / 2)


def readable_on(colour: str) -> str:
    """Return black or white: the one that reads better on a colour (relative luminance of WCAG 2)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#111111" if luminance > 0.179 else "#ffffff"
