"""Rubin's rules: estimates of several completed data sets as one, parameter by parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.imputation.tails import t_quantile95, t_tails

FloatArray = NDArray[np.float64]

_NO_VARIATION = 1e-16  # riv below it is rounding: the data sets are the same


@dataclass(frozen=True, eq=False, slots=True)
class PooledScalars:
    """Pooled estimates of k quantities, each for itself; (k,) arrays, NaN in all but `estimate` for constants.

    Args:
        n_imputations: Data sets m.
        estimate: Means over data sets.
        within: U, mean squared standard error.
        between: B, variance of the estimates over data sets, divisor m - 1.
        df: Degrees of freedom of t; infinite where nothing varies between data sets.
    """

    n_imputations: int
    estimate: FloatArray
    within: FloatArray
    between: FloatArray
    df: FloatArray

    @property
    def total(self) -> FloatArray:
        """T = U + (1 + 1/m) B."""
        return self.within + (1 + 1 / self.n_imputations) * self.between

    @property
    def standard_error(self) -> FloatArray:
        """Square root of T."""
        return np.sqrt(self.total)

    @property
    def riv(self) -> FloatArray:
        """Relative increase in variance, r = (1 + 1/m) B / U."""
        return _relative_increase(self.within, self.between, self.n_imputations)

    @property
    def fmi(self) -> FloatArray:
        """Fraction of missing information, (r + 2 / (df + 3)) / (r + 1) (Rubin 1987, eq. 3.1.10)."""
        return (self.riv + 2 / (self.df + 3)) / (self.riv + 1)

    @property
    def relative_efficiency(self) -> FloatArray:
        """Variance with infinitely many data sets over that with m: 1 / (1 + fmi / m) (Rubin 1987)."""
        return 1 / (1 + self.fmi / self.n_imputations)

    @property
    def statistic(self) -> FloatArray:
        """Estimate by standard error."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.estimate / self.standard_error

    @property
    def pvalue(self) -> FloatArray:
        """Two-sided p-value of t with `df` degrees of freedom."""
        return t_tails(self.statistic, self.df)

    @property
    def margin(self) -> FloatArray:
        """Half the width of 95 % intervals."""
        return t_quantile95(self.df) * self.standard_error


def pool_scalars(estimates: FloatArray, variances: FloatArray, complete_df: float | None = None) -> PooledScalars:
    """Pool estimates of several quantities, each for itself (Rubin 1987, eqs. 3.1.2 to 3.1.7).

    Args:
        estimates: (m, k), a row per data set.
        variances: (m, k) squared standard errors; NaN for constants.
        complete_df: Degrees of freedom that complete data would have had; df are then those of Barnard & Rubin (1999).
            None: infinitely many (z-tests), and Rubin's (1987) df = (m - 1) (1 + 1/r)^2.

    Raises:
        ValueError: fewer than two data sets, or shapes that differ.
    """
    m = len(estimates)
    if m < 2 or estimates.shape != variances.shape:
        raise ValueError("pooling needs estimates and variances of at least two data sets, in arrays of one shape")
    within = variances.mean(axis=0)
    between = np.where(np.isnan(within), np.nan, estimates.var(axis=0, ddof=1))
    riv = _relative_increase(within, between, m)
    return PooledScalars(m, estimates.mean(axis=0), within, between, _degrees_of_freedom(riv, m, complete_df))


def pool_covariances(estimates: FloatArray, covariances: FloatArray) -> FloatArray:
    """Return the total covariance matrix U + (1 + 1/m) B of estimates (m, k) with covariances (m, k, k)."""
    m = len(estimates)
    gaps = estimates - estimates.mean(axis=0)
    return covariances.mean(axis=0) + (1 + 1 / m) * (gaps.T @ gaps) / (m - 1)


def _relative_increase(within: FloatArray, between: FloatArray, m: int) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        riv = (1 + 1 / m) * between / within
    return np.where(riv < _NO_VARIATION, 0.0, riv)


def _degrees_of_freedom(riv: FloatArray, m: int, complete_df: float | None) -> FloatArray:
    """Return (m - 1)(1 + 1/r)^2, or with finite complete-data df nu0 its harmonic combination with the observed ones.

    1 / df = 1 / df_m + 1 / df_obs with df_obs = (nu0 + 1) / (nu0 + 3) nu0 / (1 + r) (Barnard & Rubin 1999).
    """
    with np.errstate(divide="ignore"):
        df = (m - 1) * (1 + 1 / riv) ** 2
    if complete_df is None:
        return df
    observed = (complete_df + 1) / (complete_df + 3) * complete_df / (1 + riv)
    return 1 / (1 / df + 1 / observed)
