"""Where the main model fits worst."""

from __future__ import annotations

from trustsem.study.parts.context import Context, Frames

PAIRS = 10
INDICES = 10
CRITICAL = 3.84  # chi-square, df 1, 5 % level


def residuals(context: Context) -> Frames:
    """Return the largest residual correlations."""
    return Frames({"largest": context.main.residuals("cor").largest(PAIRS)})


def modification(context: Context) -> Frames:
    """Return what freeing one parameter would gain, with what the theory says of it."""
    return Frames({"indices": context.main.modification_indices(top=INDICES, minimum=CRITICAL)})
