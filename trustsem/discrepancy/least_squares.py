"""What the quadratic discrepancies share: F = e' V e with a weight V that does not depend on the parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.base import Expansion
from trustsem.discrepancy.weights import NormalWeight
from trustsem.implied import Implied, MomentDerivatives
from trustsem.moments import SampleGroup

FloatArray = NDArray[np.float64]


def residual_of(sample: SampleGroup, implied: Implied, meanstructure: bool) -> tuple[FloatArray, FloatArray | None]:
    """Return S - Sigma and xbar - mu; None in place of the latter without a mean structure."""
    gap = sample.mean - implied.mu if meanstructure and sample.mean is not None else None
    return sample.cov - implied.sigma, gap


def quadratic_value(sample: SampleGroup, implied: Implied, weight: NormalWeight, meanstructure: bool) -> float:
    """Return F = tr((W E)^2) / 2 + d' W_m d with E = S - Sigma, d = xbar - mu (Browne 1974, eq. 8)."""
    residual, gap = residual_of(sample, implied, meanstructure)
    if not np.isfinite(residual).all():
        return np.inf
    return weight.size(residual, gap)


def quadratic_expansion(sample: SampleGroup, implied: Implied, weight: NormalWeight, meanstructure: bool) -> Expansion:
    """Return the slopes -W E W and -2 W_m d."""
    residual, gap = residual_of(sample, implied, meanstructure)
    slope = -(weight.sigma @ residual @ weight.sigma)
    mean_slope = np.zeros(len(residual)) if gap is None or weight.mean is None else -2.0 * (weight.mean @ gap)
    return Expansion(slope, mean_slope, weight)


def gauss_newton_core(
    _sample: SampleGroup, _implied: Implied, expansion: Expansion, derivatives: MomentDerivatives
) -> FloatArray:
    """Return D' V D: with a constant weight the part of the Hessian that first derivatives make."""
    return expansion.weight.inner(derivatives)
