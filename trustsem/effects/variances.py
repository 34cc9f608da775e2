"""Variances of all variables, total and residual, with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, Implied

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Variances:
    """Diagonals of the total and residual covariance matrices of all t variables."""

    total: FloatArray  # (t,)
    residual: FloatArray  # (t,)
    total_jacobian: FloatArray  # (t, n_free)
    residual_jacobian: FloatArray  # (t, n_free)


def model_variances(layout: GroupLayout, implied: Implied, n_free: int) -> Variances:
    """Return total variances diag(V), V = B S B', and residual variances diag(S), differentiated."""
    inverse, total_cov = implied.inverse, implied.total_cov
    t = len(inverse)
    total_jacobian, residual_jacobian = np.zeros((t, n_free)), np.zeros((t, n_free))
    cells = layout.path_cells
    total_jacobian[:, cells.parameter] = 2 * inverse[:, cells.row] * total_cov[:, cells.column]
    cells = layout.covariance_cells
    on_diagonal = cells.row == cells.column
    weight = np.where(on_diagonal, 1.0, 2.0)
    total_jacobian[:, cells.parameter] = weight * inverse[:, cells.row] * inverse[:, cells.column]
    residual_jacobian[cells.row[on_diagonal], cells.parameter[on_diagonal]] = 1.0
    if layout.ordinal is not None and len(layout.ordinal.derived):
        _derived(layout, implied, total_jacobian, residual_jacobian)
    return Variances(np.diag(total_cov).copy(), np.diag(implied.covariances).copy(), total_jacobian, residual_jacobian)


def _derived(layout: GroupLayout, implied: Implied, total: FloatArray, residual: FloatArray) -> None:
    """Correct the rows of ordinal items under delta: their total variance given x is 1 / scale^2, the rest follows."""
    ordinal = layout.ordinal
    assert ordinal is not None
    given_x = total.copy()
    if len(ordinal.conditional):
        x = ordinal.conditional
        covariances = np.zeros_like(implied.covariances)
        covariances[np.ix_(x, x)] = implied.covariances[np.ix_(x, x)]
        by_x = implied.inverse @ covariances @ implied.inverse.T
        cells = layout.path_cells
        given_x[:, cells.parameter] -= 2 * implied.inverse[:, cells.row] * by_x[:, cells.column]
    for item in ordinal.derived.tolist():
        change = -given_x[item]
        parameter = ordinal.scale_parameter[item]
        if parameter >= 0:
            variance = implied.total_cov[item, item] - _explained_by_x(layout, implied, item)
            change[parameter] += -2 * variance**1.5
        residual[item] = change
        total[item] += change


def _explained_by_x(layout: GroupLayout, implied: Implied, item: int) -> float:
    assert layout.ordinal is not None
    x = layout.ordinal.conditional
    by_x = implied.inverse[item, x]
    return float(by_x @ implied.covariances[np.ix_(x, x)] @ by_x)
