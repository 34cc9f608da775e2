"""Wald tests of hypotheses that are written as constraints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.inference.chisquare import chi_square_pvalue

FloatArray = NDArray[np.float64]

_DEPENDENT = 1e-12


@dataclass(frozen=True, slots=True)
class WaldTest:
    """A Wald chi-square; `df` counts independent hypotheses."""

    statistic: float
    df: int
    pvalue: float | None


def wald_test(gap: FloatArray, jacobian: FloatArray, covariance: FloatArray) -> WaldTest:
    """Test h(theta) = 0: W = h' (J V J')^-1 h (Wald 1943).

    Args:
        gap: (k,) values of h at the estimate.
        jacobian: (k, n_free) derivatives of h.
        covariance: (n_free, n_free) covariance of the estimates.

    Hypotheses that follow from others are counted once: the inverse is that of the independent part.
    """
    middle = jacobian @ covariance @ jacobian.T
    errors = np.sqrt(np.maximum(np.diag(middle), 0.0))
    scale = np.where(errors > 0, errors, 1.0)  # whatever the units of the hypotheses are
    gap, middle = gap / scale, middle / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(middle)
    kept = values > _DEPENDENT * max(float(values[-1]), np.finfo(float).tiny)
    projected = vectors[:, kept].T @ gap
    statistic = float(np.sum(projected**2 / values[kept]))
    df = int(kept.sum())
    return WaldTest(statistic, df, chi_square_pvalue(statistic, df))
