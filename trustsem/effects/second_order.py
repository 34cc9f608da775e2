"""Second-order delta method: bias and standard errors of functions that bend within the uncertainty of estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import without_constants

FloatArray = NDArray[np.float64]

_STEP = 1e-4  # standard errors: differences of gradients lose 1e-8 of a curvature to the step, less to rounding
_NO_VARIANCE = 1e-12  # of a correlation matrix's eigenvalue: directions that constraints close


@dataclass(frozen=True, eq=False, slots=True)
class SecondOrder:
    """Moments of k functions of the estimates, to the second order.

    Args:
        bias: (k,) what the mean of an estimate lies above its value at the true parameters.
        standard_errors: (k,); NaN for constants.
    """

    bias: FloatArray
    standard_errors: FloatArray


def second_order_delta(
    jacobian_at: Callable[[FloatArray], FloatArray],
    theta: FloatArray,
    values: FloatArray,
    covariance: FloatArray,
) -> SecondOrder:
    """Return bias tr(H V) / 2 and standard errors sqrt(g' V g + tr((H V)^2) / 2) of functions of the estimates.

    Mean and variance of the second-order Taylor expansion for normal estimates with covariance V; of a product of
    two of them these are exact: a^2 s_b^2 + b^2 s_a^2 + s_a^2 s_b^2 without covariance (Aroian 1947; Goodman 1960,
    eq. 5). H V is a central difference of the exact gradient along the principal axes of V, scaled to correlations.

    Args:
        jacobian_at: (k, n_free) derivatives at any parameters.
        theta: (n_free,) the estimates.
        values: (k,) the functions there.
        covariance: (n_free, n_free) V.
    """
    jacobian = jacobian_at(theta)
    root = principal_root(covariance)
    trace, square = np.zeros(len(values)), np.zeros(len(values))
    for index, direction in enumerate(root.T):
        step = _STEP * direction
        bend = (jacobian_at(theta + step) - jacobian_at(theta - step)) @ root / (2 * _STEP)
        trace += bend[:, index]
        square += (bend**2).sum(axis=1)
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(((jacobian @ root) ** 2).sum(axis=1) + square / 2)
    return SecondOrder(trace / 2, without_constants(errors, values, jacobian, covariance))


def principal_root(covariance: FloatArray) -> FloatArray:
    """Return R (n_free, r) with R R' the covariance matrix, whatever the units of the parameters are."""
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    safe = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(safe, safe))
    open_ = values > _NO_VARIANCE
    return scale[:, None] * vectors[:, open_] * np.sqrt(values[open_])
