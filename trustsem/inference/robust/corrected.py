"""Complete-data misfit of a fit to incomplete rows, and its mean: what robust RMSEA and CFI are built on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import ML
from trustsem.discrepancy.weights import normal_matrix
from trustsem.estimate import Estimate
from trustsem.implied import sigma_jacobian
from trustsem.inference.robust.incomplete import saturated_pair
from trustsem.inference.robust.pieces import open_directions
from trustsem.moments.adf import free_moments

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CorrectedMisfit:
    """T of complete-data maximum likelihood at the saturated moments, and c = mean of T / df where the model holds."""

    statistic: float
    correction: float


def corrected_misfit(estimate: Estimate, df: int, *, robust: bool) -> CorrectedMisfit:
    """Return what missing answers and, with `robust`, non-normality leave of the misfit (Zhang & Savalei 2023).

    T = n F_ML of the saturated moments and the implied ones, so that it estimates the misfit that complete data would
    show. Its mean is c df = tr(V Q Gamma Q') with V the normal weight at the saturated moments, Q = I - D (D' A D)^-1
    D' A, A the observed information of the saturated moments and Gamma their covariance, A^-1 or A^-1 B A^-1.

    Args:
        estimate: A full-information fit.
        df: Degrees of freedom.
        robust: Whether Gamma is that of any distribution.

    Raises:
        numpy.linalg.LinAlgError: a singular information matrix.
    """
    objective = estimate.objective
    statistic = 0.0
    for sample, implied in zip(objective.moments.groups, objective.implied(estimate.x), strict=True):
        statistic += sample.n_effective * ML.value(sample, implied, objective.layout.meanstructure)
    if df == 0:
        return CorrectedMisfit(statistic, 1.0)
    directions = open_directions(estimate)
    d = directions.shape[1]
    information, first_order, weighted, mixed = (np.zeros((d, d)) for _ in range(4))
    trace = 0.0
    for group in _groups(estimate, directions):
        solved = np.linalg.solve(group.information, group.first_order) if robust else None
        gamma = np.linalg.inv(group.information)
        if solved is not None:
            gamma = solved @ gamma
        trace += float(np.sum(group.weight * gamma.T))
        carried = group.jacobian if solved is None else solved @ group.jacobian
        weights = group.weight @ group.jacobian
        mixed += group.share * (weights.T @ carried)
        weighted += group.share * (group.jacobian.T @ weights)
        information += group.share * (group.jacobian.T @ group.information @ group.jacobian)
        meat = group.first_order if robust else group.information
        first_order += group.share * (group.jacobian.T @ meat @ group.jacobian)
    if d:
        by_weight = np.linalg.solve(information, weighted)
        trace += float(np.trace(np.linalg.solve(information, first_order) @ by_weight))
        trace -= 2 * float(np.trace(np.linalg.solve(information, mixed)))
    return CorrectedMisfit(statistic, trace / df)


@dataclass(frozen=True, eq=False, slots=True)
class _Group:
    share: float
    jacobian: FloatArray  # (P', d) of the moments that are no constants
    weight: FloatArray  # (P', P') V
    information: FloatArray  # (P', P') A
    first_order: FloatArray  # (P', P') B


def _groups(estimate: Estimate, directions: FloatArray) -> Iterator[_Group]:
    objective = estimate.objective
    points = objective.expand(estimate.x).groups
    for point, sample, layout in zip(points, objective.moments.groups, objective.layout.groups, strict=True):
        free = free_moments(len(sample.names), layout.exogenous, meanstructure=True)
        cells = np.ix_(free, free)
        information, first_order = saturated_pair(sample)
        jacobian = sigma_jacobian(point.derivatives, meanstructure=True) @ directions
        weight = normal_matrix(sample.inverse, sample.inverse)
        yield _Group(point.weight, jacobian[free], weight[cells], information[cells], first_order[cells])
