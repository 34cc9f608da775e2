"""Generalised least squares: residuals weighted by the inverse of the sample covariance matrix."""

from __future__ import annotations

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.least_squares import gauss_newton_core, quadratic_expansion, quadratic_value
from trustsem.discrepancy.weights import NormalWeight
from trustsem.implied import Implied
from trustsem.moments import SampleGroup


def _weight(sample: SampleGroup, meanstructure: bool) -> NormalWeight:
    """W = S^-1 (Joreskog & Goldberger 1972, eq. 4)."""
    return NormalWeight(sample.inverse, sample.inverse if meanstructure else None)


def _value(sample: SampleGroup, implied: Implied, meanstructure: bool) -> float:
    return quadratic_value(sample, implied, _weight(sample, meanstructure), meanstructure)


def _expand(sample: SampleGroup, implied: Implied, meanstructure: bool) -> Expansion:
    return quadratic_expansion(sample, implied, _weight(sample, meanstructure), meanstructure)


GLS = Discrepancy("GLS", _value, _expand, gauss_newton_core, is_likelihood=False, unbiased=True)
