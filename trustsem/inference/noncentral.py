"""Confidence limits of a noncentrality parameter."""

from __future__ import annotations

from trustsem.distributions import noncentral_cdf, noncentral_cdf_and_slope

_RELATIVE = 1e-10
_MAX_STEPS = 200


def noncentrality_limit(statistic: float, df: int, probability: float) -> float:
    """Return the noncentrality under which a chi-square stays below the statistic with this probability; 0 if none.

    The distribution function falls in the noncentrality: Newton steps inside a bracket that shrinks at each of them.
    """
    if df < 1 or noncentral_cdf(statistic, df, 0.0) < probability:
        return 0.0
    low, high = 0.0, max(2 * statistic, 1.0)
    while noncentral_cdf(statistic, df, high) > probability:
        low, high = high, 2 * high
    limit = min(max(statistic - df, low), high) or (low + high) / 2
    for _ in range(_MAX_STEPS):
        value, slope = noncentral_cdf_and_slope(statistic, df, limit)
        low, high = (limit, high) if value > probability else (low, limit)
        new = limit - (value - probability) / slope if slope < 0 else low
        if not low < new < high:
            new = (low + high) / 2
        if abs(new - limit) < _RELATIVE * max(limit, 1.0):
            return new
        limit = new
    return limit
