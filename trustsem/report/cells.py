"""Numbers as reports print them."""

from __future__ import annotations

import math
from typing import Any

from trustsem.tables.text import format_number, format_pvalue

ABSENT = "–"


def number(value: Any, decimals: int = 3) -> str:
    """Return a number with fixed decimals; a dash where there is none."""
    if _is_absent(value):
        return ABSENT
    return format_number(float(value), decimals)


def count(value: Any) -> str:
    """Return a whole number with separators; a dash where there is none."""
    return ABSENT if _is_absent(value) else f"{int(value):,}"


def pvalue(value: Any) -> str:
    """Return a p-value; a dash where there is none."""
    return ABSENT if _is_absent(value) else format_pvalue(value)


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.1f}%"


def interval(lower: Any, upper: Any) -> str:
    """Return both limits; a dash where there are none."""
    if _is_absent(lower) or _is_absent(upper):
        return ABSENT
    return f"[{format_number(lower)}, {format_number(upper)}]"


def _is_absent(value: Any) -> bool:
    return value is None or not math.isfinite(value)
