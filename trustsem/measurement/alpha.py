"""Cronbach's alpha of a covariance matrix of items, its interval, and what single items do to it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.measurement.coefficient import Coefficient

FloatArray = NDArray[np.float64]

NOT_FOR_POLYCHORICS = "Feldt's interval is not for polychoric correlations"


def cronbach_alpha(cov: FloatArray) -> float | None:
    """Return k / (k - 1) (1 - tr S / 1'S1) (Cronbach 1951); None for one item, or a sum without variance.

    Args:
        cov: (k, k) covariances of the items; of their correlations it is the standardised alpha, of polychoric
            correlations the ordinal alpha (Zumbo, Gadermann & Zeisser 2007).

    Example:
        >>> round(cronbach_alpha(np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]])), 3)
        0.75
    """
    k, total = len(cov), float(cov.sum())
    if k < 2 or not total > 0:
        return None
    return k / (k - 1) * (1 - float(np.trace(cov)) / total)


def feldt_limits(alpha: float, n_obs: int, n_items: int, level: float = 0.95) -> tuple[float, float] | None:
    """Return the limits of alpha that its F distribution gives; None with fewer than two respondents or items.

    (1 - alpha) / (1 - estimate) has the F distribution with n - 1 and (n - 1)(k - 1) degrees of freedom for normal,
    essentially tau-equivalent items with equal error variances (Feldt 1965; Feldt, Woodruff & Salih 1987, eq. 4 and 5):
    1 - (1 - estimate) F(.975), 1 - (1 - estimate) F(.025).
    """
    if n_obs < 2 or n_items < 2:
        return None
    from scipy.special import fdtri

    tail = (1 - level) / 2
    quantiles = fdtri(n_obs - 1, (n_obs - 1) * (n_items - 1), np.array([1 - tail, tail]))
    lower, upper = 1 - (1 - alpha) * quantiles
    return float(lower), float(upper)


def item_rest_correlations(cov: FloatArray) -> FloatArray:
    """Return the correlation of each item with the sum of the others; NaN where one of the two does not vary."""
    variance, together = np.diag(cov), cov.sum(axis=1)
    rest = cov.sum() - 2 * together + variance
    product = variance * rest
    defined = (variance > 0) & (rest > 0)
    return np.where(defined, (together - variance) / np.sqrt(np.where(defined, product, 1.0)), np.nan)


def alpha_without_each(cov: FloatArray) -> FloatArray:
    """Return alpha of the other items for each item; NaN for scales of two."""
    k, variance = len(cov), np.diag(cov)
    total = cov.sum() - 2 * cov.sum(axis=1) + variance
    if k < 3:
        return np.full(k, math.nan)
    defined = total > 0
    share = (np.trace(cov) - variance) / np.where(defined, total, 1.0)
    return np.where(defined, (k - 1) / (k - 2) * (1 - share), np.nan)


def alpha_coefficient(cov: FloatArray, n_obs: int, no_interval: str | None = None) -> Coefficient:
    """Return alpha with Feldt's interval, or with the reason why it has none."""
    value = cronbach_alpha(cov)
    if value is None:
        return Coefficient.undefined("alpha needs two items and a sum that varies")
    limits = None if no_interval else feldt_limits(value, n_obs, len(cov))
    if limits is None:
        return Coefficient(value, reason=no_interval or "Feldt's interval needs two respondents")
    return Coefficient(value, None, *limits, "feldt")
