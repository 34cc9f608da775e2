"""Where a key stands in a TOML text: the standard reader keeps no lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_.\-"']+)\s*=""")


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """Return the line, counted from 1, of a key or table; of its parent where it stands within a line.

    Args:
        text: A TOML text that can be read.
        place: Keys, with numbers for entries of arrays of tables, e.g. ("models", 1, "options", "estimator").

    Example:
        >>> line_of('[study]\\ntitle = "x"\\n[[models]]\\nmodel = "a"', ("models", 0, "model"))
        4
    """
    lines = _lines_of_keys(text)
    wanted = tuple(place)
    while wanted:
        if wanted in lines:
            return lines[wanted]
        wanted = wanted[:-1]
    return None


def _lines_of_keys(text: str) -> dict[tuple[str | int, ...], int]:
    found: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            names = _names(header[2])
            if header[1] == "[[":
                position = counts.get(header[2], 0)
                counts[header[2]] = position + 1
                table = (*names, position)
                found.setdefault(names, number)
            else:
                table = _within_arrays(names, counts)
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            names = _names(key[1])
            for end in range(1, len(names) + 1):
                found.setdefault((*table, *names[:end]), number)
    return found


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _within_arrays(names: tuple[str, ...], counts: dict[str, int]) -> tuple[str | int, ...]:
    """Return `[models.options]` as the options of the last entry of models."""
    head = names[0]
    return (head, counts[head] - 1, *names[1:]) if head in counts else names
