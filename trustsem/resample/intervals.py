"""Intervals from bootstrap draws."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import normal_cdf, normal_quantile

FloatArray = NDArray[np.float64]


class IntervalKind(Enum):
    """Kinds of bootstrap intervals (Davison & Hinkley 1997, ch. 5)."""

    PERCENTILE = "percentile"
    BASIC = "basic"
    NORMAL = "normal"
    BIAS_CORRECTED = "bias_corrected"
    BCA = "bca"


def bootstrap_limits(
    kind: IntervalKind,
    draws: FloatArray,
    estimate: FloatArray,
    *,
    level: float = 0.95,
    jackknife: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper limits of k quantities.

    percentile: quantiles of the draws; basic: 2 t - quantiles; normal: t - bias -+ z sd; bias_corrected: quantiles
    shifted by z0, the normal quantile of the share of draws below t (ties count half; Efron 1987); bca: with the
    acceleration a of the jackknife as well.

    Args:
        kind: Which interval.
        draws: (B, k); rows with NaN in a column are left out of that column.
        estimate: (k,) t, the full sample's values.
        level: Confidence level.
        jackknife: (n, k) values without one respondent (or cluster) each; for BCA.

    Returns:
        (k,) lower and (k,) upper limits; NaN where there are fewer than two draws, or all draws lie on one side.
    """
    lower, upper = np.full(len(estimate), np.nan), np.full(len(estimate), np.nan)
    tail = (1 - level) / 2
    for k, value in enumerate(estimate.tolist()):
        values = draws[:, k]
        values = values[np.isfinite(values)]
        if len(values) < 2 or not np.isfinite(value):
            continue
        if kind is IntervalKind.NORMAL:
            bias, spread = float(values.mean()) - value, float(values.std(ddof=1))
            half = normal_quantile(1 - tail) * spread
            lower[k], upper[k] = value - bias - half, value - bias + half
            continue
        shares = (tail, 1 - tail)
        if kind in (IntervalKind.BIAS_CORRECTED, IntervalKind.BCA):
            acceleration = 0.0 if kind is IntervalKind.BIAS_CORRECTED else _acceleration(jackknife, k)
            shares = _corrected(values, value, tail, acceleration)
        low, high = np.quantile(values, shares) if np.isfinite(shares).all() else (np.nan, np.nan)
        lower[k], upper[k] = (2 * value - high, 2 * value - low) if kind is IntervalKind.BASIC else (low, high)
    return lower, upper


def _corrected(values: FloatArray, value: float, tail: float, acceleration: float) -> tuple[float, float]:
    below = (np.count_nonzero(values < value) + 0.5 * np.count_nonzero(values == value)) / len(values)
    if not 0 < below < 1:
        return np.nan, np.nan
    z0 = normal_quantile(float(below))

    def share(probability: float) -> float:
        z = z0 + normal_quantile(probability)
        return normal_cdf(z0 + z / (1 - acceleration * z))

    return share(tail), share(1 - tail)


def _acceleration(jackknife: FloatArray | None, k: int) -> float:
    """Return the acceleration: the skewness of the jackknife values over 6 (Efron 1987, eq. 6.6)."""
    if jackknife is None:
        raise ValueError("BCa intervals need jackknife values")
    values = jackknife[:, k]
    gaps = values[np.isfinite(values)].mean() - values[np.isfinite(values)]
    spread = float((gaps**2).sum())
    return float((gaps**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0
