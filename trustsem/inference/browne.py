"""Browne's residual-based statistic with normal-theory weights."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import MomentWeight, NormalWeight
from trustsem.estimate import Estimate
from trustsem.estimate.objective import GroupPoint
from trustsem.inference.information import allowed_directions
from trustsem.moments import SampleGroup
from trustsem.moments.linalg import cholesky, invert, solve_positive

FloatArray = NDArray[np.float64]


class ResidualWeight(Enum):
    """Where the normal-theory weight of residual-based statistics is evaluated."""

    MODEL = "model"  # at the implied moments
    SAMPLE = "sample"  # at the sample moments


def browne_residual_statistic(estimate: Estimate, where: ResidualWeight = ResidualWeight.MODEL) -> float:
    """Return n (e' W e - e' W D (D' W D)^-1 D' W e), e the residual moments, D their Jacobian, W the normal weight.

    Source: Browne (1984), eq. 2.20. At a maximum-likelihood solution of covariances alone, with W at the implied
    moments, the second term vanishes and n e'We = n tr((Sigma^-1 (S - Sigma))^2) / 2 remains.
    """
    point = estimate.objective.expand(estimate.x)
    meanstructure = estimate.objective.layout.meanstructure
    weights = []
    for group, sample in zip(point.groups, estimate.objective.moments.groups, strict=True):
        inverse = invert(group.implied.sigma) if where is ResidualWeight.MODEL else sample.inverse
        weights.append(NormalWeight(inverse, inverse if meanstructure else None))
    return residual_statistic(estimate, weights, point.groups)


def residual_statistic(
    estimate: Estimate,
    weights: list[NormalWeight] | list[MomentWeight],
    groups: tuple[GroupPoint, ...] | None = None,
) -> float:
    """Return Browne's (1984, eq. 2.20) statistic for any weight of the moments, one per group."""
    objective = estimate.objective
    layout = objective.layout
    size, projection = 0.0, np.zeros(layout.n_free)
    information = np.zeros((layout.n_free, layout.n_free))
    for group, sample, weight in zip(
        groups or objective.expand(estimate.x).groups, objective.moments.groups, weights, strict=True
    ):
        residual, gap = _residual(sample, group, layout.meanstructure)
        size += group.weight * weight.size(residual, gap)
        projection += group.weight * weight.cross(group.derivatives, residual, gap)
        information += group.weight * weight.inner(group.derivatives)
    reduced = layout.reduction.reduce_gradient(projection)
    information = layout.reduction.reduce_matrix(information)
    if len(estimate.active.relations):
        basis = allowed_directions(estimate.active.jacobian)
        reduced, information = basis.T @ reduced, basis.T @ information @ basis
    if len(reduced):
        size -= float(reduced @ _solve(information, reduced))
    return max(objective.moments.n_effective * size, 0.0)


def _residual(sample: SampleGroup, group: GroupPoint, meanstructure: bool) -> tuple[FloatArray, FloatArray | None]:
    gap = sample.mean - group.implied.mu if meanstructure and sample.mean is not None else None
    return sample.cov - group.implied.sigma, gap


def _solve(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve with a Cholesky factor; by least squares where the information matrix is singular."""
    if cholesky(matrix) is not None:
        return solve_positive(matrix, right)
    return np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0], dtype=np.float64)
