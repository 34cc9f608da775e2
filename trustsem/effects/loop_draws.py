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
        settled_share: Share of draws in which the block and all loops before it settle: those that have effects.
    """

    gain: FloatArray
    stability: FloatArray
    totals: FloatArray
    settled_share: float

    @property
    def unstable_share(self) -> float:
        """Share of draws whose stability index is 1 or more, or has no value."""
        return float(np.mean(~(self.stability < 1)))


def loop_draws(
    stack: Stack, members: Sequence[int], block: Sequence[int], upstream: Sequence[int], sources: Sequence[int]
) -> LoopDraws:
    """Return what a loop is in every draw.

    Args:
        stack: Matrices of the group in the draws.
        members: Positions on the loop, in order of the arrows.
        block: Positions that feedback ties together.
        upstream: Positions that lead to the block, itself included.
        sources: Where effects start; they end in the members.
    """
    ends = (*members[1:], members[0])
    gain = np.prod([stack.paths[:, end, start] for start, end in zip(members, ends, strict=True)], axis=0)
    settled = stability_among(stack.paths, upstream) < 1
    totals = stack.inverse[:, np.array(members)[None, :], np.array(sources)[:, None]]
    return LoopDraws(
        np.asarray(gain, dtype=np.float64),
        stability_among(stack.paths, block),
        np.where(settled[:, None, None], totals, np.nan),
        float(np.mean(settled)),
    )


def stability_among(paths: FloatArray, positions: Sequence[int]) -> FloatArray:
    """Return the stability index (B,) of the arrows among some variables."""
    among = np.array(positions, dtype=np.intp)
    return stability_in_draws(paths[:, among[:, None], among[None, :]])


def drawn_interval(values: FloatArray) -> DrawnInterval:
    """Return the interval of the finite values among draws."""
    kept = values[np.isfinite(values)]
    if len(kept) < 2:
        return DrawnInterval(np.nan, np.nan, np.nan)
    lower, upper = np.quantile(kept, [_TAIL, 1 - _TAIL])
    return DrawnInterval(float(kept.std(ddof=1)), float(lower), float(upper))
