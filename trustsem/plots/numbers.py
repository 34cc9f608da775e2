"""Numbers as figures print them: a true minus sign, and coefficients below 1 without the zero before the point."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
STARS_NOTE = "* p < .05, ** p < .01, *** p < .001"


def number(value: float | None, decimals: int = 2) -> str:
    """Return a number; an en dash where there is none.

    Example:
        >>> number(0.254), number(-1.5), number(1234.5), number(None)
        ('.25', '−1.50', '1,234', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if abs(value) >= 1e5:
        text = f"{abs(value):.1e}"
    elif abs(value) >= 100:
        text = f"{abs(value):,.0f}"
    else:
        text = f"{abs(value):.{decimals}f}"
    if text.startswith("0."):
        text = text[1:]
    is_zero = not text.strip(".0")
    return text if value >= 0 or is_zero else MINUS + text


def interval(lower: float, upper: float, decimals: int = 2) -> str:
    """Return an interval in brackets."""
    return f"[{number(lower, decimals)}, {number(upper, decimals)}]"


def stars(pvalue: float | None) -> str:
    """Return the stars of a p-value; none where it is unknown or at least .05."""
    if pvalue is None or math.isnan(pvalue):
        return ""
    return next((mark for limit, mark in STARS if pvalue < limit), "")


def percent(share: float) -> str:
    """Return a share as whole per cent; one that is not zero does not look like it.

    Example:
        >>> percent(0.254), percent(0.002), percent(0.0)
        ('25 %', '<1 %', '0 %')
    """
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def known(value: float | None) -> float | None:
    """Return a number; None for NaN and what is infinite."""
    return None if value is None or not math.isfinite(value) else float(value)
