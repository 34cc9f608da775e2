"""Unweighted least squares."""

from __future__ import annotations

import numpy as np

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.least_squares import gauss_newton_core, residual_of
from trustsem.discrepancy.weights import UnitWeight
from trustsem.implied import Implied
from trustsem.moments import SampleGroup


def _value(sample: SampleGroup, implied: Implied, meanstructure: bool) -> float:
    """F = sum of squared residuals of variances, covariances and means, each once (as in lavaan).

    LISREL's tr(E^2) / 2 gives variances half that weight; the two differ where variances have residuals.
    """
    residual, gap = residual_of(sample, implied, meanstructure)
    if not np.isfinite(residual).all():
        return np.inf
    return UnitWeight(len(residual), meanstructure).size(residual, gap)


def _expand(sample: SampleGroup, implied: Implied, meanstructure: bool) -> Expansion:
    residual, gap = residual_of(sample, implied, meanstructure)
    mean_slope = np.zeros(len(residual)) if gap is None else -2.0 * gap
    slope = -(residual + np.diag(np.diag(residual)))
    return Expansion(slope, mean_slope, UnitWeight(len(residual), meanstructure))


ULS = Discrepancy("ULS", _value, _expand, gauss_newton_core, is_likelihood=False, unbiased=True)
