"""Positive-definite matrices, and how many threads are worth waking for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

FloatArray = NDArray[np.float64]

THREADS_PAY = 128  # variables; below it, waking a second BLAS thread costs more than the product itself


@contextmanager
def blas_threads_for(n_variables: int) -> Iterator[None]:
    """Keep BLAS to one thread while matrices are small.

    On a busy machine the threads of a pool wait for one another, and a fit of nine items takes fifty times as long.
    Results also no longer depend on the number of cores.
    """
    if n_variables >= THREADS_PAY:
        yield
        return
    with one_blas_thread():
        yield


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread: for work that is shared out over processes, and for results that are the same bits."""
    with _thread_control().limit(limits=1):
        yield


@cache
def _thread_control() -> ThreadpoolController:
    return ThreadpoolController()  # finds the libraries that are loaded: milliseconds, once


def cholesky(matrix: FloatArray) -> FloatArray | None:
    """Return the lower Cholesky factor of a symmetric matrix, or None where it is not positive definite."""
    try:
        factor = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return factor if math.isfinite(float(factor.sum())) else None


def solve_positive(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve M x = right for a matrix that is known to be positive definite."""
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def log_determinant(matrix: FloatArray) -> float:
    """Return log|M| of a symmetric matrix; infinity where it is not positive definite."""
    factor = cholesky(matrix)
    return math.inf if factor is None else 2.0 * float(np.log(factor.diagonal()).sum())


def invert(matrix: FloatArray) -> FloatArray:
    """Return the inverse of a symmetric positive-definite matrix, exactly symmetric.

    Raises:
        numpy.linalg.LinAlgError: not positive definite.
    """
    if cholesky(matrix) is None:
        raise np.linalg.LinAlgError("matrix is not positive definite")
    inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    return (inverse + inverse.T) / 2
