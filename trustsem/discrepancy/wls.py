"""Weighted least squares, asymptotically distribution free: residuals weighted by the inverse of their covariance."""

from __future__ import annotations

import numpy as np

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.least_squares import gauss_newton_core, residual_of
from trustsem.discrepancy.weights import MomentWeight, matrix_of_vech, stack_moments
from trustsem.implied import Implied
from trustsem.moments import SampleGroup


def _weight(sample: SampleGroup, meanstructure: bool) -> MomentWeight:
    """Gamma^-1, Gamma the ADF covariance matrix of the sample moments (Browne 1984, eq. 2.6)."""
    assert sample.moment_weight is not None, "the pipeline puts Gamma^-1 into the moments"
    return MomentWeight(sample.moment_weight, meanstructure)


def _value(sample: SampleGroup, implied: Implied, meanstructure: bool) -> float:
    residual, gap = residual_of(sample, implied, meanstructure)
    if not np.isfinite(residual).all():
        return np.inf
    return _weight(sample, meanstructure).size(residual, gap)


def _expand(sample: SampleGroup, implied: Implied, meanstructure: bool) -> Expansion:
    residual, gap = residual_of(sample, implied, meanstructure)
    weight = _weight(sample, meanstructure)
    p = len(residual)
    slope = -2.0 * (weight.matrix @ stack_moments(residual, gap))
    n_cov = p * (p + 1) // 2
    return Expansion(matrix_of_vech(slope[:n_cov], p), slope[n_cov:] if meanstructure else np.zeros(p), weight)


WLS = Discrepancy("WLS", _value, _expand, gauss_newton_core, is_likelihood=False, unbiased=True)
