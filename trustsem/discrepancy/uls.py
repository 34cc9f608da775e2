"""Unweighted least squares."""

from __future__ import annotations

import numpy as np

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.least_squares import gauss_newton_core, quadratic_expansion, quadratic_value
from trustsem.discrepancy.weights import NormalWeight
from trustsem.implied import Implied
from trustsem.moments import SampleGroup


def _weight(sample: SampleGroup, meanstructure: bool) -> NormalWeight:
    """W = I: F = tr(E^2) / 2 + d'd; both triangles of E count."""
    identity = np.eye(len(sample.names))
    return NormalWeight(identity, identity if meanstructure else None)


def _value(sample: SampleGroup, implied: Implied, meanstructure: bool) -> float:
    return quadratic_value(sample, implied, _weight(sample, meanstructure), meanstructure)


def _expand(sample: SampleGroup, implied: Implied, meanstructure: bool) -> Expansion:
    return quadratic_expansion(sample, implied, _weight(sample, meanstructure), meanstructure)


ULS = Discrepancy("ULS", _value, _expand, gauss_newton_core, is_likelihood=False, unbiased=True)
