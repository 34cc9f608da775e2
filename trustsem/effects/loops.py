"""Feedback loops: their gain and whether they settle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import delta_method
from trustsem.effects.evaluation import path_product
from trustsem.effects.graph import simple_cycles, structural_graph
from trustsem.implied import GroupLayout, Implied

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loop:
    """One cycle of arrows.

    Args:
        members: Variables on it, in order of the arrows; the last points at the first.
        gain: Product of its arrows: what comes back of one unit after one round.
        se: Delta-method standard error of the gain; NaN where it cannot be computed.
    """

    members: tuple[str, ...]
    gain: float
    se: float


@dataclass(frozen=True, slots=True)
class LoopReport:
    """All loops of a group.

    Args:
        loops: Every cycle with its gain.
        stability_index: Largest absolute eigenvalue of the matrix of arrows; effects settle only below 1
            (Bentler & Freeman 1983). sqrt(|f g|) for one pair.
    """

    loops: tuple[Loop, ...]
    stability_index: float

    @property
    def stable(self) -> bool:
        """Whether effects settle."""
        return self.stability_index < 1


def find_loops(layout: GroupLayout, implied: Implied, n_free: int, covariance: FloatArray | None) -> LoopReport:
    """Find the feedback loops of a group.

    Args:
        layout: Matrices of the group.
        implied: Its matrices at the estimate.
        n_free: Number of free rows.
        covariance: (n_free, n_free) covariance of the estimates, or None.
    """
    loops = []
    for cycle in simple_cycles(structural_graph(layout)):
        members = tuple(layout.names[i] for i in cycle)
        gain, gradient = path_product(layout, implied, (*members, members[0]), n_free)
        result = delta_method(np.array([gain]), gradient[None, :], covariance)
        loops.append(Loop(members, gain, float(result.standard_errors[0])))
    index = float(np.abs(np.linalg.eigvals(implied.paths)).max()) if loops else 0.0
    return LoopReport(tuple(loops), index)
