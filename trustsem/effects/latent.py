"""Correlations of latent variables with standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import delta_method
from trustsem.effects.variances import Variances, model_variances
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, Implied

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LatentCorrelation:
    """Model-implied correlation of two latent variables; `se` is NaN where it cannot be computed."""

    first: str
    second: str
    group: int
    value: float
    se: float


def latent_correlations_with_errors(estimate: Estimate, covariance: FloatArray | None) -> tuple[LatentCorrelation, ...]:
    """Return the correlation of every pair of latent variables (total, not of residuals), delta-method errors."""
    layout = estimate.objective.layout
    result: list[LatentCorrelation] = []
    for number, (group, implied) in enumerate(zip(layout.groups, estimate.objective.implied(estimate.x)), start=1):
        result.extend(_of_group(group, implied, number, layout.n_free, covariance))
    return tuple(result)


def _of_group(
    group: GroupLayout, implied: Implied, number: int, n_free: int, covariance: FloatArray | None
) -> list[LatentCorrelation]:
    variances = model_variances(group, implied, n_free)
    p, names = group.n_observed, group.names
    total = variances.total
    pairs = [(i, j) for j in range(p, len(names)) for i in range(p, j) if total[i] > 0 and total[j] > 0]
    if not pairs:
        return []
    values = np.array([implied.total_cov[i, j] / np.sqrt(total[i] * total[j]) for i, j in pairs])
    gradients = np.array([_gradient(group, implied, variances, i, j, n_free) for i, j in pairs])
    errors = delta_method(values, gradients, covariance).standard_errors
    return [
        LatentCorrelation(names[i], names[j], number, float(value), float(error))
        for (i, j), value, error in zip(pairs, values, errors, strict=True)
    ]


def _gradient(group: GroupLayout, implied: Implied, variances: Variances, i: int, j: int, n_free: int) -> FloatArray:
    total, slopes = variances.total, variances.total_jacobian
    scale = np.sqrt(total[i] * total[j])
    value = implied.total_cov[i, j] / scale
    gradient = _covariance_gradient(group, implied, i, j, n_free) / scale
    return gradient - 0.5 * value * (slopes[i] / total[i] + slopes[j] / total[j])


def _covariance_gradient(group: GroupLayout, implied: Implied, i: int, j: int, n_free: int) -> FloatArray:
    inverse, total = implied.inverse, implied.total_cov
    gradient = np.zeros(n_free)
    cells = group.path_cells
    gradient[cells.parameter] = (
        inverse[i, cells.row] * total[cells.column, j] + inverse[j, cells.row] * total[cells.column, i]
    )
    cells = group.covariance_cells
    half = np.where(cells.row == cells.column, 0.5, 1.0)
    gradient[cells.parameter] = half * (
        inverse[i, cells.row] * inverse[j, cells.column] + inverse[j, cells.row] * inverse[i, cells.column]
    )
    return gradient
