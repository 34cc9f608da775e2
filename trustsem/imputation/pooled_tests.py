"""Tests of several parameters, or of a model, over completed data sets: D1, D2, D3, D4."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.imputation.tails import f_tail

FloatArray = NDArray[np.float64]

_NO_VARIATION = 1e-12  # riv below it is rounding of the data sets' own chi-squares
_DEPENDENT = 1e-10  # eigenvalue of scaled covariances below which a hypothesis follows from others


@dataclass(frozen=True, slots=True)
class PooledTest:
    """An F test of pooled results.

    Args:
        method: "D1", "D2", "D3" or "D4".
        statistic: D; approximately F with df1 and df2 degrees of freedom. Below 0 where imputations disagree more
            than chi-squares of this size can.
        df1: Hypotheses k.
        df2: Denominator degrees of freedom; infinite without variation between data sets.
        pvalue: Upper tail.
        riv: Average relative increase in variance; at least 0.
        raw_riv: The same before negative values were set to 0.
    """

    method: str
    statistic: float
    df1: float
    df2: float
    pvalue: float
    riv: float
    raw_riv: float

    @property
    def chi_square(self) -> float:
        """k D, at least 0: the statistic on the scale of a chi-square with k degrees of freedom."""
        return max(self.df1 * self.statistic, 0.0)

    @property
    def fmi(self) -> float:
        """Average fraction of missing information, r / (1 + r)."""
        return self.riv / (1 + self.riv)


def wald_d1(gaps: FloatArray, covariances: FloatArray) -> PooledTest:
    """Test that k quantities are 0, from their estimates and covariances (Li, Raghunathan & Rubin 1991).

    D1 = q' U^-1 q / (k (1 + r)), r = (1 + 1/m) tr(B U^-1) / k: the fraction of missing information is taken to be the
    same in all directions, which a few data sets cannot tell apart.

    Args:
        gaps: (m, k) values that the hypothesis says are 0; hypotheses that follow from others count once.
        covariances: (m, k, k).
    """
    m = len(gaps)
    mean, within = gaps.mean(axis=0), covariances.mean(axis=0)
    root = _inverse_root(within)
    scaled = (gaps - mean) @ root
    k = root.shape[1]
    riv = (1 + 1 / m) * float((scaled**2).sum()) / (m - 1) / k
    distance = float(((mean @ root) ** 2).sum())
    return _finish("D1", distance / k, k, riv, lambda r: improved_df(k, m, r))


def _inverse_root(matrix: FloatArray) -> FloatArray:
    """Return R (k, rank) with R R' a generalised inverse of a positive-semidefinite matrix."""
    errors = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    scale = np.where(errors > 0, errors, 1.0)
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    kept = values > _DEPENDENT * max(float(values[-1]), np.finfo(float).tiny)
    return vectors[:, kept] / np.sqrt(values[kept]) / scale[:, None]


def chi_square_d2(statistics: FloatArray, k: float) -> PooledTest:
    """Pool chi-squares with k degrees of freedom (Li, Meng, Raghunathan & Rubin 1991).

    D2 = (mean / k - (m + 1) / (m - 1) r) / (1 + r), r = (1 + 1/m) times the variance of the statistics' square roots.
    Denominator k^(-3/m) (m - 1) (1 + 1/r)^2.

    Args:
        statistics: (m,) chi-squares, at least 0.
        k: Their degrees of freedom.
    """
    m = len(statistics)
    riv = (1 + 1 / m) * float(np.sqrt(statistics).var(ddof=1))
    riv = 0.0 if riv < _NO_VARIATION else riv
    numerator = float(statistics.mean()) / k - (m + 1) / (m - 1) * riv
    return _finish("D2", numerator, k, riv, lambda r: k ** (-3 / m) * (m - 1) * (1 + 1 / r) ** 2)


def likelihood_ratio_d3(own: FloatArray, pooled: FloatArray, k: int) -> PooledTest:
    """Pool likelihood ratios (Meng & Rubin 1992).

    D3 = L / (k (1 + r)), r = (m + 1) / (k (m - 1)) (d - L) with d the mean of the ratios at each data set's own
    estimates and L their mean at the pooled estimates of both models.

    Args:
        own: (m,) likelihood-ratio chi-squares.
        pooled: (m,) the same at the estimates that are averaged over data sets.
        k: Degrees of freedom.
    """
    m = len(own)
    level = float(pooled.mean())
    riv = (m + 1) / (k * (m - 1)) * (float(own.mean()) - level)
    return _finish("D3", level / k, k, riv, lambda r: improved_df(k, m, r))


def stacked_d4(own: FloatArray, stacked: float, k: int) -> PooledTest:
    """Pool likelihood ratios by one more fit, to all completed data sets at once (Chan & Meng 2022).

    D4 = L / (k (1 + r)), L the likelihood ratio of the stacked data divided by m, r = (m + 1) / (k (m - 1)) (d - L)
    with d the mean of the ratios of the data sets, set to 0 where it is negative. As k (m - 1) r-hat / r is about a
    chi-square with k (m - 1) degrees of freedom, 1 + r-hat has k (m - 1) (1 + 1/r)^2 of them.

    Args:
        own: (m,) likelihood-ratio chi-squares.
        stacked: L.
        k: Degrees of freedom.
    """
    m = len(own)
    riv = (m + 1) / (k * (m - 1)) * (float(own.mean()) - stacked)
    return _finish("D4", stacked / k, k, riv, lambda r: k * (m - 1) * (1 + 1 / r) ** 2)


def improved_df(k: int, m: int, riv: float) -> float:
    """Return the denominator of D1 and D3 (Li, Raghunathan & Rubin 1991); riv above 0."""
    t = k * (m - 1)
    if t > 4:
        return 4 + (t - 4) * (1 + (1 - 2 / t) / riv) ** 2
    return t * (1 + 1 / k) * (1 + 1 / riv) ** 2 / 2


def _finish(method: str, ratio: float, k: float, raw_riv: float, denominator: Callable[[float], float]) -> PooledTest:
    riv = max(raw_riv, 0.0)
    riv = 0.0 if riv < _NO_VARIATION else riv
    df2 = denominator(riv) if riv > 0 else math.inf
    statistic = ratio / (1 + riv)
    return PooledTest(method, statistic, k, df2, f_tail(statistic, k, df2), riv, raw_riv)
