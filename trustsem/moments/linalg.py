"""Cholesky factors straight from LAPACK: numpy's wrappers cost more than the work on matrices of this size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import get_lapack_funcs

FloatArray = NDArray[np.float64]

_POTRF, _POTRS, _POTRI = get_lapack_funcs(("potrf", "potrs", "potri"), dtype=np.float64)


def cholesky(matrix: FloatArray) -> FloatArray | None:
    """Return the lower Cholesky factor of a symmetric matrix, or None where it is not positive definite."""
    factor, info = _POTRF(matrix, lower=1, clean=1)
    return None if info != 0 or not math.isfinite(float(factor.sum())) else factor


def cholesky_solve(factor: FloatArray, right: FloatArray) -> FloatArray:
    """Solve M x = right from the lower Cholesky factor of M."""
    solution, _ = _POTRS(factor, right, lower=1)
    return solution


def log_determinant(matrix: FloatArray) -> float:
    """Return log|M| of a symmetric matrix; infinity where it is not positive definite."""
    factor = cholesky(matrix)
    return math.inf if factor is None else 2.0 * float(np.log(np.diag(factor)).sum())


def invert(matrix: FloatArray) -> FloatArray:
    """Return the inverse of a symmetric positive-definite matrix.

    Raises:
        numpy.linalg.LinAlgError: not positive definite.
    """
    factor = cholesky(matrix)
    if factor is None:
        raise np.linalg.LinAlgError("matrix is not positive definite")
    inverse, _ = _POTRI(factor, lower=1)
    lower = np.tril(inverse, -1)
    return lower + lower.T + np.diag(np.diag(inverse))
