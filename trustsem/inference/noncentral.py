"""Confidence limits of a noncentrality parameter."""

from __future__ import annotations

import math

from trustsem.distributions import noncentral_cdf, noncentral_cdf_and_slope, normal_quantile

_RELATIVE = 1e-6  # of the last Newton step: its error is the square of that
_MAX_STEPS = 200


def noncentrality_limit(statistic: float, df: float, probability: float) -> float:
    """Return the noncentrality under which a chi-square stays below the statistic with this probability; 0 if none.

    The distribution function falls in the noncentrality: Newton steps inside a bracket that shrinks at each of them.
    """
    if df <= 0 or noncentral_cdf(statistic, df, 0.0) < probability:
        return 0.0
    low, high = 0.0, math.inf
    # X is roughly normal with mean df + l and variance 2 (df + 2 l)
    gap = statistic - df
    limit = max(gap - normal_quantile(probability) * math.sqrt(2 * (df + 2 * max(gap, 0.0))), 0.5)
    for _ in range(_MAX_STEPS):
        value, slope = noncentral_cdf_and_slope(statistic, df, limit)
        low, high = (limit, high) if value > probability else (low, limit)
        new = limit - (value - probability) / slope if slope < 0 else math.inf
        if not low < new < high:
            new = 2 * limit + 1 if high == math.inf else (low + high) / 2
        if abs(new - limit) < _RELATIVE * max(limit, 1.0):
            return new
        limit = new
    return limit
