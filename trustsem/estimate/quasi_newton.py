"""Quasi-Newton fallback for start points from which scoring does not get away."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate.objective import Objective
from trustsem.estimate.status import OptimStatus, Optimum

FloatArray = NDArray[np.float64]

_WALL = 1e10  # stands for "not a covariance matrix": the line search backs off from it


def minimise_by_quasi_newton(objective: Objective, start: FloatArray, *, max_iterations: int = 1000) -> Optimum:
    """Minimise F/2 by BFGS in parameters scaled by their expected curvature at the start.

    The end point is meant to be polished by scoring, so its tolerance is loose.
    """
    from scipy.optimize import minimize  # 0.1 s to import, needed in few fits

    if not math.isfinite(objective.value(start)):
        return Optimum(start, math.inf, 0, OptimStatus.BAD_START, math.inf, "quasi-Newton")
    curvature = np.diag(objective.information(start))
    scale = 1 / np.sqrt(np.where(curvature > 0, curvature, 1.0))

    def value_and_gradient(z: FloatArray) -> tuple[float, FloatArray]:
        x = z * scale
        value = objective.value(x)
        if not math.isfinite(value):
            return _WALL, np.zeros_like(z)
        return value, objective.gradient(x) * scale

    result = minimize(
        value_and_gradient, start / scale, jac=True, method="BFGS", options={"maxiter": max_iterations, "gtol": 1e-7}
    )
    status = OptimStatus.CONVERGED if result.success else OptimStatus.STALLED
    size = float(np.abs(result.jac).max(initial=0.0))
    return Optimum(result.x * scale, float(result.fun), int(result.nit), status, size, "quasi-Newton")
