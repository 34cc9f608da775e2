"""How words of options are spelled."""

from __future__ import annotations

from typing import Any


def word(value: Any) -> str:
    """Return a value of an option as this package spells it: lower case, dots and hyphens as underscores."""
    return str(getattr(value, "value", value)).strip().lower().replace(".", "_").replace("-", "_")
