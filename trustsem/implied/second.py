"""Second derivatives of the implied moments, contracted with a weight so that no (p, p, q, q) array is built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.implied.layout import GroupLayout
from trustsem.implied.moments import Implied

FloatArray = NDArray[np.float64]


def contracted_second_derivatives(
    layout: GroupLayout, implied: Implied, sigma_weight: FloatArray, mean_weight: FloatArray, n_free: int
) -> FloatArray:
    """Return sum(G * d2Sigma_kl) + g' d2mu_kl for all pairs of free rows.

    Args:
        layout: Matrices of one group.
        implied: Its implied moments.
        sigma_weight: (p, p) symmetric G.
        mean_weight: (p,) g; zeros without mean structure.
        n_free: Number of free rows.

    Returns:
        (n_free, n_free), symmetric.

    Source: differentiating Sigma = E S E' twice with d(I - A)^-1 = B dA B (product rule; checked against finite
    differences in the tests).
    """
    p = layout.n_observed
    inverse, total_cov = implied.inverse, implied.total_cov
    observed_inverse = inverse[:p]
    outer = observed_inverse.T @ sigma_weight @ observed_inverse  # (t, t) P = E' G E
    cross = observed_inverse.T @ sigma_weight @ total_cov[:p]  # (t, t) Q = E' G V
    slope = observed_inverse.T @ mean_weight  # (t,) E' g
    paths, covs, means = layout.path_cells, layout.covariance_cells, layout.intercept_cells
    result = np.zeros((n_free, n_free))

    i, j = paths.row[:, None], paths.column[:, None]
    k, m = paths.row[None, :], paths.column[None, :]
    block = (
        2.0 * (inverse[m, i] * cross[k, j] + inverse[j, k] * cross[i, m] + total_cov[j, m] * outer[k, i])
        + implied.total_mean[j] * inverse[m, i] * slope[k]
        + implied.total_mean[m] * inverse[j, k] * slope[i]
    )
    result[np.ix_(paths.parameter, paths.parameter)] = block

    k, m = covs.row[None, :], covs.column[None, :]
    half = np.where(k == m, 0.5, 1.0)
    block = 2.0 * half * (inverse[j, k] * outer[m, i] + inverse[j, m] * outer[k, i])
    _put_both(result, paths.parameter, covs.parameter, block)

    k = means.row[None, :]
    _put_both(result, paths.parameter, means.parameter, inverse[j, k] * slope[i])
    return result


def _put_both(matrix: FloatArray, rows: NDArray[np.intp], columns: NDArray[np.intp], block: FloatArray) -> None:
    """Write a block and its transpose into the matrix that is being built."""
    matrix[np.ix_(rows, columns)] = block
    matrix[np.ix_(columns, rows)] = block.T
