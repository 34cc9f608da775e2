"""Confidence limits of a noncentrality parameter."""

from __future__ import annotations

import math

from scipy.special import chndtr


def noncentral_cdf(statistic: float, df: float, noncentrality: float) -> float:
    """Return P(X <= statistic) of a noncentral chi-square."""
    return float(chndtr(statistic, df, noncentrality))


def noncentrality_limit(statistic: float, df: int, probability: float) -> float:
    """Return the noncentrality under which a chi-square stays below the statistic with this probability; 0 if none.

    The distribution function falls in the noncentrality; bisection after doubling, to 1e-10 relative.
    """
    if df < 1 or noncentral_cdf(statistic, df, 0.0) < probability:
        return 0.0
    low, high = 0.0, max(statistic, 1.0)
    while noncentral_cdf(statistic, df, high) > probability:
        low, high = high, 2 * high
    while high - low > 1e-10 * max(high, 1.0):
        middle = (low + high) / 2
        if middle in (low, high) or math.isnan(noncentral_cdf(statistic, df, middle)):
            break
        if noncentral_cdf(statistic, df, middle) > probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
