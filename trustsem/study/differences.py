"""What differs between two sets of numbers of a study, by tolerances that are fixed beforehand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Solutions stop at a gradient of about 1e-8, libraries add in other orders: beyond the sixth digit nothing is promised.
COMPUTED = 1e-6
# Each draw is a solution of its own, and a limit is that of one draw.
DRAWN = 1e-4
# Numbers that are zero but for rounding: residuals, p-values far out.
NEGLIGIBLE = 1e-8
_DRAWN_PARTS = ("bootstrap",)
_HOW = ("optimiser",)  # how a solution was found, not what it is
_VERSIONS = ("version", "versions", "platform")


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that changed.

    Args:
        path: Where it stands in report.json, e.g. "fits.trust_formation.fit_measures.cfi".
        before: As recorded; `ABSENT` where it was not there.
        after: As found now.
    """

    path: str
    before: Any
    after: Any

    @property
    def is_version(self) -> bool:
        """Whether it says what the study was run with, not what it found."""
        return any(name in self.path.split(".") for name in _VERSIONS)

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.before)} before, {_shown(self.after)} now"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"path": self.path, "before": self.before, "after": self.after}


ABSENT = None  # JSON has no other word; a null that appears or disappears is told as well


def compare_numbers(before: Any, after: Any) -> list[Difference]:
    """Return every value that differs beyond its tolerance, in the order of the file.

    Whole numbers, texts and absent values must be the same; other numbers within 1e-6 of the larger one, those of
    draws within 1e-4, and 1e-8 in any case. How the optimiser went is not compared.
    """
    return list(_walk("", before, after))


def _walk(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            if name not in _HOW:
                inner = f"{path}.{name}" if path else str(name)
                if (name in before) != (name in after):
                    yield Difference(inner, before.get(name, ABSENT), after.get(name, ABSENT))
                else:
                    yield from _walk(inner, before[name], after[name])
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for position, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _walk(f"{path}[{_label(old, position)}]", old, new)
    elif not _is_same(path, before, after):
        yield Difference(path, before, after)


def _is_same(path: str, before: Any, after: Any) -> bool:
    if _is_number(before) and _is_number(after) and float in (type(before), type(after)):
        tolerance = DRAWN if any(part in path for part in _DRAWN_PARTS) else COMPUTED
        return math.isclose(before, after, rel_tol=tolerance, abs_tol=NEGLIGIBLE)
    return type(before) is type(after) and before == after


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(entry: Any, position: int) -> str:
    """Return how a row is called: by its parameter or effect where it has one, else by its number."""
    if isinstance(entry, Mapping):
        if {"lhs", "op", "rhs"} <= set(entry):
            return f"{entry['lhs']} {entry['op']} {entry['rhs']}"
        if {"x", "y", "effect"} <= set(entry):
            return f"{entry['x']} on {entry['y']}, {entry['effect']}"
    return str(position + 1)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    text = "absent" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
