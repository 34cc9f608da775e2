"""Which respondents a bootstrap draw takes: seeded draw by draw, so that results do not depend on how work is split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.moments import Cases

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


class DrawKind(Enum):
    """Where the rows of a draw come from."""

    NONPARAMETRIC = "nonparametric"  # respondents (or clusters) with replacement
    PARAMETRIC = "parametric"  # generated from the fitted model
    BOLLEN_STINE = "bollen_stine"  # respondents with replacement, transformed so that the model holds


class DrawPolicy(Enum):
    """What happens to draws that did not converge or are not admissible."""

    KEEP = "keep"  # all that converged
    DROP = "drop"  # only admissible ones
    REDRAW = "redraw"  # as drop, replaced by further draws


@dataclass(frozen=True, eq=False, slots=True)
class DrawLedger:
    """What became of every draw, (B,) each.

    Args:
        number: Number of the draw, which seeds it.
        converged: Whether a minimum was reached.
        iterations: Steps.
        admissible: No negative variance, no improper covariance matrix of latent variables.
        boundary: A free variance at 0, or a bound or inequality that holds with equality.
        used: Whether it enters intervals.
    """

    number: IntArray
    converged: BoolArray
    iterations: IntArray
    admissible: BoolArray
    boundary: BoolArray
    used: BoolArray


def generator_of(seed: int, draw: int) -> np.random.Generator:
    """Return the random numbers of one draw: a counter-based stream of its own (Salmon et al. 2011, Philox)."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, draw]))


def draw_counts(cases: Sequence[Cases], seed: int, numbers: IntArray) -> list[FloatArray]:
    """Return how often each respondent is in each draw, one (B, n_g) array per group.

    Groups are drawn on their own and keep their sizes. With clusters whole clusters are drawn, of each group as many
    as it has.
    """
    result = [np.zeros((len(numbers), len(group.values))) for group in cases]
    plans = [_plan(group) for group in cases]
    for position, number in enumerate(numbers.tolist()):
        random = generator_of(seed, number)
        for counts, (units, member) in zip(result, plans, strict=True):
            drawn = np.bincount(random.integers(units, size=units), minlength=units)
            counts[position] = drawn if member is None else drawn[member]
    return result


def _plan(cases: Cases) -> tuple[int, IntArray | None]:
    """Return the number of units that are drawn, and of which unit each row is."""
    if cases.clusters is None:
        return len(cases.values), None
    labels, member = np.unique(cases.clusters, return_inverse=True)
    return len(labels), member.astype(np.intp)
