"""First derivatives of the implied moments, in low-rank form: dSigma_k = L_k R_k' + R_k L_k'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied.layout import GroupLayout
from trustsem.implied.moments import Implied

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class MomentDerivatives:
    """Derivatives of one group's moments with respect to all free rows; rows of other groups have zero columns."""

    left: FloatArray  # (p, n_free) L
    right: FloatArray  # (p, n_free) R
    mean: FloatArray  # (p, n_free) dmu

    def take(self, columns: IntArray) -> MomentDerivatives:
        """Return the derivatives with respect to some rows only."""
        return MomentDerivatives(self.left[:, columns], self.right[:, columns], self.mean[:, columns])

    def inner(self, weight: FloatArray, mean_weight: FloatArray | None) -> FloatArray:
        """Return tr(W dSigma_k W dSigma_l) / 2 (+ dmu_k' W_m dmu_l) for all pairs: four small products.

        Args:
            weight: (p, p) symmetric W.
            mean_weight: (p, p), or None without mean structure.
        """
        weighted_left, weighted_right = weight @ self.left, weight @ self.right
        left_left = self.left.T @ weighted_left
        right_right = self.right.T @ weighted_right
        left_right = self.left.T @ weighted_right
        result = left_left * right_right + left_right * left_right.T
        if mean_weight is not None:
            result += self.mean.T @ (mean_weight @ self.mean)
        return result

    def contract(self, sigma_weight: FloatArray) -> FloatArray:
        """Return sum(G * dSigma_k) for all k, G symmetric (p, p)."""
        return 2.0 * np.einsum("ik,ik->k", self.left, sigma_weight @ self.right)


def moment_derivatives(layout: GroupLayout, implied: Implied, n_free: int) -> MomentDerivatives:
    """Differentiate the implied moments of one group.

    With B = (I - A)^-1, V = B S B', E the observed rows of B: a path (i, j) gives L = E_i, R = V_j (observed part)
    and dmu = E_i (B m)_j; a covariance (i, j) gives L = E_i, R = E_j, half of it on the diagonal; a mean gives E_i.
    """
    p = layout.n_observed
    return derivatives_by_cell(layout, implied.inverse[:p], implied.total_cov[:p], implied.total_mean, n_free)


def derivatives_by_cell(
    layout: GroupLayout, inverse: FloatArray, cov: FloatArray, total_mean: FloatArray, n_free: int
) -> MomentDerivatives:
    """Differentiate the moments of some variables.

    Args:
        layout: Matrices of the group.
        inverse: (p, t) rows of B of these variables.
        cov: (p, t) rows of V.
        total_mean: (t,) B m.
        n_free: Free rows of the table.
    """
    shape = (len(inverse), n_free)
    left, right, mean = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    cells = layout.path_cells
    left[:, cells.parameter] = inverse[:, cells.row]
    right[:, cells.parameter] = cov[:, cells.column]
    mean[:, cells.parameter] = inverse[:, cells.row] * total_mean[cells.column]
    cells = layout.covariance_cells
    half = np.where(cells.row == cells.column, 0.5, 1.0)
    left[:, cells.parameter] = inverse[:, cells.row]
    right[:, cells.parameter] = inverse[:, cells.column] * half
    cells = layout.intercept_cells
    mean[:, cells.parameter] = inverse[:, cells.row]
    return MomentDerivatives(left, right, mean)


def sigma_jacobian(derivatives: MomentDerivatives, *, meanstructure: bool) -> FloatArray:
    """Return the Jacobian of (vech(Sigma), mu) with respect to the free rows.

    Returns:
        (p (p + 1) / 2 [+ p], n_free); rows of vech run over the lower triangle, column by column.
    """
    p = derivatives.left.shape[0]
    column, row = np.triu_indices(p)
    left, right = derivatives.left, derivatives.right
    jacobian = left[row] * right[column] + right[row] * left[column]
    return np.vstack([jacobian, derivatives.mean]) if meanstructure else jacobian
