"""Standard errors of functions of the parameters by the delta method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# a standard error below these shares belongs to a constant, whatever the units are:
_OF_VALUE = 1e-10  # of the value: a standardised variance of 1
_OF_PARTS = 1e-7  # of what the parameters would add up to: a quantity that a constraint holds in place


@dataclass(frozen=True, eq=False, slots=True)
class DeltaResult:
    """Values of functions of the parameters, with gradients and standard errors.

    Args:
        values: (k,).
        jacobian: (k, n_free) derivatives.
        standard_errors: (k,); NaN for constants and where there is no covariance matrix.
    """

    values: FloatArray
    jacobian: FloatArray
    standard_errors: FloatArray


def delta_method(values: FloatArray, jacobian: FloatArray, covariance: FloatArray | None) -> DeltaResult:
    """Attach standard errors sqrt(J V J') to values (first-order delta method; Sobel 1982, eq. 4)."""
    if covariance is None:
        return DeltaResult(values, jacobian, np.full(len(values), np.nan))
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.sqrt(((jacobian @ covariance) * jacobian).sum(axis=1))
    return DeltaResult(values, jacobian, without_constants(errors, values, jacobian, covariance))


def without_constants(
    errors: FloatArray, values: FloatArray, jacobian: FloatArray, covariance: FloatArray
) -> FloatArray:
    """Return standard errors with NaN for quantities that do not vary: what is left there is rounding."""
    with np.errstate(invalid="ignore", over="ignore"):
        parts = np.abs(jacobian) @ np.sqrt(np.maximum(np.diag(covariance), 0.0))
        varies = (errors > _OF_VALUE * np.abs(values)) & (errors > _OF_PARTS * parts)
    return np.where(varies, errors, np.nan)
