"""Chi-square statistic and the distributions that tests need (scipy.special: scipy.stats takes a second to import)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import chdtrc, chdtri, ndtr, ndtri

from trustsem.estimate import Estimate
from trustsem.inference.likelihood import Likelihood, effective_n


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A chi-square test; `pvalue` is None with zero degrees of freedom."""

    statistic: float
    df: int
    pvalue: float | None


def chi_square_pvalue(statistic: float, df: int) -> float | None:
    """Return the upper tail probability; None without degrees of freedom or without a statistic."""
    if df <= 0 or not math.isfinite(statistic):
        return None
    return float(chdtrc(df, max(statistic, 0.0)))


def chi_square_quantile(upper_tail: float, df: int) -> float:
    """Return the value that a chi-square exceeds with this probability."""
    return float(chdtri(df, upper_tail))


def normal_pvalue(z: float) -> float:
    """Return the two-sided p-value of a z statistic."""
    return float(2 * ndtr(-abs(z)))


def normal_quantile(probability: float) -> float:
    """Return the standard normal quantile."""
    return float(ndtri(probability))


def chi_square(estimate: Estimate, df: int, likelihood: Likelihood) -> ChiSquare:
    """Return the likelihood-ratio test against the saturated model: n F (normal) or (n - G) F (Wishart).

    F is twice the objective's value (numerical-conventions.md).
    """
    moments = estimate.objective.moments
    statistic = 2 * effective_n(moments, likelihood) * estimate.value
    if df == 0 and statistic < 1e-6:
        statistic = 0.0
    return ChiSquare(max(statistic, 0.0), df, chi_square_pvalue(statistic, df))
