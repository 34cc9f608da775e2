"""Cholesky factors straight from LAPACK: numpy's wrappers cost more than the work on matrices of this size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import get_lapack_funcs
from threadpoolctl import ThreadpoolController

FloatArray = NDArray[np.float64]

THREADS_PAY = 128  # variables; below it, waking a second BLAS thread costs more than the product itself

_POTRF, _POTRS, _POTRI = get_lapack_funcs(("potrf", "potrs", "potri"), dtype=np.float64)


@contextmanager
def blas_threads_for(n_variables: int) -> Iterator[None]:
    """Keep BLAS to one thread while matrices are small.

    NumPy and SciPy bring a thread pool each; on a busy machine their threads wait for one another and a fit of
    nine items takes fifty times as long. Results also no longer depend on the number of cores.
    """
    if n_variables >= THREADS_PAY:
        yield
        return
    with _thread_control().limit(limits=1):
        yield


@cache
def _thread_control() -> ThreadpoolController:
    return ThreadpoolController()  # finds the libraries that are loaded: milliseconds, once


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
