"""Fisher scoring with Levenberg-Marquardt damping, exact Newton steps near the end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate.objective import Objective
from trustsem.estimate.status import OptimStatus, Optimum
from trustsem.implied import Implied
from trustsem.moments.linalg import cholesky, solve_positive

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """Limits of the iteration.

    Args:
        max_iterations: Accepted and rejected steps together.
        tolerance: Converged when g' H^-1 g falls below it: F/2 would drop by half of it, so that with n = 10,000
            the estimates are within 1e-4 standard errors of the minimum.
        newton_below: The exact Hessian replaces the expected one where g' H^-1 g is below this; infinite: always.
    """

    max_iterations: int = 200
    tolerance: float = 1e-13
    newton_below: float = 1e-2


_MAX_DAMPING = 1e10


def minimise_by_scoring(objective: Objective, start: FloatArray, options: ScoringOptions | None = None) -> Optimum:
    """Minimise F/2 from a start point.

    Each step solves (H + damping * diag(H)) d = g; a step that does not lower F as the quadratic predicts is
    shortened by more damping (Marquardt 1963). H is the expected Hessian far from the minimum, the exact one near it.
    """
    options = options or ScoringOptions()
    x, damping, decrement = start.copy(), 0.0, math.inf
    value, implied = objective.evaluate(start)
    if not math.isfinite(value):
        return Optimum(x, value, 0, OptimStatus.BAD_START, math.inf, "scoring")
    if not len(x):
        return Optimum(x, value, 0, OptimStatus.CONVERGED, 0.0, "scoring")
    gradient, matrix = _system(objective, implied, exact=math.isinf(options.newton_below))
    for iteration in range(1, options.max_iterations + 1):
        step = _damped_step(matrix, gradient, damping)
        while step is None:
            damping = max(4 * damping, 1e-6)
            if damping > _MAX_DAMPING:
                return Optimum(x, value, iteration, OptimStatus.STALLED, _size(gradient, matrix), "scoring")
            step = _damped_step(matrix, gradient, damping)
        decrement = float(gradient @ step)
        trial, implied = objective.evaluate(x - step)
        if decrement < options.tolerance and damping < 1e-3 and math.isfinite(trial):
            return Optimum(x - step, trial, iteration, OptimStatus.CONVERGED, decrement, "scoring")
        predicted = decrement - 0.5 * float(step @ matrix @ step)
        ratio = (value - trial) / predicted if predicted > 0 and math.isfinite(trial) else -1.0
        if ratio > 1e-4 or (decrement < 1e-10 and abs(value - trial) < 1e-12):
            x, value = x - step, trial
            gradient, matrix = _system(objective, implied, exact=decrement < options.newton_below)
        damping = _next_damping(damping, ratio)
        if damping > _MAX_DAMPING:
            return Optimum(x, value, iteration, OptimStatus.STALLED, _size(gradient, matrix), "scoring")
    return Optimum(x, value, options.max_iterations, OptimStatus.MAX_ITERATIONS, decrement, "scoring")


def _system(objective: Objective, implied: tuple[Implied, ...], *, exact: bool) -> tuple[FloatArray, FloatArray]:
    """Return gradient and Hessian; the expected Hessian where the exact one is not positive definite."""
    point = objective.expand_at(implied)
    if exact:
        hessian = point.hessian()
        if cholesky(hessian) is not None:
            return point.gradient(), hessian
    return point.gradient(), point.information()


def _damped_step(matrix: FloatArray, gradient: FloatArray, damping: float) -> FloatArray | None:
    """Return the damped step, or None where the matrix is not safely positive definite."""
    diagonal = np.diag(matrix)
    if not np.isfinite(matrix).all() or diagonal.min(initial=1.0) < 0:
        return None
    scale = _curvature_scale(matrix)
    scaled = matrix / np.outer(scale, scale)
    scaled[np.diag_indices_from(scaled)] += damping
    factor = cholesky(scaled)
    if factor is None or np.diag(factor).min(initial=1.0) < 1e-6:
        return None
    return solve_positive(scaled, gradient / scale) / scale


def _curvature_scale(matrix: FloatArray) -> FloatArray:
    """Return the roots of the diagonal, whatever the units of the items; 1 where there is no curvature at all."""
    diagonal = np.diag(matrix)
    return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def _next_damping(damping: float, ratio: float) -> float:
    if ratio < 0.25:
        return max(4 * damping, 1e-3)
    if ratio > 0.6:
        return 0.0 if damping < 1e-4 else damping / 5
    return damping


def _size(gradient: FloatArray, matrix: FloatArray) -> float:
    """Return the largest gradient element in units of its parameter's curvature."""
    return float(np.abs(gradient / _curvature_scale(matrix)).max(initial=0.0))
