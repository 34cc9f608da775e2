"""Feedback loops: their gain and whether they settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import delta_method
from trustsem.effects.evaluation import path_product
from trustsem.effects.graph import feedback_block, simple_cycles, structural_graph
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
    graph, loops, index = structural_graph(layout), [], 0.0
    for cycle in simple_cycles(graph):
        members = tuple(layout.names[i] for i in cycle)
        gain, gradient = path_product(layout, implied, (*members, members[0]), n_free)
        result = delta_method(np.array([gain]), gradient[None, :], covariance)
        loops.append(Loop(members, gain, float(result.standard_errors[0])))
        index = max(index, stability(layout, implied, feedback_block(graph, cycle[0]), n_free)[0])
    return LoopReport(tuple(loops), index)


def stability(layout: GroupLayout, implied: Implied, block: Sequence[int], n_free: int) -> tuple[float, FloatArray]:
    """Return the largest absolute eigenvalue of the arrows among a block, with its gradient.

    d|z| = Re(conj(z) w' dA v) / |z| for an eigenvalue z with left and right vectors w'v = 1 (Magnus 1985).
    """
    index = np.asarray(block, dtype=np.intp)
    values, right = np.linalg.eig(implied.paths[np.ix_(index, index)])
    top = int(np.argmax(np.abs(values)))
    size = float(np.abs(values[top]))
    gradient = np.zeros(n_free)
    if size == 0:
        return 0.0, np.full(n_free, np.nan)
    try:
        left = np.linalg.inv(right)[top]
    except np.linalg.LinAlgError:
        return size, np.full(n_free, np.nan)
    slopes = np.real(np.conj(values[top]) * np.outer(left, right[:, top])) / size
    place = {int(node): k for k, node in enumerate(index)}
    cells = layout.path_cells
    for i, j, parameter in zip(cells.row.tolist(), cells.column.tolist(), cells.parameter.tolist(), strict=True):
        if i in place and j in place:
            gradient[parameter] += slopes[place[i], place[j]]
    return size, gradient
