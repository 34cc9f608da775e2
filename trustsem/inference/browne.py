"""Browne's residual-based normal-theory statistic at the model's own weight matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.inference.information import allowed_directions
from trustsem.inference.likelihood import Likelihood, effective_n
from trustsem.moments.linalg import cholesky, solve_positive


def browne_residual_statistic(estimate: Estimate, likelihood: Likelihood) -> float:
    """Return n (e' W e - e' W D (D' W D)^-1 D' W e), e the residual moments, D their Jacobian, W the normal weight.

    Source: Browne (1984), eq. 2.20, with W evaluated at the implied moments. At a maximum-likelihood solution of
    covariances alone the second term vanishes and n e'We = n tr((Sigma^-1 (S - Sigma))^2) / 2 remains.
    """
    objective = estimate.objective
    layout = objective.layout
    size, projection = 0.0, np.zeros(layout.n_free)
    point = objective.expand(estimate.x)
    for group, sample in zip(point.groups, objective.moments.groups, strict=True):
        weight, mean_weight = group.expansion.sigma_weight, group.expansion.mean_weight
        residual = sample.cov - group.implied.sigma
        weighted = weight @ residual @ weight
        size += group.weight * float(np.sum(weighted * residual)) / 2
        projection += group.weight * group.derivatives.contract(weighted) / 2
        if mean_weight is not None and sample.mean is not None:
            gap = sample.mean - group.implied.mu
            size += group.weight * float(gap @ mean_weight @ gap)
            projection += group.weight * (group.derivatives.mean.T @ (mean_weight @ gap))
    reduced = layout.reduction.reduce_gradient(projection)
    information = point.information()
    if len(estimate.active.relations):
        basis = allowed_directions(estimate.active.jacobian)
        reduced, information = basis.T @ reduced, basis.T @ information @ basis
    if len(reduced):
        size -= float(reduced @ _solve(information, reduced))
    return max(effective_n(objective.moments, likelihood) * size, 0.0)


def _solve(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve with a Cholesky factor; by least squares where the information matrix is singular."""
    if cholesky(matrix) is not None:
        return solve_positive(matrix, right)
    return np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0], dtype=np.float64)
