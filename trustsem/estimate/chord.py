"""Newton steps with one Hessian for all: for minima that are near the start, as those of bootstrap draws are."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate.objective import Objective
from trustsem.estimate.status import OptimStatus, Optimum
from trustsem.moments.linalg import cholesky

FloatArray = NDArray[np.float64]

_TOLERANCE = 1e-11  # of g' H^-1 g, which falls by a constant factor or more: what is left is smaller still
_STEPS = 40
_SLOW = 0.5  # factor by which g' H^-1 g must fall from step to step
_METHOD = "chord"


def minimise_by_chord(objective: Objective, start: FloatArray) -> Optimum | None:
    """Minimise F/2 from a start near the minimum; None where that does not lead there, or not quickly.

    Steps are solved with the exact Hessian at an earlier point, taken anew only where F rises or falls too slowly: the
    chord method (Ortega & Rheinboldt 1970, sec. 7.1). The minimum is that of the objective, as the gradient is exact.

    Args:
        objective: The function.
        start: (n_parameters,) a point near the minimum.
    """
    x, before = start, math.inf
    value, implied = objective.evaluate(x)
    inverse: FloatArray | None = None
    for iteration in range(1, _STEPS + 1):
        if not math.isfinite(value):
            return None
        point = objective.expand_at(implied)
        gradient = point.gradient()
        for is_fresh in (False, True):
            if inverse is None or is_fresh:
                inverse = _inverse(point.hessian())
            if inverse is None:
                return None
            step = inverse @ gradient
            decrement = float(gradient @ step)
            trial, implied = objective.evaluate(x - step)
            if 0 <= decrement < _TOLERANCE and math.isfinite(trial):
                return Optimum(x - step, trial, iteration, OptimStatus.CONVERGED, decrement, _METHOD)
            if trial < value and (is_fresh or 0 <= decrement < _SLOW * before):
                break
        else:
            return None
        x, value, before = x - step, trial, decrement
    return None


def _inverse(hessian: FloatArray) -> FloatArray | None:
    """Return the inverse of a safely positive-definite matrix, else None."""
    diagonal = np.diag(hessian)
    if not np.isfinite(hessian).all() or diagonal.min(initial=1.0) <= 0:
        return None
    scale = np.sqrt(diagonal)
    factor = cholesky(hessian / np.outer(scale, scale))
    if factor is None or np.diag(factor).min(initial=1.0) < 1e-6:
        return None
    half = np.linalg.inv(factor)
    return (half.T @ half) / np.outer(scale, scale)
