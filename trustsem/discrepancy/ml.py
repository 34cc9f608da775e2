"""Normal-theory maximum likelihood."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.weights import NormalWeight
from trustsem.implied import Implied, MomentDerivatives
from trustsem.moments import SampleGroup
from trustsem.moments.linalg import cholesky, invert, solve_positive

FloatArray = NDArray[np.float64]


def _value(sample: SampleGroup, implied: Implied, meanstructure: bool) -> float:
    """F = log|Sigma| + tr(S Sigma^-1) - log|S| - p + (xbar - mu)' Sigma^-1 (xbar - mu) (Joreskog 1969, eq. 3)."""
    factor = cholesky(implied.sigma)
    if factor is None:
        return math.inf
    solved = solve_positive(implied.sigma, _target(sample, implied, meanstructure))
    log_det = 2.0 * float(np.log(factor.diagonal()).sum())
    return log_det + float(solved.trace()) - sample.log_determinant - len(factor)


def _target(sample: SampleGroup, implied: Implied, meanstructure: bool) -> FloatArray:
    """Return T = S + d d' with d = xbar - mu: sample moments about the implied means."""
    if not meanstructure or sample.mean is None:
        return sample.cov
    gap = sample.mean - implied.mu
    return sample.cov + np.outer(gap, gap)


def _expand(sample: SampleGroup, implied: Implied, meanstructure: bool) -> Expansion:
    """G = W - W T W and -2 W d with W = Sigma^-1; the expected Hessian has weight W (Browne 1974)."""
    weight = invert(implied.sigma)
    slope = weight - weight @ _target(sample, implied, meanstructure) @ weight
    if not meanstructure or sample.mean is None:
        return Expansion(slope, np.zeros(len(weight)), NormalWeight(weight, weight if meanstructure else None))
    return Expansion(slope, -2.0 * (weight @ (sample.mean - implied.mu)), NormalWeight(weight, weight))


def _hessian_core(
    _sample: SampleGroup, _implied: Implied, expansion: Expansion, derivatives: MomentDerivatives
) -> FloatArray:
    """Return the first-derivative part of the Hessian of F/2.

    With W = Sigma^-1, M = W T W, u = W d: -tr(W dS_l W dS_k)/2 + tr(W dS_l M dS_k) + dmu_l' W dmu_k
    + u' dS_l W dmu_k + u' dS_k W dmu_l (second differential of F; Magnus & Neudecker 1999, ch. 8).
    """
    assert isinstance(expansion.weight, NormalWeight)
    weight = expansion.weight.sigma
    middle = weight - expansion.sigma_slope
    left, right = derivatives.left, derivatives.right
    w_left, w_right = weight @ left, weight @ right
    m_left, m_right = middle @ left, middle @ right
    ll, rr, lr = left.T @ w_left, right.T @ w_right, left.T @ w_right
    m_ll, m_rr, m_lr = left.T @ m_left, right.T @ m_right, left.T @ m_right
    mixed = m_lr.T * lr + m_rr * ll + m_ll * rr + m_lr * lr.T
    result = (mixed + mixed.T) / 2 - (ll * rr + lr * lr.T)
    if expansion.weight.mean is not None:
        gap = -expansion.mean_slope / 2
        carried = (gap @ left)[:, None] * right.T + (gap @ right)[:, None] * left.T  # (q, p): u' dSigma_l
        weighted_mean = weight @ derivatives.mean
        cross = carried @ weighted_mean
        result += derivatives.mean.T @ weighted_mean + cross + cross.T
    return result


ML = Discrepancy("ML", _value, _expand, _hessian_core)
