"""What each arrow of a feedback loop rests on: its instruments, how strong they are, what the disturbances share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.evaluation import path_product
from trustsem.effects.exogeneity import correlated_with_disturbances
from trustsem.effects.graph import arrow_pattern, feedback_block, simple_cycles, structural_graph
from trustsem.effects.loops import stability
from trustsem.effects.miiv.two_stage import WEAK_F, FirstStage, first_stage
from trustsem.implied import GroupLayout, Implied

FloatArray = NDArray[np.float64]

_ZERO = 1e-6  # standardised coefficient of the first stage that is a structural zero but for rounding
CANCELLING = 0.5  # standardised arrow and disturbance correlation from which arrows that cancel are implausible


@dataclass(frozen=True, slots=True)
class LoopArrow:
    """One arrow of a loop.

    Args:
        predictor: Where it starts.
        outcome: Where it ends.
        est: Unstandardised.
        se: NaN where there is none.
        scale: sd of the predictor over sd of the outcome: what makes the arrow a standardised one.
        is_free: Whether it is estimated.
        instruments: Variables of the structural model that predict the arrow's equation only through its endogenous
            regressors, and are uncorrelated with its disturbance.
        partial_r2: Share of the predictor's variance that they add to what the equation's other predictors explain, of
            the moments that the model implies (latent variables as if measured without error); None without any.
        f: First-stage F of these moments (Cragg & Donald 1993); None without instruments.
        wald_f: Wald test of the instruments' own arrows into the loop over their number: what f is once measurement
            error counts; None where no such arrow is free.
    """

    predictor: str
    outcome: str
    est: float
    se: float
    scale: float
    is_free: bool
    instruments: tuple[str, ...]
    partial_r2: float | None
    f: float | None
    wald_f: float | None

    @property
    def std_all(self) -> float:
        """The arrow with both variables standardised."""
        return self.est * self.scale

    @property
    def strength(self) -> float:
        """The smaller of both F; 0 without instruments, or with fewer than the equation needs."""
        if self.f is None:
            return 0.0
        return self.f if self.wald_f is None else min(self.f, self.wald_f)

    @property
    def is_weak(self) -> bool:
        """Whether an arrow that is estimated has instruments below F = 10, or none."""
        return self.is_free and not self.strength >= WEAK_F


@dataclass(frozen=True, slots=True)
class LoopBasis:
    """One loop of a group with what its estimates rest on.

    Args:
        members: Variables on it, in order of the arrows; the last points at the first.
        block: All variables that feedback ties to them.
        gain: Product of the arrows.
        gain_gradient: (n_free,).
        stability_index: Largest absolute eigenvalue of the arrows among the block; effects settle below 1 only.
        stability_gradient: (n_free,); NaN where the index is 0.
        arrows: In the order of the members.
        disturbance_correlation: Of two members; None for longer loops, or where a variance is not positive.
    """

    members: tuple[str, ...]
    block: tuple[str, ...]
    gain: float
    gain_gradient: FloatArray
    stability_index: float
    stability_gradient: FloatArray
    arrows: tuple[LoopArrow, ...]
    disturbance_correlation: float | None

    @property
    def is_stable(self) -> bool:
        """Whether effects settle."""
        return self.stability_index < 1

    @property
    def cancels(self) -> bool:
        """Whether strong arrows of one sign and a strong disturbance correlation of the other cancel each other."""
        r = self.disturbance_correlation
        if r is None or abs(r) < CANCELLING:
            return False
        return all(abs(arrow.std_all) >= CANCELLING and arrow.std_all * r < 0 for arrow in self.arrows)


def loop_bases(
    layout: GroupLayout, implied: Implied, n_free: int, covariance: FloatArray | None, n_obs: int
) -> tuple[LoopBasis, ...]:
    """Return every loop of a group with what its arrows rest on.

    Args:
        layout: Matrices of the group.
        implied: Its matrices at the estimate.
        n_free: Number of free rows.
        covariance: (n_free, n_free) covariance of the estimates, or None.
        n_obs: Respondents of the group.
    """
    graph = structural_graph(layout)
    cycles = simple_cycles(graph)
    if not cycles:
        return ()
    view = _View(layout, implied, covariance, n_obs, arrow_pattern(layout), correlated_with_disturbances(layout))
    result = []
    for cycle in cycles:
        block = feedback_block(graph, cycle[0])
        members = tuple(layout.names[i] for i in cycle)
        gain, gradient = path_product(layout, implied, (*members, members[0]), n_free)
        index, slope = stability(layout, implied, block, n_free)
        ends = (*cycle[1:], cycle[0])
        result.append(
            LoopBasis(
                members,
                tuple(layout.names[i] for i in block),
                gain,
                gradient,
                index,
                slope,
                tuple(_arrow(view, block, source, target) for source, target in zip(cycle, ends, strict=True)),
                _disturbance_correlation(implied, cycle),
            )
        )
    return tuple(result)


@dataclass(frozen=True, eq=False, slots=True)
class _View:
    layout: GroupLayout
    implied: Implied
    covariance: FloatArray | None
    n_obs: int
    pattern: NDArray[np.bool_]
    correlated: NDArray[np.bool_]

    def parameter(self, row: int, column: int) -> int | None:
        """Return the free row behind an arrow; None where it is fixed."""
        cells = self.layout.path_cells
        found = cells.parameter[(cells.row == row) & (cells.column == column)]
        return int(found[0]) if len(found) else None


def _arrow(view: _View, block: Sequence[int], source: int, target: int) -> LoopArrow:
    names, paths, total = view.layout.names, view.implied.paths, np.diag(view.implied.total_cov)
    parameter = view.parameter(target, source)
    se = np.nan
    if parameter is not None and view.covariance is not None:
        se = float(np.sqrt(max(view.covariance[parameter, parameter], 0.0)))
    regressors = [int(j) for j in np.flatnonzero(view.pattern[target]) if view.parameter(target, int(j)) is not None]
    endogenous = [j for j in regressors if view.correlated[j, target]]
    included = [j for j in regressors if j not in endogenous]
    instruments = _instruments(view, target, endogenous, included)
    strength: FirstStage | None = None
    if parameter is not None and instruments:
        identity = np.eye(len(names))
        strength = first_stage(view.implied.total_cov, view.n_obs, identity[endogenous], included, instruments)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = float(np.sqrt(total[source] / total[target]))
    return LoopArrow(
        names[source],
        names[target],
        float(paths[target, source]),
        se,
        scale,
        parameter is not None,
        tuple(names[k] for k in instruments),
        None if strength is None else strength.partial_r2[endogenous.index(source)],
        None if strength is None else strength.f,
        _wald_f(view, instruments, [node for node in block if node != target]),
    )


def _instruments(view: _View, target: int, endogenous: Sequence[int], included: Sequence[int]) -> tuple[int, ...]:
    """Return the valid instruments that have a part of their own in the first stage.

    Candidates are variables that point at others, leave no arrow in the target's equation and are uncorrelated with
    its disturbance; those whose first-stage coefficients the model makes zero, given the others, are dropped.
    """
    candidates = [
        int(k)
        for k in view.layout.core
        if k != target and int(k) not in (*endogenous, *included) and not view.correlated[k, target]
    ]
    if not candidates or not endogenous:
        return ()
    total = view.implied.total_cov
    predictors = [*included, *candidates]
    slopes = np.linalg.lstsq(total[np.ix_(predictors, predictors)], total[np.ix_(predictors, endogenous)])[0]
    sd = np.sqrt(np.abs(np.diag(total)))
    size = np.abs(slopes * sd[predictors, None] / np.maximum(sd[endogenous], np.finfo(float).tiny))
    kept = size[len(included) :].max(axis=1) > _ZERO
    return tuple(k for k, keep in zip(candidates, kept, strict=True) if keep)


def _wald_f(view: _View, instruments: Sequence[int], targets: Sequence[int]) -> float | None:
    """Return the Wald statistic of the instruments' free arrows into the loop, over their number."""
    cells = view.layout.path_cells
    chosen = np.isin(cells.column, instruments) & np.isin(cells.row, targets)
    parameters = cells.parameter[chosen]
    if view.covariance is None or not len(parameters):
        return None
    values = view.implied.paths[cells.row[chosen], cells.column[chosen]]
    roots, vectors = np.linalg.eigh(view.covariance[np.ix_(parameters, parameters)])
    kept = roots > 1e-10 * max(float(roots[-1]), np.finfo(float).tiny)  # arrows held equal are one
    if not kept.any():
        return None
    return float(((vectors[:, kept].T @ values) ** 2 / roots[kept]).sum() / kept.sum())


def _disturbance_correlation(implied: Implied, cycle: Sequence[int]) -> float | None:
    if len(cycle) != 2:
        return None
    i, j = cycle
    variances = implied.covariances[i, i] * implied.covariances[j, j]
    if implied.covariances[i, i] <= 0 or variances <= 0:
        return None
    return float(implied.covariances[i, j] / np.sqrt(variances))
