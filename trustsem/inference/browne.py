"""Browne's residual-based normal-theory statistic at the model's own weight matrix."""

from __future__ import annotations

import numpy as np

from trustsem.estimate import Estimate
from trustsem.implied import moment_derivatives
from trustsem.inference.likelihood import Likelihood, effective_n


def browne_residual_statistic(estimate: Estimate, likelihood: Likelihood) -> float:
    """Return n (e' W e - e' W D (D' W D)^-1 D' W e), e the residual moments, D their Jacobian, W the normal weight.

    Source: Browne (1984), eq. 2.20, with W evaluated at the implied moments. At a maximum-likelihood solution of
    covariances alone the second term vanishes and n e'We = n tr((Sigma^-1 (S - Sigma))^2) / 2 remains.
    """
    objective = estimate.objective
    layout = objective.layout
    size, projection = 0.0, np.zeros(layout.n_free)
    for weight, group, sample, implied in zip(
        objective.weights, layout.groups, objective.moments.groups, objective.implied(estimate.x), strict=True
    ):
        curvature = objective.discrepancy.curvature(sample, implied, layout.meanstructure)
        derivatives = moment_derivatives(group, implied, layout.n_free)
        residual = sample.cov - implied.sigma
        weighted = curvature.sigma @ residual @ curvature.sigma
        size += weight * float(np.sum(weighted * residual)) / 2
        projection += weight * derivatives.contract(weighted) / 2
        if curvature.mean is not None and sample.mean is not None:
            gap = sample.mean - implied.mu
            size += weight * float(gap @ curvature.mean @ gap)
            projection += weight * (derivatives.mean.T @ (curvature.mean @ gap))
    reduced = layout.reduction.reduce_gradient(projection)
    if len(reduced):
        solved = np.linalg.lstsq(objective.information(estimate.x), reduced, rcond=None)[0]
        size -= float(reduced @ solved)
    return max(effective_n(objective.moments, likelihood) * size, 0.0)
