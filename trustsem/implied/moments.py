"""Model-implied covariance matrix and means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied.layout import GroupLayout, OrdinalLayout

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Implied:
    """Implied moments of one group and the matrices they are made of; t = p observed + m latent variables."""

    paths: FloatArray  # (t, t) A
    covariances: FloatArray  # (t, t) S
    intercepts: FloatArray  # (t,) m
    inverse: FloatArray  # (t, t) B = (I - A)^-1
    total_cov: FloatArray  # (t, t) V = B S B', covariance of all variables
    total_mean: FloatArray  # (t,) B m
    n_observed: int
    theta: FloatArray  # (n_free,) what the matrices were filled with

    @property
    def sigma(self) -> FloatArray:
        """(p, p) implied covariance matrix."""
        return self.total_cov[: self.n_observed, : self.n_observed]

    @property
    def mu(self) -> FloatArray:
        """(p,) implied means."""
        return self.total_mean[: self.n_observed]


def fill_matrices(layout: GroupLayout, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return A, S and m with the free parameters in their places."""
    paths, covariances, intercepts = layout.paths.copy(), layout.covariances.copy(), layout.intercepts.copy()
    cells = layout.path_cells
    paths[cells.row, cells.column] = theta[cells.parameter]
    cells = layout.covariance_cells
    covariances[cells.row, cells.column] = theta[cells.parameter]
    covariances[cells.column, cells.row] = theta[cells.parameter]
    cells = layout.intercept_cells
    intercepts[cells.row] = theta[cells.parameter]
    return paths, covariances, intercepts


def implied_moments(layout: GroupLayout, theta: FloatArray) -> Implied:
    """Return the moments that the parameters imply (McArdle & McDonald 1984, eq. 4).

    Args:
        layout: Matrices of one group.
        theta: (n_free,) values of the free rows.

    Raises:
        numpy.linalg.LinAlgError: I - A is singular, e.g. a feedback loop with a gain of exactly 1.
    """
    paths, covariances, intercepts = fill_matrices(layout, theta)
    inverse = _invert_paths(layout, paths)
    total_cov = inverse @ covariances @ inverse.T
    if layout.ordinal is not None and len(layout.ordinal.derived):
        _fill_derived(layout.ordinal, theta, inverse, covariances, total_cov)
    return Implied(paths, covariances, intercepts, inverse, total_cov, inverse @ intercepts, layout.n_observed, theta)


def _fill_derived(
    ordinal: OrdinalLayout, theta: FloatArray, inverse: FloatArray, covariances: FloatArray, total_cov: FloatArray
) -> None:
    """Give ordinal items the residual variance that makes their total one, given x, 1 / scale^2 (delta)."""
    chosen = ordinal.derived
    explained = np.diag(total_cov)[chosen].copy()
    if len(ordinal.conditional):
        x = ordinal.conditional
        by_x = inverse[np.ix_(chosen, x)]
        explained -= np.einsum("ik,kl,il->i", by_x, covariances[np.ix_(x, x)], by_x)
    residual = scales(ordinal, theta)[chosen] ** -2.0 - explained
    covariances[chosen, chosen] = residual
    total_cov[chosen, chosen] += residual  # nothing is regressed on them


def scales(ordinal: OrdinalLayout, theta: FloatArray) -> FloatArray:
    """Return the scaling factors under delta, (n_endogenous,)."""
    result = ordinal.scale_value.copy()
    free = ordinal.scale_parameter >= 0
    result[free] = theta[ordinal.scale_parameter[free]]
    return result


def _invert_paths(layout: GroupLayout, paths: FloatArray) -> FloatArray:
    """Return (I - A)^-1 = I + A (I - A)^-1; columns of variables that point at nothing are columns of I."""
    inverse, arrows = np.eye(len(paths)), paths[:, layout.core]
    inner = np.linalg.inv(np.eye(len(layout.core)) - arrows[layout.core])
    inverse[:, layout.core] += arrows @ inner
    return inverse
