"""Normal, chi-square and noncentral chi-square probabilities.

SciPy has them all, and importing it takes longer than a fit with its report; degrees of freedom are whole numbers in
all tests but one, so the chi-square tail is a finite sum. Checked against scipy.special in the tests.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Z95 = 1.959963984540054  # normal quantile of .975: half the width of a 95 % interval in standard errors

_SQRT2 = math.sqrt(2.0)
_NORMAL = NormalDist()
_MANY = 2e5  # Poisson rate from which the sum gives way to a transformation that is exact to 1e-7 there
_SPREAD = 10.0  # standard deviations of the Poisson weights that are summed: the rest is below 1e-20


def normal_tails(z: FloatArray) -> FloatArray:
    """Return the two-sided p-values of z statistics; NaN stays NaN."""
    flat = np.abs(np.asarray(z, dtype=np.float64)).ravel() / _SQRT2
    return np.array([math.erfc(value) for value in flat.tolist()], dtype=np.float64).reshape(np.shape(z))


def normal_cdf(x: float) -> float:
    """Return P(Z <= x)."""
    return 0.5 * math.erfc(-x / _SQRT2)


def normal_quantile(probability: float) -> float:
    """Return the standard normal quantile; infinite at 0 and 1, NaN outside."""
    if 0 < probability < 1:
        return _NORMAL.inv_cdf(probability)
    return {0.0: -math.inf, 1.0: math.inf}.get(probability, math.nan)


def chi_square_tail(statistic: float, df: float) -> float:
    """Return P(X > statistic) of a chi-square.

    Whole degrees of freedom:
    Q = [erfc(sqrt(h))] + exp(-h) sum_k h^(k + a) / Gamma(k + a + 1) with h = statistic / 2, k up to df / 2 - 1 and
    a = 0 for even df, a = 1/2 and the error function for odd df (Abramowitz & Stegun 1964, 26.4.4 and 26.4.5).
    """
    if statistic <= 0:
        return 1.0
    half = statistic / 2
    if df != int(df):
        from scipy.special import gammaincc  # only the mean- and variance-adjusted test has fractional df

        return float(gammaincc(df / 2, half))
    first = 0.5 if df % 2 else 0.0
    start = math.erfc(math.sqrt(half)) if df % 2 else 0.0
    n_terms = int(df) // 2
    if n_terms == 0:
        return start
    orders = np.arange(n_terms) + first
    logs = -half + orders * math.log(half) - _log_gamma_run(first + 1, n_terms)
    return min(1.0, start + float(np.exp(logs).sum()))


def chi_square_quantile(upper_tail: float, df: float) -> float:
    """Return the value that a chi-square exceeds with this probability.

    Newton steps on the tail from the approximation of Wilson & Hilferty (1931), kept inside a shrinking bracket.
    """
    z = normal_quantile(1 - upper_tail)
    x = max(df * (1 - 2 / (9 * df) + z * math.sqrt(2 / (9 * df))) ** 3, 1e-8)
    low, high = 0.0, math.inf
    for _ in range(100):
        gap = chi_square_tail(x, df) - upper_tail
        low, high = (x, high) if gap > 0 else (low, x)
        density = math.exp((df / 2 - 1) * math.log(x / 2) - x / 2 - math.lgamma(df / 2)) / 2
        step = gap / density if density > 0 else 0.0
        new = x + step
        if not low < new < high:
            new = (low + high) / 2 if math.isfinite(high) else 2 * x
        if abs(new - x) < 1e-9 * x:
            return new
        x = new
    return x


def noncentral_cdf(statistic: float, df: float, noncentrality: float) -> float:
    """Return P(X <= statistic) of a noncentral chi-square: a Poisson mixture of central ones (Patnaik 1949)."""
    return _mixture(statistic, df, noncentrality)[0]


def noncentral_cdf_and_slope(statistic: float, df: float, noncentrality: float) -> tuple[float, float]:
    """Return the distribution function and its derivative with respect to the noncentrality, which is negative."""
    return _mixture(statistic, df, noncentrality)


def _mixture(statistic: float, df: float, noncentrality: float) -> tuple[float, float]:
    if statistic <= 0:
        return 0.0, 0.0
    half, rate = statistic / 2, noncentrality / 2
    if rate > _MANY:
        step = 1e-6 * noncentrality
        ahead, behind = (_sankaran(statistic, df, noncentrality + sign * step) for sign in (1, -1))
        return _sankaran(statistic, df, noncentrality), (ahead - behind) / (2 * step)
    if rate == 0:
        tail = chi_square_tail(statistic, df)
        drop = math.exp(df / 2 * math.log(half) - half - math.lgamma(df / 2 + 1))
        return 1 - tail, -drop / 2
    first = max(0, int(rate - _SPREAD * math.sqrt(rate) - 20))
    n_terms = int(rate + _SPREAD * math.sqrt(rate) + 40) - first
    orders = first + np.arange(n_terms)
    weights = np.exp(-rate + orders * math.log(rate) - _log_gamma_run(first + 1.0, n_terms))
    # P(df + 2j + 2) = P(df + 2j) - drop_j
    drops = np.exp((df / 2 + orders) * math.log(half) - half - _log_gamma_run(df / 2 + first + 1, n_terms))
    tails = chi_square_tail(statistic, df + 2 * first) + np.concatenate([[0.0], np.cumsum(drops[:-1])])
    value = float(weights @ np.maximum(1 - tails, 0.0))
    return min(max(value, 0.0), 1.0), -float(weights @ drops) / 2


def _sankaran(statistic: float, df: float, noncentrality: float) -> float:
    """Return the distribution function by Sankaran's (1959) power transformation, for large noncentralities."""
    mean, second, third = df + noncentrality, df + 2 * noncentrality, df + 3 * noncentrality
    h = 1 - 2 * mean * third / (3 * second**2)
    p = second / mean**2
    m = (h - 1) * (1 - 3 * h)
    centre = 1 + h * p * (h - 1 - 0.5 * (2 - h) * m * p)
    return normal_cdf(((statistic / mean) ** h - centre) / (h * math.sqrt(2 * p) * (1 + 0.5 * m * p)))


def _log_gamma_run(start: float, n_terms: int) -> FloatArray:
    """Return log Gamma at start, start + 1, ..., by adding logarithms."""
    steps = np.log(start + np.arange(n_terms - 1))
    return math.lgamma(start) + np.concatenate([[0.0], np.cumsum(steps)])
