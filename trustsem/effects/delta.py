"""Standard errors of functions of the parameters by the delta method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_ZERO_SE = 1e-10  # a standard error below this belongs to a constant, e.g. a standardised variance of 1


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
    variances = ((jacobian @ covariance) * jacobian).sum(axis=1)
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(variances)
        constant = ~(errors > _ZERO_SE * np.maximum(1.0, np.abs(values)))
    errors[constant] = np.nan
    return DeltaResult(values, jacobian, errors)
