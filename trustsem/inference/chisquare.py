"""Chi-square statistic and its p-value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trustsem.distributions import chi_square_tail
from trustsem.estimate import Estimate


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A chi-square test; `pvalue` is None with zero degrees of freedom."""

    statistic: float
    df: int
    pvalue: float | None


def chi_square_pvalue(statistic: float, df: float) -> float | None:
    """Return the upper tail probability; None without degrees of freedom or without a statistic."""
    if df <= 0 or not math.isfinite(statistic):
        return None
    return chi_square_tail(max(statistic, 0.0), df)


def chi_square(estimate: Estimate, df: int) -> ChiSquare:
    """Return the likelihood-ratio test against the saturated model: n F (normal) or (n - G) F (Wishart).

    F is twice the objective's value (numerical-conventions.md).
    """
    moments = estimate.objective.moments
    statistic = 2 * moments.n_effective * estimate.value
    if df == 0 and statistic < 1e-6:
        statistic = 0.0
    if estimate.objective.discrepancy.name in ("ULS", "DWLS"):
        return ChiSquare(max(statistic, 0.0), df, None)  # n F without the full weight matrix is no chi-square
    return ChiSquare(max(statistic, 0.0), df, chi_square_pvalue(statistic, df))
