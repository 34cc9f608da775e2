"""Tails of t and F distributions with any degrees of freedom, infinite ones included."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import Z95, chi_square_tail, normal_tails

FloatArray = NDArray[np.float64]

_INFINITE = 1e8  # degrees of freedom from which t is the normal and F a chi-square, to 1e-8


def t_tails(t: FloatArray, df: FloatArray) -> FloatArray:
    """Return the two-sided p-values of t statistics; NaN stays NaN."""
    from scipy.special import stdtr  # SciPy is slow to import, and no plain fit comes here

    finite = df < _INFINITE
    tails = 2 * stdtr(np.where(finite, df, 1.0), -np.abs(t))
    return np.where(finite, tails, normal_tails(t)) * np.where(np.isnan(df), np.nan, 1.0)


def t_quantile95(df: FloatArray) -> FloatArray:
    """Return the quantiles of .975: half the width of 95 % intervals in standard errors."""
    from scipy.special import stdtrit

    finite = df < _INFINITE
    quantiles = np.where(finite, stdtrit(np.where(finite, df, 1.0), 0.975), Z95)
    return np.where(np.isnan(df), np.nan, quantiles)


def f_tail(statistic: float, df1: float, df2: float) -> float:
    """Return P(F > statistic); 1 for statistics of 0 and below."""
    if math.isnan(statistic):
        return math.nan
    if statistic <= 0:
        return 1.0
    if df2 >= _INFINITE:
        return chi_square_tail(df1 * statistic, df1)
    from scipy.special import fdtrc

    return float(fdtrc(df1, df2, statistic))
