"""Gain, stability and equilibrium effects of a loop in draws of the parameters, unstable draws counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.draws import stability_in_draws
from trustsem.resample.batch import Stack

FloatArray = NDArray[np.float64]

_TAIL = 0.025


@dataclass(frozen=True, slots=True)
class DrawnInterval:
    """95 % percentile interval and standard deviation of draws; NaN where there are fewer than two."""

    se: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False, slots=True)
class LoopDraws:
    """A loop in B draws.

    Args:
        gain: (B,) product of the arrows.
        stability: (B,) largest absolute eigenvalue of the arrows among the block.
        totals: (B, x, y) equilibrium effects of sources on members; NaN in draws that do not settle.
    """

    gain: FloatArray
    stability: FloatArray
    totals: FloatArray

    @property
    def unstable_share(self) -> float:
        """Share of draws whose stability index is 1 or more, or has no value."""
        return float(np.mean(~(self.stability < 1)))


def loop_draws(
    stack: Stack, members: Sequence[int], block: Sequence[int], sources: Sequence[int], targets: Sequence[int]
) -> LoopDraws:
    """Return what a loop is in every draw.

    Args:
        stack: Matrices of the group in the draws.
        members: Positions on the loop, in order of the arrows.
        block: Positions that feedback ties together.
        sources: Where effects start.
        targets: Where they end.
    """
    ends = (*members[1:], members[0])
    gain = np.prod([stack.paths[:, end, start] for start, end in zip(members, ends, strict=True)], axis=0)
    stability = stability_in_draws(stack.paths[:, np.array(block)[:, None], np.array(block)[None, :]])
    totals = stack.inverse[:, np.array(targets)[None, :], np.array(sources)[:, None]]
    settled = (stability < 1)[:, None, None]
    return LoopDraws(np.asarray(gain, dtype=np.float64), stability, np.where(settled, totals, np.nan))


def drawn_interval(values: FloatArray) -> DrawnInterval:
    """Return the interval of the finite values among draws."""
    kept = values[np.isfinite(values)]
    if len(kept) < 2:
        return DrawnInterval(np.nan, np.nan, np.nan)
    lower, upper = np.quantile(kept, [_TAIL, 1 - _TAIL])
    return DrawnInterval(float(kept.std(ddof=1)), float(lower), float(upper))
